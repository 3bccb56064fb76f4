import { present } from '../../base/assert.js';
import type { CompositeOp } from './composite-op.js';
import { strideOf } from './convolutions.js';
import { batchNorm } from './layers.js';
import { KERNEL, STRIDE } from './parameters.js';

/** Padded maximum; keeps the size at stride 1. On an edge, a norm without γ and β follows where the scale says so. */
export const maxPool: CompositeOp = pool('max_pool');

/** Padded mean over the part of the window inside the map. */
export const avgPool: CompositeOp = pool('avg_pool');

/** Mean over the whole map: [H, W, C] → [C]. */
export const gap: CompositeOp = {
  name: 'gap',
  parameters: [],
  strided: false,
  expand: (context, x) => context.builder.add('global_pool', [x], {}),
};

function pool(name: 'max_pool' | 'avg_pool'): CompositeOp {
  return {
    name,
    parameters: [KERNEL, STRIDE],
    strided: true,
    expand(context, x, values) {
      const kernel = present(values['kernel'], 'kernel');
      const window = { kernel, stride: strideOf(context, values), padding: (kernel - 1) / 2 };
      const pooled = context.builder.add(name, [x], window);
      return context.poolNorm ? batchNorm(context, pooled, false) : pooled;
    },
  };
}
