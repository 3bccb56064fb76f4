import { present } from '../base/assert.js';
import type { Rng } from '../base/rng.js';
import { UserError } from '../base/user-error.js';
import type { ChoiceArchitecture } from './architecture.js';
import type { Decision, OptionDecision } from './decision.js';
import { isNumberDecision } from './decision.js';
import type { DecisionSlot } from './layout.js';
import { layoutOf } from './layout.js';
import { RuleChecker } from './rules.js';
import { sampleOtherNumber } from './sample.js';
import type { SearchSpace } from './search-space.js';

/** Changes architectures of one space a little. A child is legal and never its parent. */
export class Mutator {
  readonly #space: SearchSpace;
  readonly #rules: RuleChecker;
  /** By value: the decision it belongs to. */
  readonly #slotOf: readonly DecisionSlot[];
  /** Values that can be changed at all. */
  readonly #free: readonly number[];

  /** Throws `UserError` where the space has one architecture only. */
  constructor(space: SearchSpace, rules = new RuleChecker(space)) {
    this.#space = space;
    this.#rules = rules;
    this.#slotOf = layoutOf(space).flatMap((slot) => Array.from({ length: slot.length }, () => slot));
    this.#free = this.#slotOf.flatMap(({ decision }, index) => (isFree(decision) ? [index] : []));
    if (this.#free.length === 0) {
      const remedy = 'Add ops or inputs to choose from.';
      throw new UserError(`Space ${space.name} has a single architecture: nothing can be mutated`, remedy);
    }
  }

  /**
   * One value, drawn among those that can be changed, becomes another legal one: another (input, op) pair of a node,
   * another op of an edge. Throws `UserError` if 1,000 tries all break the rules.
   */
  mutate(parent: ChoiceArchitecture, rng: Rng): ChoiceArchitecture {
    return this.#rules.firstLegal('mutating', () => {
      const values = [...parent.values];
      this.#change(values, rng.pick(this.#free), rng);
      return { kind: 'choices', space: this.#space.id, values };
    });
  }

  /** Every value is changed with probability `rate`; if chance changes none, one is. */
  mutateGenes(parent: ChoiceArchitecture, rate: number, rng: Rng): ChoiceArchitecture {
    return this.#rules.firstLegal('mutating', () => {
      const values = [...parent.values];
      for (const index of this.#free) if (rng.uniform() < rate) this.#change(values, index, rng);
      if (isEqual(values, parent.values)) this.#change(values, rng.pick(this.#free), rng);
      return { kind: 'choices', space: this.#space.id, values };
    });
  }

  /** Replaces the value at `index` and brings its decision back into ascending order. */
  #change(values: number[], index: number, rng: Rng): void {
    const { decision, offset, length } = present(this.#slotOf[index], 'decision');
    const current = present(values[index], 'value');
    if (isNumberDecision(decision)) {
      values[index] = sampleOtherNumber(decision, current, rng);
      return;
    }
    const own = values.slice(offset, offset + length);
    own[index - offset] = rng.pick(alternatives(decision, own, index - offset));
    own.sort((a, b) => a - b);
    for (const [i, value] of own.entries()) values[offset + i] = value;
  }
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

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value === b[i]);
}
