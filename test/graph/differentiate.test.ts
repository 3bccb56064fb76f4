import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GraphBuilder } from '../../src/graph/builder.js';
import { differentiate } from '../../src/graph/differentiate.js';
import type { NetworkGraph, NodeId } from '../../src/graph/network-graph.js';
import { weightsOf } from '../../src/graph/weights.js';
import { MAP, key, networkOf, steps } from './random-graph.js';

/** x → linear a → tanh → linear b → loss. */
function chain(): NetworkGraph {
  const builder = new GraphBuilder();
  const dense = (input: NodeId, name: string): NodeId =>
    builder.add('linear', [input], { out: 3, bias: false }, { kernel: key(name) });
  const hidden = builder.add('tanh', [dense(builder.input('x', [3]), 'a')], {});
  const logits = dense(hidden, 'b');
  const loss = builder.add('cross_entropy', [logits, builder.input('labels', [])], { smoothing: 0 });
  return builder.build({ logits, loss });
}

const backwardOps = (graph: NetworkGraph, options: Parameters<typeof differentiate>[1]): string[] => {
  const training = differentiate(graph, options);
  return training.nodes.slice(training.numForward).map((node) => node.op);
};

describe('differentiate', () => {
  it('emits the whole backward pass when all is wanted', () => {
    assert.deepEqual(backwardOps(chain(), { loss: 'loss', weights: true, inputs: ['x'] }), [
      'one',
      'cross_entropy_grad',
      'linear_kernel_grad',
      'linear_input_grad',
      'tanh_grad',
      'linear_kernel_grad',
      'linear_input_grad',
    ]);
  });

  it('emits only what leads to a wanted gradient', () => {
    const last = new Set([key('b')]);
    const expected = ['one', 'cross_entropy_grad', 'linear_kernel_grad'];
    assert.deepEqual(backwardOps(chain(), { loss: 'loss', weights: last }), expected);
    assert.deepEqual(backwardOps(chain(), { loss: 'loss', weights: false, inputs: ['x'] }), [
      'one',
      'cross_entropy_grad',
      'linear_input_grad',
      'tanh_grad',
      'linear_input_grad',
    ]);
  });

  it('emits nothing when nothing is wanted', () => {
    assert.deepEqual(backwardOps(chain(), { loss: 'loss', weights: false }), []);
  });

  it('adds the gradients of one value in one sum', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [3]);
    const uses = [x, builder.add('tanh', [x], {}), builder.add('relu', [x], {})];
    const sum = builder.add('add', uses, {});
    const loss = builder.add('cross_entropy', [sum, builder.input('labels', [])], { smoothing: 0 });
    const training = differentiate(builder.build({ loss }), { loss: 'loss', weights: false, inputs: ['x'] });
    const gradient = training.nodes[training.inputGradients.get('x')!]!;
    assert.equal(gradient.op, 'add');
    assert.equal(gradient.inputs.length, 3);
  });

  it('leaves out weights that the loss does not depend on', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [4, 4, 2]);
    const window = { kernel: 1, stride: 1, padding: 0, dilation: 1 };
    const unused = builder.add('depthwise', [x], window, { kernel: key('behind zero') });
    const zeros = builder.add('zero', [unused], { stride: 1 });
    const pooled = builder.add('global_pool', [builder.add('add', [x, zeros], {})], {});
    const loss = builder.add('cross_entropy', [pooled, builder.input('labels', [])], { smoothing: 0 });
    const side = builder.add('depthwise', [x], window, { kernel: key('beside') });
    const training = differentiate(builder.build({ loss, side }), {
      loss: 'loss',
      weights: true,
      inputs: ['x'],
    });
    assert.deepEqual([...training.weightGradients.keys()], []);
    assert.deepEqual([...training.inputGradients.keys()], ['x']);
  });

  it('refuses an unknown loss and one that is not a scalar', () => {
    assert.throws(() => differentiate(chain(), { loss: 'los', weights: true }), /Missing: output los/);
    assert.throws(() => differentiate(chain(), { loss: 'logits', weights: true }), /logits is not a scalar/);
  });

  it('gives a gradient of the same shape to every weight that is reached, on random networks', () => {
    fc.assert(
      fc.property(steps, (network) => {
        const graph = networkOf(network);
        const training = differentiate(graph, { loss: 'loss', weights: true, inputs: ['x'] });
        const reached = reachedWeights(graph);
        const declared = weightsOf(graph).filter((weight) => reached.has(weight.key));
        assert.deepEqual(
          new Set(training.weightGradients.keys()),
          new Set(declared.map((weight) => weight.key)),
        );
        for (const weight of declared) {
          const gradient = training.nodes[training.weightGradients.get(weight.key)!]!;
          assert.deepEqual(gradient.shape, weight.shape);
        }
        const input = training.inputGradients.get('x');
        if (input !== undefined) assert.deepEqual(training.nodes[input]!.shape, [...MAP]);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('keeps the forward nodes first and every node after what it reads, on random networks', () => {
    fc.assert(
      fc.property(steps, (network) => {
        const graph = networkOf(network);
        const training = differentiate(graph, { loss: 'loss', weights: true });
        assert.deepEqual(training.nodes.slice(0, training.numForward), graph.nodes);
        training.nodes.forEach((node, i) => {
          assert.equal(node.id, i);
          for (const input of node.inputs) assert.ok(input < i);
        });
      }),
      { seed: 4, numRuns: 100 },
    );
  });
});

/** Weights of nodes from which values flow to the loss: told by a walk, apart from the code under test. */
function reachedWeights(graph: NetworkGraph): ReadonlySet<string> {
  const keys = new Set<string>();
  const seen = new Set<NodeId>();
  const visit = (id: NodeId): void => {
    const node = graph.nodes[id]!;
    if (seen.has(id) || node.op === 'zero') return;
    seen.add(id);
    Object.values(node.weights).forEach((weight) => keys.add(weight));
    node.inputs.forEach(visit);
  };
  visit(graph.outputs['loss']!);
  return keys;
}
