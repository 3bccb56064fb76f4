import { binomial } from './binomial.js';
import type { Decision } from './decision.js';
import { cellTypesOf, decisionsOfCell, layoutOf, slotNamed } from './layout.js';
import type { SearchSpace } from './search-space.js';

/** How large a space is. */
export interface SpaceSize {
  readonly total: Size;
  /** One entry per cell type; empty where a space has none. */
  readonly cells: readonly { readonly name: string; readonly size: Size }[];
}

export type Size =
  /** Exact. */
  | { readonly kind: 'finite'; readonly count: bigint }
  /** A real number is decided: `dimensions` decisions, `continuous` of them real. */
  | { readonly kind: 'continuous'; readonly dimensions: number; readonly continuous: number };

/** Number of architectures, rules left out. Different architectures may be the same network. */
export function spaceSize(space: Pick<SearchSpace, 'decisions' | 'template'>): SpaceSize {
  const layout = layoutOf(space);
  const cells = cellTypesOf(space).map((cell) => {
    const decisions = decisionsOfCell(cell).map((name) => slotNamed(layout, name).decision);
    return { name: cell.name, size: sizeOfAll(decisions) };
  });
  return { total: sizeOfAll(space.decisions), cells };
}

/** Number of values that a decision can take, as a whole; undefined for a real number. */
export function decisionSize(decision: Decision): bigint | undefined {
  switch (decision.kind) {
    case 'categorical':
      return BigInt(decision.options.length);
    case 'subset': {
      const { count, groupSize, repeats, options } = decision;
      if (repeats) return binomial(options.length + count - 1, count);
      return binomial(options.length / groupSize, count) * BigInt(groupSize) ** BigInt(count);
    }
    case 'integer':
      return BigInt(Math.max(0, decision.high - decision.low + 1));
    case 'real':
      return undefined;
  }
}

function sizeOfAll(decisions: readonly Decision[]): Size {
  const continuous = decisions.filter(({ kind }) => kind === 'real').length;
  if (continuous > 0) return { kind: 'continuous', dimensions: decisions.length, continuous };
  const count = decisions.reduce((product, decision) => product * (decisionSize(decision) ?? 1n), 1n);
  return { kind: 'finite', count };
}
