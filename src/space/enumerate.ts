import { UserError } from '../base/user-error.js';
import type { ChoiceArchitecture } from './architecture.js';
import type { Decision, SubsetDecision } from './decision.js';
import { obeysRules } from './rules.js';
import type { SearchSpace } from './search-space.js';

/** All architectures that obey the rules, the values of the last decision changing fastest. Throws `UserError` if a real number is decided. */
export function* enumerateArchitectures(space: SearchSpace): Generator<ChoiceArchitecture, void, undefined> {
  const columns = space.decisions.map(valuesOfDecision);
  for (const values of products(columns)) {
    const architecture: ChoiceArchitecture = { kind: 'choices', space: space.id, values };
    if (obeysRules(space, architecture)) yield architecture;
  }
}

/** All legal values of one decision as a whole, in ascending order. */
function valuesOfDecision(decision: Decision): readonly (readonly number[])[] {
  switch (decision.kind) {
    case 'categorical':
      return decision.options.map((_, option) => [option]);
    case 'subset':
      return [...subsets(decision, [])];
    case 'integer':
      return Array.from({ length: decision.high - decision.low + 1 }, (_, i) => [decision.low + i]);
    case 'real':
      throw new UserError(
        `${decision.name} is a real number: its values cannot be listed`,
        'Sample instead.',
      );
  }
}

function* subsets(
  decision: SubsetDecision,
  chosen: readonly number[],
): Generator<readonly number[], void, undefined> {
  if (chosen.length === decision.count) {
    yield chosen;
    return;
  }
  for (let option = firstOption(decision, chosen); option < decision.options.length; option++) {
    yield* subsets(decision, [...chosen, option]);
  }
}

/** The first option that may follow `chosen`. */
function firstOption({ repeats, groupSize }: SubsetDecision, chosen: readonly number[]): number {
  const before = chosen.at(-1);
  if (before === undefined) return 0;
  return repeats ? before : (Math.floor(before / groupSize) + 1) * groupSize;
}

function* products(
  columns: readonly (readonly (readonly number[])[])[],
): Generator<number[], void, undefined> {
  const [first, ...others] = columns;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const values of first) for (const rest of products(others)) yield [...values, ...rest];
}
