import assert from 'node:assert/strict';
import { GraphBuilder } from '../../src/graph/builder.js';
import { cost, nodeCosts, trainingMacs } from '../../src/graph/cost.js';
import type { NetworkGraph } from '../../src/graph/network-graph.js';
import { weightsOf } from '../../src/graph/weights.js';
import { key } from './random-graph.js';

/** conv 3×3 (3 → 8, stride 2) · BN · depthwise 3×3 · 1×1 conv (8 → 8) · global pool · linear 10, on 8×8×3. */
function network(affine: boolean): NetworkGraph {
  const builder = new GraphBuilder();
  const x = builder.input('x', [8, 8, 3]);
  const wide = { kernel: 3, stride: 2, padding: 1, dilation: 1, out: 8, bias: false };
  const stem = builder.add('conv', [x], wide, { kernel: key('stem') });
  const norms = affine ? { gamma: key('γ'), beta: key('β') } : {};
  const bn = builder.add('batch_norm', [stem], { affine, epsilon: 1e-5 }, { ...norms, statistics: key('s') });
  const filter = { kernel: 3, stride: 1, padding: 1, dilation: 1 };
  const dw = builder.add('depthwise', [bn], filter, { kernel: key('dw') });
  const pointwise = { kernel: 1, stride: 1, padding: 0, dilation: 1, out: 8, bias: false };
  const pw = builder.add('conv', [dw], pointwise, { kernel: key('pw') });
  const pooled = builder.add('global_pool', [pw], {});
  const head = { kernel: key('head'), bias: key('head bias') };
  const logits = builder.add('linear', [pooled], { out: 10, bias: true }, head);
  const loss = builder.add('cross_entropy', [logits, builder.input('y', [])], { smoothing: 0 });
  return builder.build({ logits, loss });
}

describe('cost', () => {
  it('counts a small network as by hand', () => {
    assert.deepEqual(cost(network(true)), {
      parameters: 3 * 8 * 9 + 8 + 8 + 8 * 9 + 8 * 8 + 8 * 10 + 10,
      macs: 4 * 4 * 8 * 9 * 3 + 4 * 4 * 8 * 9 + 4 * 4 * 8 * 8 + 8 * 10,
      activationBytes: 4 * (4 * (4 * 4 * 8) + 8 + 10 + 1),
    });
  });

  it('counts no statistics, so a norm without affine has no parameters', () => {
    assert.equal(cost(network(true)).parameters - cost(network(false)).parameters, 16);
  });

  it('counts a shared weight once and its products each time', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [4, 4, 2]);
    const filter = { kernel: 3, stride: 1, padding: 1, dilation: 1 };
    const once = builder.add('depthwise', [x], filter, { kernel: key('w') });
    const twice = builder.add('depthwise', [once], filter, { kernel: key('w') });
    const graph = builder.build({ twice });
    assert.deepEqual(cost(graph), { parameters: 18, macs: 2 * 4 * 4 * 2 * 9, activationBytes: 2 * 4 * 32 });
    assert.deepEqual(nodeCosts(graph)[0], { macs: 0, activationBytes: 0 });
    assert.deepEqual(nodeCosts(graph)[1], { macs: 288, activationBytes: 128 });
  });

  it('counts a training step as three times the forward pass, less the gradient of the image', () => {
    const graph = network(true);
    const stem = 4 * 4 * 8 * 9 * 3;
    assert.equal(trainingMacs(graph), 3 * cost(graph).macs - stem);
  });
});

describe('weightsOf', () => {
  it('lists each key once, in the order of first use, with what made it', () => {
    assert.deepEqual(
      weightsOf(network(true)).map(({ key: name, role, op, shape }) => [name, op, role, shape.join('×')]),
      [
        ['stem', 'conv', 'kernel', '8×3×3×3'],
        ['γ', 'batch_norm', 'gamma', '8'],
        ['β', 'batch_norm', 'beta', '8'],
        ['dw', 'depthwise', 'kernel', '8×3×3'],
        ['pw', 'conv', 'kernel', '8×8×1×1'],
        ['head', 'linear', 'kernel', '10×8'],
        ['head bias', 'linear', 'bias', '10'],
      ],
    );
  });

  it('refuses one key with two shapes', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [4]);
    const a = builder.add('linear', [x], { out: 2, bias: false }, { kernel: key('w') });
    const b = builder.add('linear', [x], { out: 3, bias: false }, { kernel: key('w') });
    assert.throws(() => weightsOf(builder.build({ a, b })), /Weight w is used with two shapes/);
  });

  it('refuses an op without its weight', () => {
    const builder = new GraphBuilder();
    const a = builder.add('linear', [builder.input('x', [4])], { out: 2, bias: false });
    assert.throws(() => weightsOf(builder.build({ a })), /Node 1 \(linear\) names no kernel/);
  });
});
