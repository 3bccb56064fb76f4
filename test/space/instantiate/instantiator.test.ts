import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Rng } from '../../../src/base/rng.js';
import { cost } from '../../../src/graph/cost.js';
import { differentiate } from '../../../src/graph/differentiate.js';
import type { NetworkGraph } from '../../../src/graph/network-graph.js';
import { shapeOf } from '../../../src/graph/ops/index.js';
import { normalise } from '../../../src/graph/normal-form.js';
import { weightsOf } from '../../../src/graph/weights.js';
import { Instantiator, instantiate } from '../../../src/space/instantiate/instantiator.js';
import { supernetWeights } from '../../../src/space/instantiate/supernet-weights.js';
import { UnbuildableError } from '../../../src/space/instantiate/unbuildable-error.js';
import { sample } from '../../../src/space/sample.js';
import type { OpCall, Scale, SearchSpace } from '../../../src/space/search-space.js';
import { fromPairs } from '../../fixtures/genotypes.js';
import { anySpace } from '../../fixtures/random-spaces.js';
import {
  DARTS_OPS,
  EVALUATE_SCALE,
  SEARCH_SCALE,
  dartsSpace,
  en2asSpace,
  quickstartSpace,
} from '../../fixtures/spaces.js';

const seed = fc.integer({ min: 0, max: 1e6 });
const modes = fc.constantFrom('supernet', 'standalone');

describe('instantiate', () => {
  it('builds a well-formed, differentiable network for every architecture of any space', () => {
    fc.assert(
      fc.property(anySpace(), seed, modes, (space, s, weights) => {
        const scale = space.scales[0]!;
        const instantiator = new Instantiator(space, { scale, weights });
        const rng = Rng.fromSeed(s);
        for (let i = 0; i < 3; i++) {
          const graph = instantiator.build(sample(space, rng));
          checkGraph(graph);
          assert.deepEqual(graph.nodes[graph.outputs['logits']!]!.shape, [5]);
          const training = differentiate(graph, { loss: 'loss', weights: true });
          assert.ok(training.weightGradients.size > 0);
        }
      }),
      { seed: 21, numRuns: 150 },
    );
  });

  it('names in a supernet path only weights of the supernet, with their shapes', () => {
    fc.assert(
      fc.property(anySpace(), seed, (space, s) => {
        const scale = { ...space.scales[0]!, auxiliary: 0 };
        const all = new Map(supernetWeights(space, scale).map(({ key, shape }) => [key, shape]));
        const graph = instantiate(space, sample(space, Rng.fromSeed(s)), { scale, weights: 'supernet' });
        for (const { key, shape } of weightsOf(graph)) assert.deepEqual(all.get(key), shape);
      }),
      { seed: 22, numRuns: 100 },
    );
  });

  it('makes the same network whatever was built before', () => {
    const space = en2asSpace();
    const options = { scale: SEARCH_SCALE, weights: 'supernet' } as const;
    const instantiator = new Instantiator(space, options);
    const rng = Rng.fromSeed(5);
    for (let i = 0; i < 20; i++) {
      const architecture = sample(space, rng);
      assert.deepEqual(instantiator.build(architecture), instantiate(space, architecture, options));
    }
  });

  it('makes as much of a map of 32×32 as DARTS: 32, 16, 8', () => {
    const space = en2asSpace();
    const graph = instantiate(space, sample(space, Rng.fromSeed(1)), {
      scale: SEARCH_SCALE,
      weights: 'supernet',
    });
    const concats = graph.nodes.filter(({ op, inputs }) => op === 'concat' && inputs.length === 4);
    const shapes = concats.map(({ shape }) => shape.join('×'));
    const [normal, first, second] = ['32×32×64', '16×16×128', '8×8×256'] as const;
    assert.deepEqual(shapes, [normal, normal, first, first, first, second, second, second]);
  });

  it('computes a pair that is chosen twice once in a supernet, and counts it twice', () => {
    const space = en2asSpace({ cellNames: ['Normal'], numNodes: 1, net: netOf('Normal') });
    const twice = fromPairs(space, { Normal: 'sep3:0 sep3:0' });
    const scale: Scale = { ...SEARCH_SCALE, cells: 1 };
    const shared = instantiate(space, twice, { scale, weights: 'supernet' });
    const sum = shared.nodes.find(({ op }) => op === 'add');
    assert.equal(sum?.inputs.length, 2);
    assert.equal(sum.inputs[0], sum.inputs[1]);
    const own = instantiate(space, twice, { scale, weights: 'standalone' });
    assert.equal(own.nodes.filter(({ op }) => op === 'depthwise').length, 4);
    assert.equal(shared.nodes.filter(({ op }) => op === 'depthwise').length, 2);
  });

  it('drops none from sums, and makes a node of nothing but none a zero', () => {
    const space = en2asSpace({ cellNames: ['Normal'], numNodes: 2, net: netOf('Normal') });
    const architecture = fromPairs(space, { Normal: 'none:0 skip:1 | none:1 none:2' });
    const graph = instantiate(space, architecture, {
      scale: { ...SEARCH_SCALE, cells: 1 },
      weights: 'supernet',
    });
    assert.equal(graph.nodes.filter(({ op }) => op === 'add').length, 0);
    assert.equal(graph.nodes.filter(({ op }) => op === 'zero').length, 1);
    checkGraph(normalise(graph));
  });

  it('keeps what no output reads only when asked to', () => {
    const space = en2asSpace({ cellNames: ['Normal'], numNodes: 1, net: netOf('Normal') });
    const architecture = fromPairs(space, { Normal: 'none:0 skip:1' });
    const scale: Scale = { ...EVALUATE_SCALE, cells: 1, channels: 4, auxiliary: 0 };
    const dropped = cost(instantiate(space, architecture, { scale, weights: 'standalone' })).parameters;
    const kept = cost(
      instantiate(space, architecture, { scale, weights: 'standalone', dead: 'keep' }),
    ).parameters;
    // The preprocessing of s0: 12 · 4, γ and β.
    assert.equal(kept - dropped, 12 * 4 + 2 * 4);
  });

  it('adds the published auxiliary head, weighted', () => {
    const space = dartsSpace();
    const architecture = sample(space, Rng.fromSeed(3));
    const count = (auxiliary: number): number =>
      cost(
        instantiate(space, architecture, { scale: { ...EVALUATE_SCALE, auxiliary }, weights: 'standalone' }),
      ).parameters;
    // AuxiliaryHeadCIFAR behind 4 · 4 · 36 channels: 1×1 to 128, 2×2 to 768, two batch norms, linear.
    const head = 576 * 128 + 2 * 128 + 128 * 768 * 4 + 2 * 768 + 768 * 10 + 10;
    assert.equal(count(0.4) - count(0), head);
    const graph = instantiate(space, architecture, { scale: EVALUATE_SCALE, weights: 'standalone' });
    const scaled = graph.nodes.find(({ op }) => op === 'scale');
    assert.deepEqual(scaled?.attributes, { factor: 0.4 });
  });

  it('smooths labels where asked', () => {
    const space = quickstartSpace();
    const options = { scale: space.scales[0]!, weights: 'supernet', smoothing: 0.1 } as const;
    const graph = instantiate(space, sample(space, Rng.fromSeed(3)), options);
    assert.deepEqual(graph.nodes[graph.outputs['loss']!]!.attributes, { smoothing: 0.1 });
  });
});

describe('A space that does not fit together', () => {
  const call = (op: string, args: OpCall['arguments'] = {}): OpCall => ({ op, arguments: args });
  const withOp = (...chain: OpCall[]): SearchSpace =>
    dartsSpace({ ops: [...DARTS_OPS.slice(1), { name: 'mine', chain }] });
  const mistakes: [message: RegExp, space: SearchSpace][] = [
    [/^cell Normal, node x1, op mine: there is no op sep_cnov$/, withOp(call('sep_cnov'))],
    [/op mine: conv has no argument dilation$/, withOp(call('conv', { dilation: 2 }))],
    [/op mine: kernel of conv is 0$/, withOp(call('conv', { kernel: 0 }))],
    [
      /op mine: an even window 4x4 of conv cannot keep the size of its map$/,
      withOp(call('conv', { kernel: 4 })),
    ],
    [/node x1: its edges have different shapes, 32×32×16 and 32×32×32$/, withOp(call('conv', { out: 32 }))],
    [/node x1: its edges have different shapes, 32×32×16 and 16×16×16$/, withOp(call('conv', { stride: 2 }))],
    [
      /cell Reduce, node x1, op mine: the edge must halve the map, but no op on it can$/,
      withOp(call('relu')),
    ],
    [/op mine: linear needs a vector, got 32×32×16$/, withOp(call('linear'))],
    [
      /^step 1 of the net: linear needs a vector/,
      dartsSpace({ net: [{ kind: 'chain', role: 'stem', chain: [call('linear')] }] }),
    ],
    [
      /the net ends in 32×32×48, the task needs a vector of 10$/,
      dartsSpace({ net: netOf('Normal').slice(0, 1) }),
    ],
  ];
  for (const [message, space] of mistakes) {
    it(`is told where and why: ${message.source}`, () => {
      assert.throws(
        () => supernetWeights(space, SEARCH_SCALE),
        (error) => {
          assert.ok(error instanceof UnbuildableError);
          assert.match(error.message, message);
          assert.match(error.remedy, /^[A-Z].*\.$/);
          return true;
        },
      );
    });
  }
});

/** Stem, cells of one type, head. */
function netOf(
  cell: string,
): ReturnType<typeof dartsSpace>['template'] extends infer T
  ? T extends { net: infer N }
    ? N
    : never
  : never {
  const { template } = dartsSpace();
  assert.ok(template.kind === 'cells');
  return template.net.map((step) =>
    step.kind === 'cells' ? { ...step, special: [], otherwise: cell } : step,
  );
}

/** Ids, order and shapes are what the graph's type promises, and nothing is there in vain. */
function checkGraph({ nodes, outputs }: NetworkGraph): void {
  const read = new Set(Object.values(outputs));
  for (const [index, node] of nodes.entries()) {
    assert.equal(node.id, index);
    for (const input of node.inputs) {
      assert.ok(input < index);
      read.add(input);
    }
    const isRooted = node.op !== 'input' && !(node.op === 'zero' && node.inputs.length === 0);
    const inputs = node.inputs.map((id) => nodes[id]!.shape);
    if (isRooted) assert.deepEqual(shapeOf(node.op, inputs, node.attributes as never), node.shape);
  }
  for (const node of nodes) assert.ok(node.op === 'input' || read.has(node.id));
}
