import assert from 'node:assert/strict';
import { Rng } from '../../../src/base/rng.js';
import type { CellGenes } from '../../../src/engine/strategies/cell-genes.js';
import { cellGenesOf } from '../../../src/engine/strategies/cell-genes.js';
import { CountSampler } from '../../../src/engine/strategies/count-sampler.js';
import { makeSampler } from '../../../src/engine/strategies/make-sampler.js';
import { NoveltyAscent } from '../../../src/engine/strategies/novelty-ascent.js';
import type { NoveltyOptions } from '../../../src/engine/strategies/novelty-sampler.js';
import { NoveltySampler } from '../../../src/engine/strategies/novelty-sampler.js';
import { UniformSampler } from '../../../src/engine/strategies/uniform-sampler.js';
import { describeSamplerContract } from '../../contracts/sampler-contract.js';
import { distinctCell } from '../../fixtures/distinct-cell.js';
import { dartsSpace, en2asSpace } from '../../fixtures/spaces.js';

const NOVELTY: NoveltyOptions = {
  kind: 'novelty',
  mode: 'repaired',
  population: 40,
  sigma: 1,
  alpha: 1,
  k: 10,
  noises: 10,
  warmup: 40,
};

for (const config of [{ kind: 'uniform' }, NOVELTY, { kind: 'count', candidates: 20 }] as const) {
  describeSamplerContract(config.kind, (space, rng) => makeSampler(config, space, rng));
}

describe('the repaired novelty sampler', () => {
  it('raises the novelty of 100 cells by .04 at least over 3,000 steps and changes all of them', () => {
    const seeds = [0, 1, 2, 3, 4];
    const runs = seeds.map((seed) => ascend(seed));
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / seeds.length;
    const before = mean(runs.map((run) => run.before));
    const after = mean(runs.map((run) => run.after));
    // Measured independently with numpy: .745 and .819.
    assert.ok(Math.abs(before - 0.745) < 0.006, `random ${before}`);
    assert.ok(Math.abs(after - 0.819) < 0.008, `repaired ${after}`);
    assert.ok(after - before >= 0.04, `${after} − ${before}`);
    assert.deepEqual(
      runs.map(({ numChanged }) => numChanged),
      [100, 100, 100, 100, 100],
    );
  });

  it('draws its warm-up uniformly, at least as many paths as the population has rows', () => {
    const space = en2asSpace();
    const options = { ...NOVELTY, warmup: 10 };
    const [novelty, uniform] = [
      new NoveltySampler(space, options, Rng.fromSeed(2)),
      new UniformSampler(space, Rng.fromSeed(2)),
    ];
    for (let step = 0; step < 40; step++) assert.deepEqual(novelty.next(), uniform.next());
    assert.notDeepEqual(novelty.next(), uniform.next());
  });
});

describe('the count-based sampler', () => {
  it('balances the training of slots far better than chance', () => {
    const space = en2asSpace();
    const [counted, uniform] = [
      new CountSampler(space, { kind: 'count', candidates: 100 }, Rng.fromSeed(1)),
      new UniformSampler(space, Rng.fromSeed(1)),
    ];
    for (let step = 0; step < 500; step++) {
      counted.next();
      uniform.next();
    }
    // 500 cells: .960 and .575 ± .086 measured independently, with two different inputs per node.
    assert.ok(counted.facts().balance['Normal']! > 0.9, JSON.stringify(counted.facts()));
    assert.ok(uniform.facts().balance['Normal']! < 0.75, JSON.stringify(uniform.facts()));
  });
});

describe('genes of a cell', () => {
  it('are 16 numbers with the legal ranges of EN²AS', () => {
    const [normal] = cellGenesOf(en2asSpace(), 'novelty');
    assert.deepEqual(normal!.highs, [1, 7, 1, 7, 2, 7, 2, 7, 3, 7, 3, 7, 4, 7, 4, 7]);
  });

  it('round trip through options', () => {
    const rng = Rng.fromSeed(8);
    for (const space of [en2asSpace(), dartsSpace()]) {
      for (const cell of cellGenesOf(space, 'novelty')) {
        const path = new UniformSampler(space, rng.fork(cell.name)).next();
        const options = cell.optionsOf(path);
        assert.deepEqual(optionsOf(cell, genesOf(cell, options)), [...options]);
      }
    }
  });

  const CASES: readonly (readonly [string, readonly number[], readonly number[]])[] = [
    ['are rounded', [0.4, 2.6, 0.6, 1.4], [3, 9]],
    ['are clipped', [-3, 9.7, 44, -0.6], [7, 8]],
    ['are sorted', [1, 5, 0, 6], [6, 13]],
  ];
  for (const [what, genes, expected] of CASES) {
    it(what, () => {
      const [cell] = cellGenesOf(en2asSpace({ numNodes: 1, cellNames: ['Normal'] }), 'novelty');
      assert.deepEqual(optionsOf(cell!, genes), expected);
    });
  }

  it('move a second pair to the nearest free input where inputs must differ', () => {
    const [cell] = cellGenesOf(
      dartsSpace({ cellNames: ['Normal'], numInputs: 4, numNodes: 1, count: 3 }),
      'novelty',
    );
    assert.deepEqual(optionsOf(cell!, [1, 0, 1, 2, 1, 3]), [2, 7, 17]);
  });
});

/** Five seeds of the table: 100 cells with two different inputs per node, 3,000 steps. */
function ascend(seed: number): { before: number; after: number; numChanged: number } {
  const rng = Rng.fromSeed(seed);
  const [cell] = cellGenesOf(en2asSpace(), 'novelty');
  const ascent = new NoveltyAscent(cell!, { population: 100, sigma: 1, alpha: 1, k: 10, noises: 10 });
  const starts = Array.from({ length: 100 }, () => distinctCell(rng));
  starts.forEach((start, row) => ascent.replace(row, start));
  const before = ascent.meanNovelty();
  for (let step = 0; step < 3000; step++) {
    ascent.propose(rng);
    ascent.accept();
  }
  const numChanged = starts.filter((start, row) => start.join() !== ascent.row(row).join()).length;
  return { before, after: ascent.meanNovelty(), numChanged };
}

function genesOf(cell: CellGenes, options: Int16Array): Float64Array {
  const genes = new Float64Array(cell.highs.length);
  cell.toGenes(options, genes);
  return genes;
}

function optionsOf(cell: CellGenes, genes: ArrayLike<number>): number[] {
  const options = new Int16Array(cell.numSlots);
  cell.toOptions(genes, options);
  return [...options];
}
