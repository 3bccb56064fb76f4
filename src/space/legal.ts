import type { ChoiceArchitecture } from './architecture.js';
import type { Decision, NumberDecision } from './decision.js';
import { isNumberDecision } from './decision.js';
import { layoutOf, numSpaceValues } from './layout.js';
import { rulesOf } from './rules.js';
import type { SearchSpace } from './search-space.js';

export type ParsedArchitecture =
  | { readonly ok: true; readonly architecture: ChoiceArchitecture }
  /** `reason`: one sentence for the user. */
  | { readonly ok: false; readonly reason: string };

/** Takes in an architecture from outside (JSON): it must belong to the space, be legal in every decision and obey the rules. */
export function parseArchitecture(space: SearchSpace, input: unknown): ParsedArchitecture {
  const values = valuesOf(space, input);
  if (typeof values === 'string') return { ok: false, reason: values };
  for (const { decision, offset, length } of layoutOf(space)) {
    const reason = whyIllegal(decision, values.slice(offset, offset + length));
    if (reason !== undefined) return { ok: false, reason: `${decision.name}: ${reason}` };
  }
  const architecture: ChoiceArchitecture = { kind: 'choices', space: space.id, values };
  const rule = rulesOf(space).broken(architecture);
  if (rule !== undefined) return { ok: false, reason: `The architecture breaks the rule "${rule.text}"` };
  return { ok: true, architecture };
}

/** The numbers of an architecture, or what is wrong with its form. */
function valuesOf(space: SearchSpace, input: unknown): readonly number[] | string {
  if (typeof input !== 'object' || input === null)
    return 'An architecture is an object with space and values';
  const { kind, space: id, values } = input as Readonly<Record<string, unknown>>;
  if (kind !== 'choices') return 'An architecture of this space has kind "choices"';
  if (id !== space.id) return `The architecture is of space ${String(id)}, not ${space.id}`;
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'number')) {
    return 'The values of an architecture are an array of numbers';
  }
  const expected = numSpaceValues(space);
  if (values.length !== expected)
    return `The architecture has ${values.length} values, the space needs ${expected}`;
  return values;
}

/** What is wrong with the values of one decision; undefined: nothing. */
export function whyIllegal(decision: Decision, values: readonly number[]): string | undefined {
  if (isNumberDecision(decision)) return whyIllegalNumber(decision, values[0]);
  const { options } = decision;
  const outside = values.find(
    (value) => !Number.isSafeInteger(value) || value < 0 || value >= options.length,
  );
  if (outside !== undefined) return `${outside} is not one of the options 0…${options.length - 1}`;
  if (values.some((value, i) => i > 0 && value < (values[i - 1] ?? value))) return 'the values do not ascend';
  if (decision.kind === 'categorical' || decision.repeats) return undefined;
  const groups = values.map((value) => Math.floor(value / decision.groupSize));
  if (new Set(groups).size < groups.length) return 'an input is chosen twice';
  return undefined;
}

function whyIllegalNumber(
  { kind, low, high }: NumberDecision,
  value: number | undefined,
): string | undefined {
  if (value === undefined || !(value >= low && value <= high)) return `${value} is not in ${low}…${high}`;
  if (kind === 'integer' && !Number.isSafeInteger(value)) return `${value} is not a whole number`;
  return undefined;
}
