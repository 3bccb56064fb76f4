import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import type { RunData } from '../../../src/engine/datasets/data.js';
import { defaultDataFolder } from '../../../src/engine/datasets/data-folder.js';
import { loadData } from '../../../src/engine/datasets/load-data.js';
import type { DataConfig } from '../../../src/protocol/run-config.js';
import { dataConfig, idxLabels, load, withFolder, withIdx, words } from './made-data.js';
import { rejects } from './rejects.js';

describe('loadData: digits', () => {
  let data: RunData;
  before(async () => {
    data = await load(dataConfig({ train: 0.6, validation: 0.2 }));
  });

  it('are the 10,000 images of the npm package, split by shares', () => {
    const { description, ...facts } = data.facts;
    assert.deepEqual(facts, { name: 'digits', hash: facts.hash, train: 6000, validation: 2000, test: 2000 });
    assert.match(description, /first 10,000 MNIST training images/);
  });

  it('have the class counts of the first 10,000 MNIST training images', () => {
    const counts = new Array<number>(10).fill(0);
    for (const split of splitsOf(data)) for (const label of split.labels) counts[label]!++;
    assert.deepEqual(counts, [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
  });

  it('have their content hash, which no seed, share or limit changes', async () => {
    const other = await load(dataConfig({ limit: 300 }), 8);
    assert.equal(data.facts.hash, 'c17b3bb829ac85e0ff5dedc2b554da086c287cc57ad11e3395c49cac871db08d');
    assert.equal(other.facts.hash, data.facts.hash);
  });

  it('contain the image MNIST begins with: line 5 of the first "5", to the byte', () => {
    const line = [3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127];
    const found = splitsOf(data).some((split) => findLine(split.images, line, 5 * 28 + 12));
    assert.ok(found);
  });

  it('are split by seed: the same seed gives the same bits, another seed other splits', async () => {
    const config = dataConfig({ train: 0.6, validation: 0.2 });
    const [again, other] = [await load(config), await load(config, 2)];
    assert.deepEqual(again.search.train.labels, data.search.train.labels);
    assert.deepEqual(again.heldOut.test.images, data.heldOut.test.images);
    assert.notDeepEqual(other.search.train.labels, data.search.train.labels);
  });

  it('normalise to mean 0 and variance 1 over the training split', () => {
    const { train, mean, std } = data.search;
    const values = Float64Array.from(train.images, (value) => (value / 255 - mean[0]!) / std[0]!);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    assert.ok(Math.abs(average) < 1e-9 && Math.abs(variance - 1) < 1e-9, `${average} ${variance}`);
  });

  it('are asked for again if their file is missing', () =>
    rejects(
      loadData(dataConfig({}), {
        seed: 1,
        dataFolder: '/nowhere/data',
        digitsUrl: pathToFileURL('/nowhere/d.gz'),
      }),
      /built-in digits are missing: \/nowhere\/d\.gz/,
    ));
});

describe('loadData: splits', () => {
  it('are disjoint and of the rounded sizes, for any shares, limit and seed', async () => {
    await withFolder(async (folder) => {
      // Image i holds the number i, so that images are told apart.
      const pixels = Buffer.from(Array.from({ length: 200 }, (_, i) => i));
      await writeFile(
        join(folder, 'train-images-idx3-ubyte'),
        Buffer.concat([words(0x0803, 200, 1, 1), pixels]),
      );
      await writeFile(
        join(folder, 'train-labels-idx1-ubyte'),
        idxLabels(Array.from({ length: 200 }, (_, i) => i % 10)),
      );
      const shares = fc.record({
        train: fc.integer({ min: 10, max: 60 }),
        validation: fc.integer({ min: 10, max: 30 }),
        limit: fc.integer({ min: 20, max: 250 }),
        seed: fc.nat(),
      });
      await fc.assert(
        fc.asyncProperty(shares, async ({ train, validation, limit, seed }) => {
          const data = await load(
            dataConfig({ name: 'idx', folder, train: train / 100, validation: validation / 100, limit }),
            seed,
          );
          const used = splitsOf(data).flatMap((split) => [...split.images]);
          const expected = Math.min(limit, 200);
          assert.equal(new Set(used).size, used.length);
          assert.equal(used.length, expected);
          assert.equal(data.facts.train, Math.round((train / 100) * expected));
          for (const split of splitsOf(data)) {
            split.images.forEach((image, i) => {
              assert.equal(split.labels[i], image % 10);
            });
          }
        }),
        { seed: 11, numRuns: 50 },
      );
    });
  });

  it('leave the test file alone and shrink it in proportion to the limit', async () => {
    await withIdx({ train: 60, test: 20 }, async (folder) => {
      const all = await load(dataConfig({ name: 'idx', folder, train: 0.75, validation: 0.25 }));
      assert.deepEqual([all.facts.train, all.facts.validation, all.facts.test], [45, 15, 20]);
      const some = await load(dataConfig({ name: 'idx', folder, train: 0.75, validation: 0.25, limit: 40 }));
      assert.deepEqual([some.facts.train, some.facts.validation, some.facts.test], [23, 7, 10]);
    });
  });

  const wrong: readonly [string, Partial<DataConfig>, RegExp][] = [
    ['shares above 1 in sum', { train: 0.8, validation: 0.3 }, /0\.8 \+ 0\.3 \+ 0; .* at most 1/],
    ['a negative share', { train: -0.1 }, /each must be from 0 to 1/],
    ['nothing left for the test', { train: 0.7, validation: 0.3 }, /test split of 10000 images is empty/],
    ['a limit that leaves a split empty', { limit: 1 }, /split of 1 images is empty/],
    ['an unknown name', { name: 'imagenet' }, /There is no data set "imagenet"/],
  ];
  for (const [what, changes, message] of wrong) {
    it(`are refused for ${what}`, () => rejects(load(dataConfig(changes)), message));
  }

  it('are refused for a test share where there is a test file', async () => {
    await withIdx({ train: 60, test: 20 }, (folder) =>
      rejects(load(dataConfig({ name: 'idx', folder, test: 0.2 })), /has test files of its own/),
    );
  });
});

describe('defaultDataFolder', () => {
  const cases: readonly [string | undefined, string][] = [
    [undefined, '/home/ann/.local/share/cellsmith/data'],
    ['/data', '/data/cellsmith/data'],
    ['relative', '/home/ann/.local/share/cellsmith/data'],
  ];
  for (const [variable, expected] of cases) {
    it(`is ${expected} for XDG_DATA_HOME ${variable ?? 'unset'}`, () => {
      assert.equal(defaultDataFolder({ XDG_DATA_HOME: variable }, '/home/ann'), expected);
    });
  }
});

function splitsOf({
  search,
  heldOut,
}: RunData): readonly { readonly images: Uint8Array; readonly labels: Uint8Array }[] {
  return [search.train, search.validation, heldOut.test];
}

function findLine(images: Uint8Array, line: readonly number[], at: number): boolean {
  for (let from = at; from < images.length; from += 784) {
    if (line.every((value, i) => images[from + i] === value)) return true;
  }
  return false;
}
