import { present } from '../base/assert.js';
import type { Rng } from '../base/rng.js';
import { UserError } from '../base/user-error.js';
import type { ChoiceArchitecture } from './architecture.js';
import type { Decision, OptionDecision } from './decision.js';
import { isNumberDecision } from './decision.js';
import type { DecisionSlot } from './layout.js';
import { layoutOf } from './layout.js';
import { rulesOf } from './rules.js';
import { sampleOtherNumber } from './sample.js';
import type { SearchSpace } from './search-space.js';

/**
 * A child of `parent`, legal and never equal to it: one value, drawn among those that can be changed, becomes another
 * legal one (another input and op of a slot, another op of an edge). Throws `UserError` where the space has a single
 * architecture, or if 1,000 tries all break the rules.
 */
export function mutate(space: SearchSpace, parent: ChoiceArchitecture, rng: Rng): ChoiceArchitecture {
  const genes = genesOf(space);
  return childOf(space, parent, (values) => change(values, rng.pick(genes), rng));
}

/** As `mutate`, but every value is changed with probability `rate`; if chance changes none, one is. */
export function mutateGenes(
  space: SearchSpace,
  parent: ChoiceArchitecture,
  rate: number,
  rng: Rng,
): ChoiceArchitecture {
  const genes = genesOf(space);
  return childOf(space, parent, (values) => {
    for (const gene of genes) if (rng.uniform() < rate) change(values, gene, rng);
    if (values.every((value, i) => value === parent.values[i])) change(values, rng.pick(genes), rng);
  });
}

/** A value that can be changed. */
interface Gene extends DecisionSlot {
  /** Its index among the values of its decision. */
  readonly position: number;
}

/** Throws `UserError` if there are none. */
function genesOf(space: SearchSpace): readonly Gene[] {
  const genes = layoutOf(space)
    .filter(({ decision }) => isFree(decision))
    .flatMap((slot) => Array.from({ length: slot.length }, (_, position) => ({ ...slot, position })));
  if (genes.length > 0) return genes;
  const what = `Space ${space.name} has a single architecture: nothing can be mutated`;
  throw new UserError(what, 'Add ops or inputs to choose from.');
}

function childOf(
  space: SearchSpace,
  parent: ChoiceArchitecture,
  alter: (values: number[]) => void,
): ChoiceArchitecture {
  return rulesOf(space).firstLegal('mutating', () => {
    const values = [...parent.values];
    alter(values);
    return { kind: 'choices', space: space.id, values };
  });
}

/** Replaces one value and brings its decision back into ascending order. */
function change(values: number[], { decision, offset, length, position }: Gene, rng: Rng): void {
  const current = present(values[offset + position], 'value');
  if (isNumberDecision(decision)) {
    values[offset + position] = sampleOtherNumber(decision, current, rng);
    return;
  }
  const own = values.slice(offset, offset + length);
  own[position] = rng.pick(alternatives(decision, own, position));
  own.sort((a, b) => a - b);
  for (const [i, value] of own.entries()) values[offset + i] = value;
}

/** The options that may stand in place of `own[position]`, itself left out. */
function alternatives(decision: OptionDecision, own: readonly number[], position: number): readonly number[] {
  const all = decision.options.map((_, option) => option).filter((option) => option !== own[position]);
  if (decision.kind === 'categorical' || decision.repeats) return all;
  const groupOf = (option: number): number => Math.floor(option / decision.groupSize);
  const taken = own.flatMap((option, i) => (i === position ? [] : groupOf(option)));
  return all.filter((option) => !taken.includes(groupOf(option)));
}

/** Whether another value is possible. */
function isFree(decision: Decision): boolean {
  switch (decision.kind) {
    case 'categorical':
      return decision.options.length > 1;
    case 'subset':
      return (
        decision.options.length > 1 &&
        (decision.repeats ||
          decision.groupSize > 1 ||
          decision.count < decision.options.length / decision.groupSize)
      );
    case 'integer':
    case 'real':
      return decision.high > decision.low;
  }
}
