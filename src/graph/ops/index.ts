import type { OpAttributes, OpName, Shape } from '../network-graph.js';
import type { OpDefinition } from '../op.js';
import * as activation from './activation.js';
import * as channels from './channels.js';
import * as convolution from './convolution.js';
import * as elementwise from './elementwise.js';
import * as inputs from './input.js';
import * as linear from './linear.js';
import * as loss from './loss.js';
import * as normalisation from './normalisation.js';
import * as pooling from './pooling.js';

/** Every primitive op of the engine. */
export const OPS: { readonly [K in OpName]: OpDefinition<K> } = {
  input: inputs.input,
  conv: convolution.conv,
  depthwise: convolution.depthwise,
  batch_norm: normalisation.batchNorm,
  relu: activation.relu,
  tanh: activation.tanh,
  sigmoid: activation.sigmoid,
  max_pool: pooling.maxPool,
  avg_pool: pooling.avgPool,
  shift: channels.shift,
  zero: inputs.zero,
  add: elementwise.add,
  mul: elementwise.mul,
  sub: elementwise.sub,
  mean: elementwise.mean,
  concat: channels.concat,
  slice: channels.slice,
  global_pool: pooling.globalPool,
  linear: linear.linear,
  embedding: linear.embedding,
  cross_entropy: loss.crossEntropy,
  one: inputs.seed,
  conv_input_grad: convolution.convInputGrad,
  conv_kernel_grad: convolution.convKernelGrad,
  bias_grad: normalisation.biasGrad,
  depthwise_input_grad: convolution.depthwiseInputGrad,
  depthwise_kernel_grad: convolution.depthwiseKernelGrad,
  batch_norm_input_grad: normalisation.batchNormInputGrad,
  gamma_grad: normalisation.gammaGrad,
  relu_grad: activation.reluGrad,
  tanh_grad: activation.tanhGrad,
  sigmoid_grad: activation.sigmoidGrad,
  max_pool_grad: pooling.maxPoolGrad,
  avg_pool_grad: pooling.avgPoolGrad,
  unslice: channels.unslice,
  spread: pooling.spread,
  linear_input_grad: linear.linearInputGrad,
  linear_kernel_grad: linear.linearKernelGrad,
  embedding_grad: linear.embeddingGrad,
  cross_entropy_grad: loss.crossEntropyGrad,
  scale: elementwise.scale,
};

export function definitionOf<K extends OpName>(op: K): OpDefinition<K> {
  return OPS[op];
}

/** Shape of the result of `op`. Throws `ShapeError` where the inputs do not fit. */
export function shapeOf<K extends OpName>(
  op: K,
  inputs: readonly Shape[],
  attributes: OpAttributes[K],
): Shape {
  return definitionOf(op).shape(inputs, attributes);
}
