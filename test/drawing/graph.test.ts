import assert from 'node:assert/strict';
import { drawGraph } from '../../src/drawing/graph.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { instantiate } from '../../src/space/instantiate/instantiator.js';
import { DARTS_V2, fromPairs } from '../fixtures/genotypes.js';
import { SEARCH_SCALE, dartsSpace } from '../fixtures/spaces.js';

describe('drawGraph', () => {
  it('shows ops with windows, shapes where they change, feeds and outputs', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [8, 8, 2]);
    const filter = builder.add('depthwise', [x], { kernel: 3, stride: 2, padding: 2, dilation: 2 });
    const y = builder.add('relu', [filter], {});
    const { nodes, edges } = drawGraph(builder.build({ y }), 'net');
    assert.deepEqual(
      nodes.map(({ label, detail, family }) => [label, detail, family]),
      [
        ['x', '8×8×2', undefined],
        ['depthwise 3×3 dil 2 ↓2', '4×4×2', 'sep_conv'],
        ['relu', undefined, 'activation'],
        ['y', undefined, undefined],
      ],
    );
    assert.deepEqual(
      edges.map(({ from, to }) => [from, to]),
      [
        ['n0', 'n1'],
        ['n1', 'n2'],
        ['n2', 'out0'],
      ],
    );
  });

  it('leads every edge of a whole network down', () => {
    const space = dartsSpace();
    const scale = { ...SEARCH_SCALE, cells: 2 };
    const graph = instantiate(space, fromPairs(space, DARTS_V2), { scale, weights: 'standalone' });
    const { nodes, edges } = drawGraph(graph, 'DARTS_V2');
    assert.equal(nodes.length, graph.nodes.length + 2);
    const heights = new Map(nodes.map(({ id, y }) => [id, y]));
    for (const { from, to } of edges) assert.ok(heights.get(from)! < heights.get(to)!);
  });
});
