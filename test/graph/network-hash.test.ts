import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Rng } from '../../src/base/rng.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { GraphNode, NetworkGraph, NodeId, WeightKey } from '../../src/graph/network-graph.js';
import { networkHash } from '../../src/graph/network-hash.js';
import { normalise } from '../../src/graph/normal-form.js';
import { key, networkOf, steps } from './random-graph.js';

const seeds = fc.nat(1e6);

/** The same network with its nodes in another topological order. */
function reorder(graph: NetworkGraph, rng: Rng): NetworkGraph {
  const placed = new Map<NodeId, NodeId>();
  const nodes: GraphNode[] = [];
  while (nodes.length < graph.nodes.length) {
    const ready = graph.nodes.filter(
      (node) => !placed.has(node.id) && node.inputs.every((id) => placed.has(id)),
    );
    const node = rng.pick(ready);
    placed.set(node.id, nodes.length);
    nodes.push({ ...node, id: nodes.length, inputs: node.inputs.map((id) => placed.get(id)!) });
  }
  const outputs = Object.entries(graph.outputs).map(([name, id]) => [name, placed.get(id)!]);
  return { nodes, outputs: Object.fromEntries(outputs) as Record<string, NodeId> };
}

function shuffleInputs(graph: NetworkGraph, rng: Rng): NetworkGraph {
  const nodes = graph.nodes.map((node) => {
    if (!['add', 'mul', 'mean'].includes(node.op)) return node;
    const order = [...rng.permutation(node.inputs.length)];
    return { ...node, inputs: order.map((i) => node.inputs[i]!) };
  });
  return { nodes, outputs: graph.outputs };
}

function renameKeys(graph: NetworkGraph, rename: (name: WeightKey) => WeightKey): NetworkGraph {
  const nodes = graph.nodes.map((node) => {
    const weights = Object.entries(node.weights).map(([role, name]) => [role, rename(name)]);
    return { ...node, weights: Object.fromEntries(weights) as Record<string, WeightKey> };
  });
  return { nodes, outputs: graph.outputs };
}

const holds = (property: (graph: NetworkGraph, rng: Rng) => void): void => {
  const run = fc.property(steps, seeds, (network, seed) => property(networkOf(network), Rng.fromSeed(seed)));
  fc.assert(run, { seed: 6, numRuns: 200 });
};

describe('networkHash does not see', () => {
  it('the order of the nodes', () => {
    holds((graph, rng) => assert.equal(networkHash(reorder(graph, rng)), networkHash(graph)));
  });

  it('the order of the inputs of sums, products and means', () => {
    holds((graph, rng) => assert.equal(networkHash(shuffleInputs(graph, rng)), networkHash(graph)));
  });

  it('the names of the weights', () => {
    holds((graph, rng) => {
      const salt = rng.uint32();
      const renamed = renameKeys(graph, (name) => key(`${(salt * 31 + name.length) % 97} ${name}`));
      assert.equal(networkHash(renamed), networkHash(graph));
    });
  });

  it('all three at once, for parallel branches that look alike', () => {
    const build = (order: readonly string[]): NetworkGraph => branches(order, (name) => name);
    const expected = networkHash(build(['a', 'b', 'c', 'd']));
    for (const order of ['b a c d', 'd c b a', 'a c b d', 'p q r s']) {
      assert.equal(networkHash(build(order.split(' '))), expected);
    }
  });

  it('what does not change the function', () => {
    holds((graph) => assert.equal(networkHash(normalise(graph)), networkHash(graph)));
  });
});

describe('networkHash sees', () => {
  it('another op', () => {
    holds((graph, rng) => {
      const normal = normalise(graph);
      const activations = normal.nodes.filter((node) => ['relu', 'tanh'].includes(node.op));
      if (activations.length === 0) return;
      const changed = rng.pick(activations).id;
      const nodes = normal.nodes.map((node) =>
        node.id === changed ? ({ ...node, op: 'sigmoid' } as GraphNode) : node,
      );
      assert.notEqual(networkHash({ ...normal, nodes }), networkHash(normal));
    });
  });

  it('another attribute', () => {
    const build = (epsilon: number): NetworkGraph => {
      const builder = new GraphBuilder();
      return builder.build({
        y: builder.add('batch_norm', [builder.input('x', [3])], { affine: false, epsilon }),
      });
    };
    assert.notEqual(networkHash(build(1e-3)), networkHash(build(1e-5)));
  });

  it('the order of the inputs of a difference and of a join', () => {
    for (const op of ['sub', 'concat'] as const) {
      const build = (swapped: boolean): NetworkGraph => {
        const builder = new GraphBuilder();
        const x = builder.input('x', [3]);
        const pair = [x, builder.add('tanh', [x], {})];
        return builder.build({ y: builder.add(op, swapped ? pair.reverse() : pair, {}) });
      };
      assert.notEqual(networkHash(build(false)), networkHash(build(true)));
    }
  });

  it('which nodes share a weight', () => {
    const hashes = [
      branches(['a', 'b', 'c', 'd'], (name) => name),
      branches(['a', 'b', 'c', 'd'], () => 'one'),
      branches(['a', 'b', 'c', 'd'], (name) => (name === 'a' ? 'b' : name)),
      branches(['a', 'b', 'c', 'd'], (name) => (name < 'c' ? 'b' : 'c')),
      branches(['a', 'b', 'c', 'd'], (name) => (name === 'a' ? 'c' : name)),
      branches(['a', 'b', 'c', 'd'], (name) => (name === 'a' ? 'c' : name === 'b' ? 'd' : name)),
    ].map(networkHash);
    assert.equal(new Set(hashes).size, hashes.length);
    const elsewhere = branches(['a', 'b', 'c', 'd'], (name) => (name === 'b' ? 'd' : name));
    assert.equal(networkHash(elsewhere), hashes[4]);
    assert.equal(hashes[0]!.length, 64);
  });
});

/**
 * Two sums of two filters each, then their product: (f1 + f2) · (f3 + f4), where the i-th filter takes the weight
 * `rename(names[i])`. Sharing within a sum and between sums are different networks; within one kind, which filter it is does not matter.
 */
function branches(names: readonly string[], rename: (name: string) => string): NetworkGraph {
  const builder = new GraphBuilder();
  const x = builder.input('x', [5, 5, 2]);
  const filters = names.map((name) => {
    const window = { kernel: 3, stride: 1, padding: 1, dilation: 1 };
    return builder.add('depthwise', [builder.add('relu', [x], {})], window, { kernel: key(rename(name)) });
  });
  const sums = [filters.slice(0, 2), filters.slice(2)].map((pair) => builder.add('add', pair, {}));
  return builder.build({ y: builder.add('mul', sums, {}) });
}
