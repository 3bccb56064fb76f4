import { present } from '../../base/assert.js';
import type { NodeId } from '../../graph/network-graph.js';
import { ShapeError } from '../../graph/op.js';
import { formatShape, sameShape } from '../../graph/ops/shapes.js';
import type { Merge } from '../search-space.js';
import type { Assembly } from './assembly.js';
import type { BuildPlace } from './unbuildable-error.js';
import { UnbuildableError } from './unbuildable-error.js';

/**
 * Merges the summands of a node. Zeros add nothing to a sum; a sum of zeros only is one zero. (The other merges count
 * them.)
 */
export function merge(assembly: Assembly, how: Merge, all: readonly NodeId[], place: BuildPlace): NodeId {
  const first = present(all[0], 'summand');
  if (how === 'gate') {
    const remedy = 'Use sum, mean, mul or concat.';
    throw new UnbuildableError(place, 'gate is for recurrent cells only', remedy);
  }
  return placed(place, () => {
    if (how === 'concat') return all.length === 1 ? first : assembly.add('concat', all, {});
    checkShapes(assembly, all, all, place);
    if (how === 'mul') return all.reduce((product, x) => assembly.add('mul', [product, x], {}));
    const summands = how === 'sum' ? all.filter((x) => !assembly.isZero(x)) : all;
    if (summands.length < 2) return summands[0] ?? first;
    return assembly.add(how === 'sum' ? 'add' : 'mean', summands, {});
  });
}

/** All `nodes` must have the shape of the first of `summands`. */
export function checkShapes(
  assembly: Assembly,
  nodes: readonly NodeId[],
  summands: readonly NodeId[],
  place: BuildPlace,
): void {
  const expected = assembly.shape(present(summands[0], 'summand'));
  for (const id of nodes) {
    const shape = assembly.shape(id);
    if (sameShape(shape, expected)) continue;
    const what = `its edges have different shapes, ${formatShape(expected)} and ${formatShape(shape)}`;
    throw new UnbuildableError(place, what, 'Bring them to one shape, e.g. with conv(1x1), or use concat.');
  }
}

/** Runs `build`; shapes that do not fit are told as a mistake of the space, at `place`. */
export function placed<T>(place: BuildPlace, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new UnbuildableError(place, error.message, 'Change the op, or the size of what comes before it.');
  }
}
