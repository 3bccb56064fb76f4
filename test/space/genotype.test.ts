import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Rng } from '../../src/base/rng.js';
import { UserError } from '../../src/base/user-error.js';
import { genotypeText, parseGenotype, plainCells } from '../../src/space/genotype.js';
import { identify } from '../../src/space/identify.js';
import { sample } from '../../src/space/sample.js';
import { DARTS_V2, fromPairs } from '../fixtures/genotypes.js';
import { anySpace } from '../fixtures/random-spaces.js';
import { dartsSpace, nasBench201Space } from '../fixtures/spaces.js';

/** As in the DARTS code base, `cnn/genotypes.py`. */
const PUBLISHED = `DARTS_V2 = Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])`;

describe('A genotype', () => {
  const space = dartsSpace();

  it('as published is read', () => {
    assert.deepEqual(parseGenotype(space, PUBLISHED), fromPairs(space, DARTS_V2));
  });

  it('is written as DARTS writes it', () => {
    assert.match(
      genotypeText(space, fromPairs(space, DARTS_V2)),
      /^Genotype\(normal=\[\('sep_conv_3x3', 0\), \('sep_conv_3x3', 1\), .*\], normal_concat=range\(2, 6\), reduce=\[.*\], reduce_concat=range\(2, 6\)\)$/,
    );
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(anySpace(), fc.integer({ min: 0, max: 1e6 }), (any, seed) => {
        const architecture = sample(any, Rng.fromSeed(seed));
        assert.deepEqual(parseGenotype(any, genotypeText(any, architecture)), architecture);
      }),
      { seed: 31, numRuns: 150 },
    );
  });

  const bad: [why: RegExp, text: string][] = [
    [/it has no list "normal=\[…\]"/, 'Genotype()'],
    [/cell Normal has 8 edges, the genotype names 1/, "Genotype(normal=[('skip_connect', 0)])"],
    [/cell Normal has no op sep_conv_7x7/, PUBLISHED.replace('sep_conv_3x3', 'sep_conv_7x7')],
    [/a node of cell Normal cannot read node 2/, PUBLISHED.replace("'sep_conv_3x3', 0", "'sep_conv_3x3', 2")],
    [/Normal\.x\[1\]: an input is chosen twice/, PUBLISHED.replace("'sep_conv_3x3', 0", "'sep_conv_3x3', 1")],
  ];
  for (const [why, text] of bad) {
    it(`of another space is refused: ${why.source}`, () => {
      assert.throws(
        () => parseGenotype(space, text),
        (error) => error instanceof UserError && why.test(error.message),
      );
    });
  }
});

describe('Plain cells', () => {
  it('name sources and ops as the space does', () => {
    const space = nasBench201Space();
    assert.deepEqual(plainCells(space, { kind: 'choices', space: space.id, values: [0, 1, 2, 3, 4, 0] }), {
      Cell: {
        x1: [['x0', 'none']],
        x2: [
          ['x0', 'skip'],
          ['x1', 'c1'],
        ],
        x3: [
          ['x0', 'c3'],
          ['x1', 'avg_pool_3x3'],
          ['x2', 'none'],
        ],
      },
    });
  });
});

describe('identify', () => {
  it('tells spaces of different content apart, whatever the order of their keys', () => {
    const { name, input, task, template, decisions, rules, scales } = dartsSpace();
    const space = { name, input, task, template, decisions, rules, scales };
    const reordered = Object.fromEntries(Object.entries(space).reverse()) as typeof space;
    assert.match(identify(space).id, /^Darts-[0-9a-f]{8}$/);
    assert.equal(identify(reordered).id, identify(space).id);
    assert.notEqual(identify({ ...space, decisions: space.decisions.slice(1) }).id, identify(space).id);
  });
});
