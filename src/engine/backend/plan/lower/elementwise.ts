import type { NodeOf } from '../../../../graph/network-graph.js';
import type { Opcode } from '../layout.js';
import { OPCODE } from '../layout.js';
import type { Lowering } from '../lowering.js';
import { withRelu } from '../operands.js';
import { makeStep } from '../steps.js';
import { lowerScalar } from './loss.js';
import type { LoweringRules } from './rules.js';
import { inputOf } from './rules.js';
import { lowerGradientSum } from './gradient-sum.js';

type ElementwiseOp =
  | 'add'
  | 'mul'
  | 'sub'
  | 'mean'
  | 'scale'
  | 'relu'
  | 'tanh'
  | 'sigmoid'
  | 'relu_grad'
  | 'tanh_grad'
  | 'sigmoid_grad';

export const ELEMENTWISE: LoweringRules<ElementwiseOp> = {
  add(lowering, node) {
    if (lowering.weightGradients.has(node.id)) return;
    if (node.shape.length === 0)
      lowerScalar(
        lowering,
        node,
        node.inputs.map(() => 1),
      );
    else if (lowering.sums.roots.has(node.id)) lowerGradientSum(lowering, node.id);
    else lowerSum(lowering, node, 1);
  },

  mean(lowering, node) {
    const factor = 1 / node.inputs.length;
    if (node.shape.length === 0)
      lowerScalar(
        lowering,
        node,
        node.inputs.map(() => factor),
      );
    else lowerSum(lowering, node, factor);
  },

  sub(lowering, node) {
    if (node.shape.length === 0) {
      lowerScalar(lowering, node, [1, -1]);
      return;
    }
    const out = lowering.destination(node.id);
    const [first, second] = [inputOf(node, 0), inputOf(node, 1)];
    lowering.pushSum([lowering.single(first)], out, 1);
    lowering.pushSum([lowering.single(second)], out, -1);
  },

  scale(lowering, node) {
    const { factor } = node.attributes;
    if (node.shape.length === 0) lowerScalar(lowering, node, [factor]);
    else lowerSum(lowering, node, factor);
  },

  mul(lowering, node) {
    if (node.shape.length === 0) lowering.unsupported(node, 'products of losses are not computed');
    const [a, b] = [lowering.single(inputOf(node, 0)), lowering.single(inputOf(node, 1))];
    lowering.push(
      makeStep(OPCODE.MUL, {
        in: { ...a, parts: [...a.parts, ...b.parts] },
        out: lowering.destination(node.id),
      }),
    );
  },

  relu(lowering, node) {
    const x = inputOf(node);
    if (lowering.isZero(x)) lowering.setValue(node.id, { kind: 'zero' });
    else lowering.setOperand(node.id, withRelu(lowering.operand(x)));
  },

  tanh: (lowering, node) => pushActivation(lowering, OPCODE.TANH, node),
  sigmoid: (lowering, node) => pushActivation(lowering, OPCODE.SIGMOID, node),

  relu_grad: (lowering, node) => lowerGradientSum(lowering, node.id),
  tanh_grad: (lowering, node) => pushActivationGrad(lowering, OPCODE.TANH_GRAD, node),
  sigmoid_grad: (lowering, node) => pushActivationGrad(lowering, OPCODE.SIGMOID_GRAD, node),
};

/** factor · (sum of the inputs). */
function lowerSum(lowering: Lowering, node: NodeOf<'add' | 'mean' | 'scale'>, factor: number): void {
  const terms = node.inputs.filter((id) => !lowering.isZero(id));
  if (terms.length === 0 && lowering.sums.home[node.id]! < 0) {
    lowering.setValue(node.id, { kind: 'zero' });
  } else if (terms.length === 1 && factor === 1 && lowering.sums.home[node.id]! < 0) {
    lowering.setOperand(node.id, lowering.operand(terms[0]!));
  } else if (terms.length > 0) {
    lowering.pushSum(
      terms.map((id) => lowering.single(id)),
      lowering.destination(node.id),
      factor,
    );
  }
}

function pushActivation(lowering: Lowering, opcode: Opcode, node: NodeOf<'tanh' | 'sigmoid'>): void {
  lowering.pushForward(opcode, node.id, { in: lowering.operand(inputOf(node)) });
}

/** Inputs: dy, y. */
function pushActivationGrad(
  lowering: Lowering,
  opcode: Opcode,
  node: NodeOf<'tanh_grad' | 'sigmoid_grad'>,
): void {
  lowering.push(
    makeStep(opcode, {
      in: lowering.operand(inputOf(node, 1)),
      grad: lowering.operand(inputOf(node, 0)),
      dx: lowering.destination(node.id),
    }),
  );
}
