import { sha256Hex } from '../base/hash.js';
import type { SearchSpace, SpaceId } from './search-space.js';

/** Gives a space its identity: name and the first 8 hex digits of the SHA-256 of its content, e.g. `Darts-3f2a91c0`. */
export function identify(space: Omit<SearchSpace, 'id'>): SearchSpace {
  const { name, input, task, template, decisions, rules, scales } = space;
  const content = canonical([input, task, template, decisions, rules, scales]);
  return { id: `${name}-${sha256Hex(content).slice(0, 8)}` as SpaceId, ...space };
}

/** JSON with the keys of every object in order, so that equal content has equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, content]) => content !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, content]) => `${JSON.stringify(key)}:${canonical(content)}`).join()}}`;
}
