import assert from 'node:assert/strict';
import { sketchCells, sketchNetwork, sketchSpace } from '../../src/drawing/architecture.js';
import { drawNetwork } from '../../src/drawing/network.js';
import type { CellSketch } from '../../src/protocol/drawing.js';
import type { ChoiceArchitecture } from '../../src/space/architecture.js';
import { DARTS_V2, fromPairs } from '../fixtures/genotypes.js';
import { EVALUATE_SCALE, dartsSpace, nasBench201Space } from '../fixtures/spaces.js';

const edgesOf = (cell: CellSketch): string[] =>
  cell.nodes.flatMap(({ name, edges }) =>
    edges.map(
      ({ from, op, family, stride }) => `${name} ← ${from}: ${op} (${family})${stride === 2 ? ' ↓2' : ''}`,
    ),
  );

describe('sketchCells', () => {
  it('gives the published reduction cell of DARTS its short names, families and strides', () => {
    const space = dartsSpace();
    const [, reduction] = sketchCells(space, fromPairs(space, DARTS_V2));
    assert.deepEqual(reduction!.inputs, ['c(k−2)', 'c(k−1)']);
    assert.deepEqual(reduction!.output, { name: 'c(k)', merge: 'concat', from: ['0', '1', '2', '3'] });
    assert.deepEqual(edgesOf(reduction!), [
      '0 ← c(k−2): max 3×3 (max_pool) ↓2',
      '0 ← c(k−1): max 3×3 (max_pool) ↓2',
      '1 ← c(k−1): max 3×3 (max_pool) ↓2',
      '1 ← 0: skip (skip)',
      '2 ← c(k−2): max 3×3 (max_pool) ↓2',
      '2 ← 0: skip (skip)',
      '3 ← c(k−1): max 3×3 (max_pool) ↓2',
      '3 ← 0: skip (skip)',
    ]);
  });

  it('names an op of several calls as the space does, by the family of what counts in it', () => {
    const space = nasBench201Space();
    const values = [0, 1, 2, 3, 4, 0];
    const architecture: ChoiceArchitecture = { kind: 'choices', space: space.id, values };
    const [cell] = sketchCells(space, architecture);
    assert.equal(edgesOf(cell!).length, 6);
    const looks = new Set(
      cell!.nodes.flatMap(({ edges }) => edges.map(({ op, family }) => `${op}: ${family}`)),
    );
    assert.deepEqual(
      looks,
      new Set(['none: none', 'skip: skip', 'c1: conv', 'c3: conv', 'avg 3×3: avg_pool']),
    );
  });
});

describe('sketchSpace', () => {
  it('puts a question mark on every edge that may be chosen', () => {
    const [normal] = sketchSpace(dartsSpace());
    assert.equal(edgesOf(normal!).length, 2 + 3 + 4 + 5);
    assert.equal(edgesOf(normal!)[0], '0 ← c(k−2): ? (plain)');
  });
});

describe('The strip of a net', () => {
  it('collapses repeats and tells the shape after each step', () => {
    const drawing = drawNetwork(sketchNetwork(dartsSpace(), EVALUATE_SCALE));
    const labels = drawing.nodes.map(({ label }) => label);
    assert.deepEqual(labels, ['image', 'stem', 'N ×6', 'R', 'N ×6', 'R', 'N ×6', 'head']);
    assert.deepEqual(
      drawing.texts.map(({ text }) => text),
      [
        'Darts, C = 36, 20 cells',
        '32×32×3',
        '32×32×108',
        '32×32×144',
        '16×16×288',
        '16×16×288',
        '8×8×576',
        '8×8×576',
        '10',
      ],
    );
    assert.match(
      drawing.description,
      /image \(32×32×3\), then stem \(32×32×108\), then N 6 times \(32×32×144\)/,
    );
  });

  it('keeps steps of one name apart where their shapes differ', () => {
    const step = { label: 'N', role: 'cell' } as const;
    const drawing = drawNetwork({
      name: 'net',
      input: { label: 'image', shape: '8×8×1' },
      steps: [
        { ...step, shape: '8×8×4' },
        { ...step, shape: '4×4×8' },
        { ...step, shape: '4×4×8' },
      ],
    });
    assert.deepEqual(
      drawing.nodes.map(({ label }) => label),
      ['image', 'N', 'N ×2'],
    );
  });
});
