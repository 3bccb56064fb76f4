import { assert, present } from '../../../../base/assert.js';
import type { NodeId, NodeOf } from '../../../../graph/network-graph.js';
import { BL, OPCODE } from '../layout.js';
import type { Lowering } from '../lowering.js';
import type { Norm, NormGradient, Operand } from '../operands.js';
import { blocksOf, plainPart } from '../operands.js';
import { makeStep } from '../steps.js';
import type { LoweringRules } from './rules.js';
import { inputOf } from './rules.js';

/**
 * Neither the result of a batch normalisation nor the gradient of its input is stored: readers compute them from z, what
 * it read (and from dy), with coefficients per channel that are known one level later.
 */
export const NORMALISATION: LoweringRules<
  'batch_norm' | 'batch_norm_input_grad' | 'gamma_grad' | 'bias_grad'
> = {
  batch_norm(lowering, node) {
    const norm = makeNorm(lowering, node);
    lowering.norms.set(node.id, norm);
    const part = present(plainPart(norm.z), 'what a batch_norm reads');
    lowering.setOperand(node.id, { ...norm.z, parts: [{ ...part, norm }] });
  },

  batch_norm_input_grad(lowering, node) {
    const [dyId, x] = [inputOf(node, 0), inputOf(node, 1)];
    const gradient = gradientOf(lowering, node.attributes.forward, dyId);
    assert(
      lowering.plain(x) === gradient.norm.z,
      'A batch_norm gradient must read what the batch_norm reads',
    );
    const dy = lowering.plain(dyId);
    const part = present(plainPart(dy), 'the gradient that a batch_norm gets');
    lowering.setOperand(node.id, { ...dy, parts: [{ ...part, gradient }] });
  },

  gamma_grad(lowering, node) {
    const { dgamma: offset, ready } = gradientOf(lowering, node.attributes.forward, inputOf(node));
    lowering.weightGradientOf(node).vectors.push({ offset, ready });
  },

  /** The shift of a batch normalisation gets its gradient from the sums over dy that are made anyway. */
  bias_grad(lowering, node) {
    const dy = inputOf(node);
    const gradient = lowering.weightGradientOf(node);
    const known = lowering.normGradients.get(dy)?.[0];
    if (known !== undefined && gradient.numUses === 1) {
      gradient.vectors.push({ offset: known.gradient.dbeta, ready: known.gradient.ready });
      return;
    }
    const weightGrad = lowering.weights.sumsOf(gradient);
    lowering.push(makeStep(OPCODE.BIAS_GRAD, { grad: lowering.operand(dy), weightGrad }));
  },
};

function makeNorm(lowering: Lowering, node: NodeOf<'batch_norm'>): Norm {
  const z = lowering.plain(inputOf(node));
  const { affine, epsilon } = node.attributes;
  const { channels } = z;
  const blocks = blocksOf(channels);
  const vector = (role: string): Norm['gamma'] =>
    affine ? lowering.weight(node, role, 'vector', [channels]) : undefined;
  const norm: Norm = {
    z,
    channels,
    blocks,
    epsilon,
    statistics: node.weights['statistics'],
    gamma: vector('gamma'),
    beta: vector('beta'),
    scaleShift: lowering.reals(2 * blocks * BL),
    meanRstd: lowering.reals(2 * blocks * BL),
    ready: 0,
  };
  if (lowering.target.statistics === 'given') {
    lowering.pushSerial(makeStep(OPCODE.BN_GIVEN, { norm, constants: [epsilon, 0] }), -1);
    return norm;
  }
  const sums = lowering.shardSums(2 * blocks * BL);
  const { level } = lowering.push(makeStep(OPCODE.STATISTICS, { in: z, sums }));
  lowering.pushSerial(makeStep(OPCODE.BN_FINISH, { norm, sums, constants: [epsilon, 0] }), level);
  norm.ready = level + 1;
  return norm;
}

/** The sums over dy of a batch normalisation, made once for all its gradients. */
function gradientOf(lowering: Lowering, forward: NodeId, dy: NodeId): NormGradient {
  const entries = lowering.normGradients.get(dy) ?? [];
  const known = entries.find((entry) => entry.forward === forward);
  if (known !== undefined) return known.gradient;
  const norm = present(lowering.norms.get(forward), `batch_norm ${forward}`);
  const width = norm.blocks * BL;
  const sums = lowering.shardSums(2 * width);
  const grad: Operand = lowering.plain(dy);
  const { level } = lowering.push(makeStep(OPCODE.GRAD_STATISTICS, { in: norm.z, grad, sums }));
  const gradient: NormGradient = {
    norm,
    coefficients: lowering.reals(3 * width),
    dgamma: lowering.reals(width),
    dbeta: lowering.reals(width),
    ready: level + 1,
  };
  lowering.pushSerial(makeStep(OPCODE.BN_GRAD_FINISH, { norm, normGradient: gradient, sums }), level);
  lowering.normGradients.set(dy, [...entries, { forward, gradient }]);
  return gradient;
}
