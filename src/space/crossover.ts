import { assert } from '../base/assert.js';
import type { Rng } from '../base/rng.js';
import type { ChoiceArchitecture } from './architecture.js';
import type { DecisionSlot } from './layout.js';
import { layoutOf } from './layout.js';
import { RuleChecker } from './rules.js';
import type { SearchSpace } from './search-space.js';

/** Mixes pairs of architectures of one space. */
export class Crossover {
  readonly #space: SearchSpace;
  readonly #rules: RuleChecker;
  readonly #layout: readonly DecisionSlot[];

  constructor(space: SearchSpace, rules = new RuleChecker(space)) {
    this.#space = space;
    this.#rules = rules;
    this.#layout = layoutOf(space);
  }

  /**
   * Uniform crossover: every decision as a whole comes from one parent or the other, each with probability ½. The
   * child may equal a parent. Throws `UserError` if 1,000 tries all break the rules.
   */
  cross(first: ChoiceArchitecture, second: ChoiceArchitecture, rng: Rng): ChoiceArchitecture {
    assert(first.space === this.#space.id && second.space === this.#space.id, 'Parents of another space');
    return this.#rules.firstLegal('crossing', () => {
      const values = this.#layout.flatMap(({ offset, length }) =>
        (rng.below(2) === 0 ? first : second).values.slice(offset, offset + length),
      );
      return { kind: 'choices', space: this.#space.id, values };
    });
  }
}
