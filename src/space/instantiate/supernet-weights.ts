import type { Scale, SearchSpace } from '../search-space.js';
import type { WeightSpec } from './initialise.js';
import { weightSpecs } from './initialise.js';
import { Instantiator } from './instantiator.js';

/** All weights of the supernet: every candidate op on every edge of every cell. Throws `UnbuildableError`. */
export function supernetWeights(space: SearchSpace, scale: Scale): readonly WeightSpec[] {
  return weightSpecs(new Instantiator(space, { scale, weights: 'supernet' }).buildAll());
}
