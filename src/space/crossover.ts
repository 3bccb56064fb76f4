import { assert } from '../base/assert.js';
import type { Rng } from '../base/rng.js';
import type { ChoiceArchitecture } from './architecture.js';
import { layoutOf } from './layout.js';
import { rulesOf } from './rules.js';
import type { SearchSpace } from './search-space.js';

/**
 * Uniform crossover: every decision as a whole comes from one parent or the other, each with probability ½. The child
 * may equal a parent. Throws `UserError` if 1,000 tries all break the rules.
 */
export function crossover(
  space: SearchSpace,
  first: ChoiceArchitecture,
  second: ChoiceArchitecture,
  rng: Rng,
): ChoiceArchitecture {
  assert(first.space === space.id && second.space === space.id, 'The parents are of another space');
  const layout = layoutOf(space);
  return rulesOf(space).firstLegal('crossing', () => {
    const values = layout.flatMap(({ offset, length }) =>
      (rng.below(2) === 0 ? first : second).values.slice(offset, offset + length),
    );
    return { kind: 'choices', space: space.id, values };
  });
}
