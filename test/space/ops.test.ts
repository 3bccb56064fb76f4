import assert from 'node:assert/strict';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Shape } from '../../src/graph/network-graph.js';
import type { ChainSite } from '../../src/space/instantiate/chain.js';
import { expandChain } from '../../src/space/instantiate/chain.js';
import { COMPOSITE_OPS } from '../../src/space/ops/index.js';
import type { OpCall } from '../../src/space/search-space.js';

const SITE: ChainSite = {
  place: {},
  prefix: 'w',
  stride: 1,
  channels: 5,
  factorise: false,
  affine: false,
  poolNorm: false,
  classes: 10,
  vocabulary: 100,
  baseChannels: 8,
};
const MAP: Shape = [7, 9, 5];
const SEPARABLE = 'relu depthwise conv batch_norm';
const REDUCTION = 'shift conv conv concat';

describe('The primitives of an op', () => {
  type Case = [
    op: string,
    args: OpCall['arguments'],
    site: Partial<ChainSite>,
    primitives: string,
    shape: Shape,
  ];
  const cases: Case[] = [
    ['conv', {}, {}, 'conv', [7, 9, 5]],
    ['conv', { out: { channels: 3 } }, { stride: 2 }, 'conv', [4, 5, 24]],
    ['conv', { kernel: 1, stride: 2 }, {}, 'conv', [4, 5, 5]],
    ['conv', { kernel: 1 }, { stride: 2, factorise: true }, REDUCTION, [4, 5, 5]],
    ['conv', { kernel: 3 }, { stride: 2, factorise: true }, 'conv', [4, 5, 5]],
    ['sep_conv', { kernel: 5 }, { stride: 2 }, `${SEPARABLE} ${SEPARABLE}`, [4, 5, 5]],
    ['sep_conv', { repeat: 1 }, { channels: 8 }, SEPARABLE, [7, 9, 8]],
    ['dil_conv', { kernel: 5 }, { stride: 2 }, SEPARABLE, [4, 5, 5]],
    ['max_pool', {}, { stride: 2 }, 'max_pool', [4, 5, 5]],
    ['avg_pool', { kernel: 5 }, { poolNorm: true }, 'avg_pool batch_norm', [7, 9, 5]],
    ['skip', {}, {}, '', [7, 9, 5]],
    ['skip', {}, { stride: 2 }, `relu ${REDUCTION} batch_norm`, [4, 5, 5]],
    ['skip', {}, { stride: 2, channels: 1 }, 'relu shift conv batch_norm', [4, 5, 1]],
    ['none', {}, { stride: 2 }, 'zero', [4, 5, 5]],
    ['bn', {}, {}, 'batch_norm', [7, 9, 5]],
    ['gap', {}, {}, 'global_pool', [5]],
    ['relu', {}, {}, 'relu', [7, 9, 5]],
    ['tanh', {}, {}, 'tanh', [7, 9, 5]],
    ['sigmoid', {}, {}, 'sigmoid', [7, 9, 5]],
    ['identity', {}, {}, '', [7, 9, 5]],
    ['resblock', { out: 6 }, {}, 'relu conv batch_norm relu conv batch_norm avg_pool conv add', [4, 5, 6]],
    ['resblock', { stride: 1 }, {}, 'relu conv batch_norm relu conv batch_norm add', [7, 9, 5]],
    [
      'resblock',
      { out: 6, stride: 1 },
      {},
      'relu conv batch_norm relu conv batch_norm conv batch_norm add',
      [7, 9, 6],
    ],
  ];
  for (const [op, args, site, primitives, shape] of cases) {
    it(`are known: ${op} ${JSON.stringify(args)} ${JSON.stringify(site)}`, () => {
      const builder = new GraphBuilder();
      const result = expandChain(builder, builder.input('x', MAP), [{ op, arguments: args }], {
        ...SITE,
        ...site,
      });
      const names = builder
        .build({})
        .nodes.slice(1)
        .map((node) => node.op);
      assert.equal(names.join(' '), primitives);
      assert.deepEqual(builder.shape(result), shape);
    });
  }

  it('of vectors and tokens', () => {
    const builder = new GraphBuilder();
    const token = builder.input('token', []);
    const logits = expandChain(
      builder,
      token,
      [
        { op: 'embed', arguments: { dim: 6 } },
        { op: 'linear', arguments: {} },
      ],
      SITE,
    );
    assert.deepEqual(builder.shape(logits), [10]);
  });

  it('take the stride of an edge once, in the first op that can', () => {
    const builder = new GraphBuilder();
    const chain = ['relu', 'conv', 'conv', 'skip'].map((op) => ({ op, arguments: {} }));
    const result = expandChain(builder, builder.input('x', MAP), chain, { ...SITE, stride: 2 });
    assert.deepEqual(builder.shape(result), [4, 5, 5]);
  });

  it('of a factorised reduction split an odd number of channels into floor and ceiling', () => {
    const builder = new GraphBuilder();
    expandChain(builder, builder.input('x', MAP), [{ op: 'skip', arguments: {} }], { ...SITE, stride: 2 });
    const outs = builder.build({}).nodes.flatMap((node) => (node.op === 'conv' ? node.attributes.out : []));
    assert.deepEqual(outs, [2, 3]);
  });

  it('are tested for every op of the table', () => {
    const tested = new Set(cases.map(([op]) => op));
    const untested = [...COMPOSITE_OPS.keys()].filter((op) => !tested.has(op));
    assert.deepEqual(untested, ['linear', 'embed']);
  });
});
