import type { NodeId } from '../../graph/network-graph.js';
import type { ExpandContext } from './composite-op.js';

/** PyTorch's default, which every NAS code base keeps. */
const EPSILON = 1e-5;

/** What a convolution needs beside its input. Padding keeps the size at stride 1 unless it is given. */
export interface ConvolutionSize {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation?: number;
  readonly padding?: number;
}

/** [H, W, C] → [⌈H/stride⌉, ⌈W/stride⌉, out], without bias. */
export function convolution(context: ExpandContext, x: NodeId, out: number, size: ConvolutionSize): NodeId {
  return context.builder.add(
    'conv',
    [x],
    { ...windowOf(size), out, bias: false },
    context.nextKeys('kernel'),
  );
}

/** [H, W, C] → [⌈H/stride⌉, ⌈W/stride⌉, C]. */
export function depthwise(context: ExpandContext, x: NodeId, size: ConvolutionSize): NodeId {
  return context.builder.add('depthwise', [x], windowOf(size), context.nextKeys('kernel'));
}

export function batchNorm(context: ExpandContext, x: NodeId, affine = context.affine): NodeId {
  const keys = affine ? context.nextKeys('gamma', 'beta', 'statistics') : context.nextKeys('statistics');
  return context.builder.add('batch_norm', [x], { affine, epsilon: EPSILON }, keys);
}

export function relu(context: ExpandContext, x: NodeId): NodeId {
  return context.builder.add('relu', [x], {});
}

export function linear(context: ExpandContext, x: NodeId, out: number): NodeId {
  return context.builder.add('linear', [x], { out, bias: true }, context.nextKeys('kernel', 'bias'));
}

/** The channels an op says, or those of its place. */
export function channelsOr(context: ExpandContext, out: number): number {
  return out === 0 ? context.channels : out;
}

/** Channels of a feature map or vector. */
export function channelsOf(context: ExpandContext, x: NodeId): number {
  return context.builder.shape(x).at(-1) ?? 1;
}

function windowOf(size: ConvolutionSize): {
  kernel: number;
  stride: number;
  padding: number;
  dilation: number;
} {
  const { kernel, stride, dilation = 1, padding = (dilation * (kernel - 1)) / 2 } = size;
  return { kernel, stride, padding, dilation };
}
