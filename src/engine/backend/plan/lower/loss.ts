import { assert } from '../../../../base/assert.js';
import type { NodeId, NodeOf } from '../../../../graph/network-graph.js';
import { OPCODE } from '../layout.js';
import type { Lowering } from '../lowering.js';
import type { LossTerm } from '../operands.js';
import { makeStep } from '../steps.js';
import type { LoweringRules } from './rules.js';
import { inputOf } from './rules.js';

export const LOSS: LoweringRules<'cross_entropy' | 'cross_entropy_grad' | 'one'> = {
  cross_entropy(lowering, node) {
    const [logits, labels] = [inputOf(node, 0), inputOf(node, 1)];
    const perImage = lowering.reals(lowering.target.batch);
    const mean = lowering.reals(1);
    const step = lowering.push(
      makeStep(OPCODE.CROSS_ENTROPY, {
        in: lowering.plain(logits),
        aux: integersOf(lowering, labels),
        result: perImage,
        constants: [node.attributes.smoothing, 0],
      }),
    );
    lowering.pushSerial(makeStep(OPCODE.LOSS_FINISH, { feed: perImage, result: mean }), step.level);
    lowering.losses.push({ logits, labels, smoothing: node.attributes.smoothing, mean, step });
    const loss = lowering.losses.length - 1;
    lowering.setValue(node.id, { kind: 'scalar', constant: 0, losses: [{ loss, factor: 1 }] });
  },

  /** Made by the step that computes the loss where there is one. */
  cross_entropy_grad(lowering, node) {
    const [dy, logits, labels] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
    const { smoothing } = node.attributes;
    const scale = constantOf(lowering, dy, node) / lowering.target.batch;
    const dx = lowering.destination(node.id);
    const loss = lowering.losses.find(
      (candidate) =>
        candidate.step.dx === undefined &&
        candidate.logits === logits &&
        candidate.labels === labels &&
        candidate.smoothing === smoothing,
    );
    if (loss === undefined) {
      lowering.push(
        makeStep(OPCODE.CROSS_ENTROPY, {
          in: lowering.plain(logits),
          aux: integersOf(lowering, labels),
          dx,
          constants: [smoothing, scale],
        }),
      );
      return;
    }
    loss.step.dx = dx;
    loss.step.constants = [smoothing, scale];
    lowering.markWritten(dx, loss.step.level);
  },

  one(lowering, node) {
    lowering.setValue(node.id, { kind: 'scalar', constant: 1, losses: [] });
  },
};

/** A linear combination of scalars: computed by the host from the losses. */
export function lowerScalar(
  lowering: Lowering,
  node: NodeOf<'add' | 'mean' | 'sub' | 'scale'>,
  factors: readonly number[],
): void {
  let constant = 0;
  const losses: LossTerm[] = [];
  for (const [i, id] of node.inputs.entries()) {
    const value = lowering.value(id);
    assert(value.kind === 'scalar', `Node ${id} is no scalar`);
    const factor = factors[i]!;
    constant += factor * value.constant;
    for (const term of value.losses) losses.push({ loss: term.loss, factor: factor * term.factor });
  }
  lowering.setValue(node.id, { kind: 'scalar', constant, losses });
}

function constantOf(lowering: Lowering, id: NodeId, node: NodeOf<'cross_entropy_grad'>): number {
  const value = lowering.value(id);
  if (value.kind !== 'scalar' || value.losses.length > 0) {
    lowering.unsupported(node, 'its upstream gradient depends on a loss');
  }
  return value.constant;
}

function integersOf(lowering: Lowering, id: NodeId): number {
  const value = lowering.value(id);
  assert(value.kind === 'integers', `Node ${id} holds no integers`);
  return value.offset;
}
