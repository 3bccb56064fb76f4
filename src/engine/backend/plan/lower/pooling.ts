import type { Window, NodeId } from '../../../../graph/network-graph.js';
import type { Opcode } from '../layout.js';
import { OPCODE } from '../layout.js';
import type { Lowering } from '../lowering.js';
import type { Operand } from '../operands.js';
import { hasRelu } from '../operands.js';
import { makeStep } from '../steps.js';
import type { LoweringRules } from './rules.js';
import { inputOf } from './rules.js';

export const POOLING: LoweringRules<
  'max_pool' | 'avg_pool' | 'global_pool' | 'max_pool_grad' | 'avg_pool_grad' | 'spread'
> = {
  max_pool(lowering, node) {
    const window = dilated(node.attributes);
    lowering.pushForward(OPCODE.MAX_POOL, node.id, { in: lowering.operand(inputOf(node)), window });
  },

  avg_pool(lowering, node) {
    const window = dilated(node.attributes);
    lowering.pushForward(OPCODE.AVG_POOL, node.id, { in: lowering.operand(inputOf(node)), window });
  },

  global_pool(lowering, node) {
    lowering.pushForward(OPCODE.GLOBAL_POOL, node.id, { in: lowering.operand(inputOf(node)) });
  },

  max_pool_grad(lowering, node) {
    const x = inputOf(node, 1);
    const mask = lowering.sums.mask[node.id]!;
    // Reading through a relu masks the result: where that is not wanted, the relu's result is stored.
    const masked = mask === x || !hasRelu(lowering.operand(x));
    const input = masked ? lowering.operand(x) : lowering.plain(x);
    pushGradient(lowering, OPCODE.MAX_POOL_GRAD, node.id, {
      dy: inputOf(node),
      in: input,
      outRead: lowering.plain(inputOf(node, 2)),
      window: node.attributes,
    });
  },

  avg_pool_grad(lowering, node) {
    pushGradient(lowering, OPCODE.AVG_POOL_GRAD, node.id, {
      dy: inputOf(node),
      in: maskOperand(lowering, node.id),
      window: node.attributes,
    });
  },

  spread(lowering, node) {
    pushGradient(lowering, OPCODE.SPREAD, node.id, { dy: inputOf(node), in: maskOperand(lowering, node.id) });
  },
};

function pushGradient(
  lowering: Lowering,
  opcode: Opcode,
  id: NodeId,
  fields: { dy: NodeId; in?: Operand | undefined; outRead?: Operand; window?: Window },
): void {
  lowering.push(
    makeStep(opcode, {
      grad: lowering.operand(fields.dy),
      dx: lowering.destination(id),
      in: fields.in,
      outRead: fields.outRead,
      window: fields.window === undefined ? undefined : dilated(fields.window),
    }),
  );
}

function maskOperand(lowering: Lowering, id: NodeId): Operand | undefined {
  const mask = lowering.sums.mask[id]!;
  return mask >= 0 ? lowering.operand(mask) : undefined;
}

function dilated({ kernel, stride, padding }: Window): Window & { dilation: number } {
  return { kernel, stride, padding, dilation: 1 };
}
