import { present } from '../../base/assert.js';
import type { NodeId } from '../../graph/network-graph.js';
import type { CompositeOp, ExpandContext, OpValues } from './composite-op.js';
import { batchNorm, channelsOf, channelsOr, convolution, depthwise, relu } from './layers.js';
import { KERNEL, OUT, STRIDE } from './parameters.js';

/** A plain convolution: no activation, no norm, no bias. */
export const conv: CompositeOp = {
  name: 'conv',
  parameters: [KERNEL, OUT, STRIDE],
  strided: true,
  expand(context, x, values) {
    const kernel = present(values['kernel'], 'kernel');
    const out = channelsOr(context, present(values['out'], 'out'));
    return convolution(context, x, out, { kernel, stride: strideOf(context, values) });
  },
};

/**
 * Depthwise separable convolution (DARTS `SepConv`): `repeat` times relu > depthwise > 1×1 > bn; the first has the
 * stride and keeps the channels of its input, the last changes them.
 */
export const sepConv: CompositeOp = {
  name: 'sep_conv',
  parameters: [
    KERNEL,
    { name: 'dilation', type: 'int', minimum: 1, default: 1 },
    STRIDE,
    { name: 'repeat', type: 'int', minimum: 1, default: 2 },
  ],
  strided: true,
  expand(context, x, values) {
    const repeat = present(values['repeat'], 'repeat');
    let y = x;
    for (let i = 0; i < repeat; i++) {
      const stride = i === 0 ? strideOf(context, values) : 1;
      const out = i === repeat - 1 ? context.channels : channelsOf(context, x);
      y = separable(context, y, { stride, out, values });
    }
    return y;
  },
};

/** DARTS `DilConv`: relu > dilated depthwise > 1×1 > bn, once. */
export const dilConv: CompositeOp = {
  name: 'dil_conv',
  parameters: [KERNEL, { name: 'dilation', type: 'int', minimum: 1, default: 2 }, STRIDE],
  strided: true,
  expand: (context, x, values) =>
    separable(context, x, { stride: strideOf(context, values), out: context.channels, values }),
};

/**
 * NAS-Bench-201 `ResNetBasicblock`: two of relu > conv 3×3 > bn, beside a shortcut of a 2×2 mean and a 1×1 convolution
 * (stride 2), relu > conv 1×1 > bn (stride 1, other channels), or nothing. A map of odd size takes its mean over 3×3
 * windows instead, which end where the convolutions end; the published network has even maps only.
 */
export const resblock: CompositeOp = {
  name: 'resblock',
  parameters: [OUT, { ...STRIDE, minimum: 1, default: 2 }],
  strided: true,
  expand(context, x, values) {
    const stride = present(values['stride'], 'stride');
    const out = channelsOr(context, present(values['out'], 'out'));
    const inner = reluConvNorm(context, x, out, { kernel: 3, stride });
    const main = reluConvNorm(context, inner, out, { kernel: 3, stride: 1 });
    return context.builder.add('add', [shortcut(context, x, out, stride), main], {});
  },
};

/** The stride that the call says, or that its place asks for. */
export function strideOf(context: ExpandContext, values: OpValues): number {
  const stride = present(values['stride'], 'stride');
  return stride === 0 ? context.stride : stride;
}

interface SeparableSize {
  readonly stride: number;
  readonly out: number;
  readonly values: OpValues;
}

function separable(context: ExpandContext, x: NodeId, { stride, out, values }: SeparableSize): NodeId {
  const kernel = present(values['kernel'], 'kernel');
  const dilation = present(values['dilation'], 'dilation');
  const spread = depthwise(context, relu(context, x), { kernel, stride, dilation });
  return batchNorm(context, convolution(context, spread, out, { kernel: 1, stride: 1 }));
}

function shortcut(context: ExpandContext, x: NodeId, out: number, stride: number): NodeId {
  if (stride === 1) {
    if (out === channelsOf(context, x)) return x;
    return reluConvNorm(context, x, out, { kernel: 1, stride: 1 });
  }
  const [height = 0, width = 0] = context.builder.shape(x);
  const isEven = height % stride === 0 && width % stride === 0;
  const window = isEven ? { kernel: stride, stride, padding: 0 } : { kernel: 3, stride, padding: 1 };
  return convolution(context, context.builder.add('avg_pool', [x], window), out, { kernel: 1, stride: 1 });
}

function reluConvNorm(
  context: ExpandContext,
  x: NodeId,
  out: number,
  size: { readonly kernel: number; readonly stride: number },
): NodeId {
  return batchNorm(context, convolution(context, relu(context, x), out, size));
}
