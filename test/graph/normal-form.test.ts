import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Rng } from '../../src/base/rng.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { normalise } from '../../src/graph/normal-form.js';
import type { NetworkGraph, NodeId } from '../../src/graph/network-graph.js';
import { sizeOf } from '../../src/graph/ops/shapes.js';
import { weightsOf } from '../../src/graph/weights.js';
import { interpret } from '../oracle/interpreter.js';
import { MAP, key, networkOf, steps } from './random-graph.js';

/** `op(inputs)` per node, as a text. */
const opsOf = (graph: NetworkGraph): string[] =>
  graph.nodes.map((node) => `${node.op}(${node.inputs.join()})`);

function check(name: string, make: (builder: GraphBuilder, x: NodeId) => NodeId, expected: string[]): void {
  it(name, () => {
    const builder = new GraphBuilder();
    const y = make(builder, builder.input('x', [4, 4, 2]));
    assert.deepEqual(opsOf(normalise(builder.build({ y }))), expected);
  });
}

describe('normalise', () => {
  check(
    'drops zeros from a sum',
    (b, x) => b.add('add', [b.add('zero', [x], { stride: 1 }), b.add('relu', [x], {}), x], {}),
    ['input()', 'relu(0)', 'add(1,0)'],
  );
  check(
    'makes a sum with one summand left that summand',
    (b, x) => b.add('add', [b.add('zero', [x], { stride: 1 }), x], {}),
    ['input()'],
  );
  check(
    'makes a sum of zeros a zero that keeps nothing alive',
    (b, x) => {
      const zeros = b.add('zero', [b.add('relu', [x], {})], { stride: 2 });
      return b.add('tanh', [b.add('add', [zeros, zeros], {})], {});
    },
    ['zero()', 'tanh(0)'],
  );
  check(
    'drops sums of zeros from further sums',
    (b, x) => {
      const zeros = b.add('zero', [x], { stride: 1 });
      return b.add('add', [b.add('add', [zeros, zeros], {}), b.add('tanh', [x], {}), x], {});
    },
    ['input()', 'tanh(0)', 'add(1,0)'],
  );
  check('keeps zeros in a mean', (b, x) => b.add('mean', [b.add('zero', [x], { stride: 1 }), x], {}), [
    'input()',
    'zero()',
    'mean(1,0)',
  ]);
  check(
    'makes joins and means of one input that input',
    (b, x) => b.add('concat', [b.add('mean', [b.add('add', [b.add('relu', [x], {})], {})], {})], {}),
    ['input()', 'relu(0)'],
  );
  check(
    'makes equal zeros one',
    (b, x) => {
      const small = b.add('max_pool', [x], { kernel: 1, stride: 2, padding: 0 });
      return b.add('concat', [b.add('zero', [x], { stride: 2 }), b.add('zero', [small], { stride: 1 })], {});
    },
    ['zero()', 'concat(0,0)'],
  );
  check(
    'drops what does not reach an output',
    (b, x) => {
      b.add('tanh', [b.add('relu', [x], {})], {});
      return b.add('sigmoid', [x], {});
    },
    ['input()', 'sigmoid(0)'],
  );

  it('makes nodes one that became equal, but not those with different weights', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [4]);
    const same = builder.add('add', [x, builder.add('zero', [x], { stride: 1 })], {});
    const dense = (input: NodeId, name: string): NodeId =>
      builder.add('linear', [input], { out: 4, bias: false }, { kernel: key(name) });
    const y = builder.add('concat', [dense(x, 'a'), dense(same, 'a'), dense(x, 'b')], {});
    assert.deepEqual(opsOf(normalise(builder.build({ y }))), [
      'input()',
      'linear(0)',
      'linear(0)',
      'concat(1,1,2)',
    ]);
  });

  it('keeps the value of every output and is its own normal form, on random networks', () => {
    fc.assert(
      fc.property(steps, (network) => {
        const graph = networkOf(network);
        const normal = normalise(graph);
        assert.deepEqual(normalise(normal), normal);
        const rng = Rng.fromSeed(1);
        const normals = (length: number): Float64Array => Float64Array.from({ length }, () => rng.normal());
        const weights = new Map(
          weightsOf(graph).map((weight) => [weight.key, normals(sizeOf(weight.shape))]),
        );
        const feeds = { x: normals(2 * sizeOf(MAP)), labels: [0, 2] };
        const [before, after] = [interpret(graph, feeds, weights), interpret(normal, feeds, weights)];
        for (const name of ['logits', 'loss']) {
          assert.deepEqual(after.get(normal.outputs[name]!), before.get(graph.outputs[name]!));
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
