import { present } from '../../../../base/assert.js';
import type { DilatedWindow, GraphNode, NodeId, NodeOf, OpName } from '../../../../graph/network-graph.js';
import { sameShape } from '../../../../graph/ops/shapes.js';
import { OPCODE } from '../layout.js';
import type { Lowering } from '../lowering.js';
import { mapShape, weightKey } from '../lowering.js';
import type { MergedConvolution } from '../merged-convolutions.js';
import { concatOperands, hasRelu } from '../operands.js';
import type { PackedWeight } from '../packed-weight.js';
import { sameWindow } from '../same-window.js';
import type { ShardSums } from '../steps.js';
import { makeStep } from '../steps.js';
import type { LoweringRules } from './rules.js';
import { inputOf } from './rules.js';

const POINT: DilatedWindow = { kernel: 1, stride: 1, padding: 0, dilation: 1 };

type KernelGradOp = 'conv_kernel_grad' | 'depthwise_kernel_grad' | 'linear_kernel_grad';
type InputGradOp = 'conv_input_grad' | 'depthwise_input_grad' | 'linear_input_grad';

/** By op that makes the gradient of a kernel: the one that makes the gradient of the input. */
const PARTNER_OPS = {
  conv_kernel_grad: 'conv_input_grad',
  depthwise_kernel_grad: 'depthwise_input_grad',
  linear_kernel_grad: 'linear_input_grad',
} as const satisfies Readonly<Record<KernelGradOp, InputGradOp>>;

export const CONVOLUTION: LoweringRules<'conv' | 'depthwise' | 'linear' | KernelGradOp | InputGradOp> = {
  conv(lowering, node) {
    const { attributes } = node;
    const merged = lowering.merged.get(node.id);
    if (merged !== undefined) {
      if (node.id === merged.forward[0]) lowerMerged(lowering, merged);
      return;
    }
    const x = inputOf(node);
    const weight = lowering.weight(node, 'kernel', 'conv', [
      attributes.out,
      channelsOf(lowering, x),
      attributes.kernel,
      attributes.kernel,
    ]);
    const bias = attributes.bias ? lowering.weight(node, 'bias', 'vector', [attributes.out]) : undefined;
    lowering.pushForward(OPCODE.CONV, node.id, { in: lowering.operand(x), window: attributes, weight, bias });
  },

  depthwise(lowering, node) {
    const x = inputOf(node);
    const { kernel } = node.attributes;
    const weight = lowering.weight(node, 'kernel', 'depthwise', [channelsOf(lowering, x), kernel, kernel]);
    lowering.pushForward(OPCODE.DEPTHWISE, node.id, {
      in: lowering.operand(x),
      window: node.attributes,
      weight,
    });
  },

  linear(lowering, node) {
    const { out, bias: hasBias } = node.attributes;
    const x = inputOf(node);
    const weight = lowering.weight(node, 'kernel', 'conv', [out, channelsOf(lowering, x)]);
    const bias = hasBias ? lowering.weight(node, 'bias', 'vector', [out]) : undefined;
    lowering.pushForward(OPCODE.CONV, node.id, { in: lowering.operand(x), window: POINT, weight, bias });
  },

  conv_kernel_grad: lowerKernelGrad,
  depthwise_kernel_grad: lowerKernelGrad,
  linear_kernel_grad: lowerKernelGrad,
  conv_input_grad: lowerInputGrad,
  depthwise_input_grad: lowerInputGrad,
  linear_input_grad: lowerInputGrad,
};

/** One step can make both gradients of a convolution; whichever node comes second makes it. */
function lowerKernelGrad(lowering: Lowering, node: NodeOf<KernelGradOp>): void {
  if (lowering.merged.has(node.id)) return;
  const gradient = lowering.weightGradientOf(node as GraphNode);
  const partner = partnerOf(lowering, node);
  if (partner !== undefined) {
    lowering.partners.set(partner, node.id);
    return;
  }
  lowering.push(
    makeStep(gradientOpcode(node.op), {
      in: lowering.operand(inputOf(node, 0)),
      grad: lowering.operand(inputOf(node, 1)),
      window: windowOf(node),
      weight: gradient.weight,
      weightGrad: lowering.weights.sumsOf(gradient),
    }),
  );
}

function lowerInputGrad(lowering: Lowering, node: NodeOf<InputGradOp>): void {
  const merged = lowering.merged.get(node.id);
  if (merged !== undefined) {
    merged.numReached++;
    if (merged.numReached === merged.inputGrads.length) lowerMergedGradients(lowering, merged);
    return;
  }
  const dy = lowering.operand(inputOf(node));
  const weight = weightOf(lowering, node);
  const partner = lowering.partners.get(node.id);
  const dx = lowering.destination(node.id);
  let weightGrad: ShardSums | undefined;
  // Without a forward input to mask with, the step reads what it writes: only the size counts.
  let input = dx.operand;
  const mask = lowering.sums.mask[node.id]!;
  if (partner !== undefined) {
    const kernelGrad = lowering.graph.nodes[partner]!;
    weightGrad = lowering.weights.sumsOf(lowering.weightGradientOf(kernelGrad));
    input = lowering.operand(inputOf(kernelGrad));
  } else if (mask >= 0) input = lowering.operand(mask);
  lowering.push(
    makeStep(gradientOpcode(node.op), {
      in: input,
      grad: dy,
      dx,
      window: windowOf(node),
      weight,
      weightGrad,
    }),
  );
}

/** All convolutions of one input, side by side. */
function lowerMerged(lowering: Lowering, { x, forward }: MergedConvolution): void {
  const nodes = forward.map((id) => lowering.graph.nodes[id] as NodeOf<'conv'>);
  const channels = channelsOf(lowering, x);
  const weights = lowering.weights.takeMerged(
    nodes.map((node) => {
      const { out, kernel } = node.attributes;
      return { key: weightKey(node, 'kernel'), shape: [out, channels, kernel, kernel] };
    }),
  );
  const operands = forward.map((id) => lowering.destination(id).operand);
  const operand = present(concatOperands(operands), 'results of whole blocks');
  const out = { operand, begun: false, numWriters: 0 };
  const window = nodes[0]!.attributes;
  lowering.push(makeStep(OPCODE.CONV, { in: lowering.operand(x), out, window, weight: weights[0] }));
}

function lowerMergedGradients(lowering: Lowering, merged: MergedConvolution): void {
  const { x, kernelGrads, inputGrads } = merged;
  const gradients = kernelGrads.map((id) => lowering.weightGradientOf(lowering.graph.nodes[id]!));
  const weights = gradients.map(({ weight }) => weight);
  lowering.weights.transposeMerged(weights);
  const dys = inputGrads.map((id) => lowering.operand(inputOf(lowering.graph.nodes[id]!)));
  lowering.push(
    makeStep(OPCODE.CONV_GRAD, {
      in: lowering.operand(x),
      grad: present(concatOperands(dys), 'gradients of whole blocks'),
      dx: lowering.destination(inputGrads[0]!),
      window: windowOf(lowering.graph.nodes[inputGrads[0]!] as NodeOf<'conv_input_grad'>),
      weight: weights[0],
      weightGrad: lowering.weights.mergeGradients(gradients),
    }),
  );
}

/**
 * The node that makes the other gradient of the same convolution, if one step may make both: the kernels mask what they
 * write by the sign of an input that is read through a relu, so that mask must be wanted.
 */
function partnerOf(lowering: Lowering, node: NodeOf<KernelGradOp>): NodeId | undefined {
  const { nodes } = lowering.graph;
  for (let id = node.id + 1; id <= node.id + 2 && id < nodes.length; id++) {
    const other = nodes[id]!;
    if (!isPair(node, other) || lowering.needed[id] === 0 || lowering.partners.has(id)) continue;
    const x = inputOf(node);
    const mask = lowering.sums.mask[id]!;
    const fits = mask === x || (mask < 0 && !hasRelu(lowering.operand(x)));
    return fits && sameShape(lowering.shape(x), other.shape) ? id : undefined;
  }
  return undefined;
}

function isPair(
  kernelGrad: NodeOf<KernelGradOp>,
  other: GraphNode,
): other is NodeOf<InputGradOp> & GraphNode {
  if (other.op !== PARTNER_OPS[kernelGrad.op]) return false;
  const sameDy = other.inputs[0] === kernelGrad.inputs[1];
  return sameDy && sameWindow(windowOf(kernelGrad), windowOf(other));
}

function weightOf(lowering: Lowering, node: NodeOf<InputGradOp>): PackedWeight {
  const dy = lowering.shape(inputOf(node));
  switch (node.op) {
    case 'conv_input_grad': {
      const { kernel, channels } = node.attributes as NodeOf<'conv_input_grad'>['attributes'];
      const weight = lowering.weight(node, 'kernel', 'conv', [dy[2]!, channels, kernel, kernel]);
      return lowering.weights.transpose(weight);
    }
    case 'depthwise_input_grad': {
      const { kernel, channels } = node.attributes as NodeOf<'depthwise_input_grad'>['attributes'];
      return lowering.weight(node, 'kernel', 'depthwise', [channels, kernel, kernel]);
    }
    case 'linear_input_grad': {
      const weight = lowering.weight(node, 'kernel', 'conv', [dy[0]!, lowering.shape(node.id)[0]!]);
      return lowering.weights.transpose(weight);
    }
  }
}

function windowOf(node: NodeOf<KernelGradOp> | NodeOf<InputGradOp>): DilatedWindow {
  return 'kernel' in node.attributes ? (node.attributes as DilatedWindow) : POINT;
}

function gradientOpcode(op: OpName): typeof OPCODE.CONV_GRAD | typeof OPCODE.DEPTHWISE_GRAD {
  return op.startsWith('depthwise') ? OPCODE.DEPTHWISE_GRAD : OPCODE.CONV_GRAD;
}

function channelsOf(lowering: Lowering, id: NodeId): number {
  return mapShape(lowering.shape(id))[2];
}
