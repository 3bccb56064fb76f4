import type { NodeId } from '../../graph/network-graph.js';
import type { CompositeOp, ExpandContext } from './composite-op.js';
import { batchNorm, convolution, relu } from './layers.js';

/** Nothing at stride 1; at stride 2 relu > factorised reduction > bn (DARTS `FactorizedReduce`). */
export const skip: CompositeOp = {
  name: 'skip',
  parameters: [],
  strided: true,
  expand(context, x) {
    if (context.stride === 1) return x;
    return batchNorm(context, factorisedReduction(context, relu(context, x)));
  },
};

/** Zeros: the edge is not there. */
export const none: CompositeOp = {
  name: 'none',
  parameters: [],
  strided: true,
  expand: (context, x) => context.builder.add('zero', [x], { stride: context.stride }),
};

/**
 * Two 1×1 convolutions of stride 2 side by side, the second on the map moved by one pixel, so that half of the pixels
 * are seen. The first makes ⌊C/2⌋ channels, the second the rest. Odd maps: the pixels beyond the border are zeros
 * (PyTorch's code cannot take them).
 */
export function factorisedReduction(context: ExpandContext, x: NodeId): NodeId {
  const { builder, channels } = context;
  const first = Math.floor(channels / 2);
  const size = { kernel: 1, stride: 2 };
  const moved = builder.add('shift', [x], { rows: 1, columns: 1 });
  if (first === 0) return convolution(context, moved, channels, size);
  const halves = [convolution(context, x, first, size), convolution(context, moved, channels - first, size)];
  return builder.add('concat', halves, {});
}
