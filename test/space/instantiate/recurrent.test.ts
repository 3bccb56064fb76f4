import assert from 'node:assert/strict';
import { Rng } from '../../../src/base/rng.js';
import { UserError } from '../../../src/base/user-error.js';
import { cost } from '../../../src/graph/cost.js';
import { instantiateRecurrent } from '../../../src/space/instantiate/recurrent.js';
import { sample } from '../../../src/space/sample.js';
import { dartsSpace, recurrentSpace } from '../../fixtures/spaces.js';

describe('A recurrent cell', () => {
  const published: [name: string, vocabulary: number, hidden: number, expected: number][] = [
    ['Penn Treebank', 10_000, 850, 22_960_000],
    ['WikiText-2', 33_278, 700, 33_127_878],
    ['the search on Penn Treebank', 10_000, 300, 4_810_000],
  ];
  for (const [name, vocabulary, hidden, expected] of published) {
    it(`has the published number of parameters for ${name}`, () => {
      const space = recurrentSpace(vocabulary, hidden);
      const graph = instantiateRecurrent(space, sample(space, Rng.fromSeed(1)));
      assert.equal(cost(graph).parameters, expected);
      assert.deepEqual(graph.nodes[graph.outputs['hidden']!]!.shape, [hidden]);
      assert.deepEqual(graph.nodes[graph.outputs['logits']!]!.shape, [vocabulary]);
    });
  }

  it('follows its genotype', () => {
    const space = recurrentSpace(5, 2);
    // Node i reads node i − 1; activations tanh, relu, sigmoid, identity in turn.
    const values = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => i * 4 + (i % 4));
    const graph = instantiateRecurrent(space, { kind: 'choices', space: space.id, values });
    const count = (op: string): number => graph.nodes.filter((node) => node.op === op).length;
    // One tanh more for s0; 9 gates are sigmoids.
    assert.deepEqual([count('tanh'), count('relu'), count('sigmoid')], [3, 2, 9 + 2]);
    assert.equal(graph.nodes.find(({ op }) => op === 'mean')?.inputs.length, 8);
  });

  it('is not made of a space of cells', () => {
    const space = dartsSpace();
    assert.throws(() => instantiateRecurrent(space, sample(space, Rng.fromSeed(1))), UserError);
  });
});
