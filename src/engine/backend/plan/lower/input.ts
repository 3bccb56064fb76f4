import { assert } from '../../../../base/assert.js';
import { OPCODE } from '../layout.js';
import { sizeOf } from '../../../../graph/ops/shapes.js';
import { makeStep } from '../steps.js';
import type { LoweringRules } from './rules.js';
import { inputOf } from './rules.js';

export const INPUT: LoweringRules<'input' | 'zero' | 'embedding' | 'embedding_grad'> = {
  input(lowering, node) {
    const { batch } = lowering.target;
    const isInteger = node.shape.length === 0;
    const size = sizeOf(node.shape);
    const offset = isInteger ? lowering.regions.take(batch * 4) : lowering.reals(batch * size);
    lowering.feeds.push({ name: node.attributes.name, offset, size, isInteger });
    if (isInteger) lowering.setValue(node.id, { kind: 'integers', offset });
    else lowering.push(makeStep(OPCODE.INPUT, { feed: offset, out: lowering.destination(node.id) }));
  },

  zero(lowering, node) {
    lowering.setValue(node.id, { kind: 'zero' });
  },

  embedding(lowering, node) {
    const { vocabulary, dim } = node.attributes;
    const tokens = lowering.value(inputOf(node));
    assert(tokens.kind === 'integers', 'An embedding reads integers');
    const weight = lowering.weight(node, 'kernel', 'embedding', [vocabulary, dim]);
    lowering.pushForward(OPCODE.EMBEDDING, node.id, { aux: tokens.offset, weight });
  },

  embedding_grad(lowering, node) {
    const tokens = lowering.value(inputOf(node, 0));
    assert(tokens.kind === 'integers', 'An embedding reads integers');
    const gradient = lowering.weightGradientOf(node);
    lowering.push(
      makeStep(OPCODE.EMBEDDING_GRAD, {
        aux: tokens.offset,
        grad: lowering.operand(inputOf(node, 1)),
        numel: sizeOf(gradient.weight.shape),
        weightGrad: lowering.weights.sumsOf(gradient),
      }),
    );
  },
};
