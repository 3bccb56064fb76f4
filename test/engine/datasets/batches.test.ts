import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import fc from 'fast-check';
import { Rng } from '../../../src/base/rng.js';
import type { BatchRecipe } from '../../../src/engine/datasets/batch-assembly.js';
import { batchAssembler } from '../../../src/engine/datasets/batch-assembly.js';
import {
  evaluationBatches,
  NO_AUGMENTATION,
  plainTrainingBatches,
  trainingBatches,
} from '../../../src/engine/datasets/batches.js';
import type { BatchSource } from '../../../src/engine/datasets/data.js';
import type { Augmentation } from '../../../src/protocol/run-config.js';
import { randomData, withFolder } from './made-data.js';

const FULL: Augmentation = { crop: 4, flip: true, cutout: 6 };

describe('training batches', () => {
  const data = randomData(50, 9, 7, 3);
  const options = { batch: 8, augmentation: FULL };

  it('contain every image at most once per epoch, drop the rest, and change order between epochs', () => {
    // One-pixel images that hold their own number.
    const numbers = Uint8Array.from({ length: 50 }, (_, i) => i);
    const train = {
      kind: 'train',
      count: 50,
      height: 1,
      width: 1,
      channels: 1,
      images: numbers,
      labels: numbers,
    } as const;
    const source = plainTrainingBatches(
      { numClasses: 50, train, validation: { ...train, kind: 'validation' }, mean: [0], std: [1] },
      { batch: 8, augmentation: NO_AUGMENTATION },
      Rng.fromSeed(5),
    );
    assert.equal(source.batchesPerEpoch, 6);
    const epochs = [0, 6].map((first) =>
      Array.from({ length: 6 }, (_, i) => {
        const { images, labels } = source.batch(first + i);
        assert.deepEqual(
          [...images].map((value) => Math.round(value * 255)),
          [...labels],
        );
        return [...labels];
      }).flat(),
    );
    for (const labels of epochs) assert.equal(new Set(labels).size, 48);
    assert.notDeepEqual(epochs[0], epochs[1]);
  });

  it('have the same bits from the worker as in the thread, in any order of indices', async () => {
    const plain = plainTrainingBatches(data, options, Rng.fromSeed(3));
    const expected = Array.from({ length: 40 }, (_, index) => copyOf(plain, index));
    using ahead = trainingBatches(data, options, Rng.fromSeed(3));
    await servingWorker(ahead);
    const index = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.integer({ min: 0, max: 38 }));
    fc.assert(
      fc.property(fc.array(index, { minLength: 1, maxLength: 60 }), (jumps) => {
        let next = 0;
        for (const jump of jumps) {
          next = jump ?? (next + 1) % 40;
          assert.deepEqual(copyOf(ahead, next), expected[next], `batch ${next}`);
        }
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('are right while the worker still starts', () => {
    using ahead = trainingBatches(data, options, Rng.fromSeed(3));
    const plain = plainTrainingBatches(data, options, Rng.fromSeed(3));
    for (const index of [0, 1, 2, 30, 3]) assert.deepEqual(copyOf(ahead, index), copyOf(plain, index));
  });

  it('stay valid until the next call, however far the worker is ahead', async () => {
    using ahead = trainingBatches(data, options, Rng.fromSeed(3));
    await servingWorker(ahead);
    const plain = plainTrainingBatches(data, options, Rng.fromSeed(3));
    for (let index = 0; index < 12; index++) {
      const batch = ahead.batch(index);
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.deepEqual([...batch.images], [...plain.batch(index).images]);
    }
  });

  it('follow from the key of the Rng alone, not from what was drawn of it', () => {
    const rng = Rng.fromSeed(3);
    rng.uint32();
    assert.deepEqual(
      copyOf(plainTrainingBatches(data, options, rng), 4),
      copyOf(plainTrainingBatches(data, options, Rng.fromSeed(3)), 4),
    );
    assert.notDeepEqual(
      copyOf(plainTrainingBatches(data, options, Rng.fromSeed(4)), 4),
      copyOf(plainTrainingBatches(data, options, Rng.fromSeed(3)), 4),
    );
  });

  it('are refused if the split is smaller than a batch or the augmentation larger than the image', () => {
    const cases: readonly [Parameters<typeof plainTrainingBatches>[1], RegExp][] = [
      [{ batch: 51, augmentation: FULL }, /50 images, fewer than one batch of 51/],
      [
        { batch: 8, augmentation: { ...FULL, crop: 8 } },
        /crop 8, cutout 6\) is too large for images of 9 × 7/,
      ],
      [{ batch: 8, augmentation: { ...FULL, cutout: 15 } }, /crop 4, cutout 15\) is too large/],
    ];
    for (const [wrong, message] of cases) {
      assert.throws(() => plainTrainingBatches(data, wrong, Rng.fromSeed(1)), message);
    }
  });

  it('come from the worker in a bundle too, with batch-worker.mjs beside it', () =>
    withFolder(async (folder) => {
      const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
      const shared = {
        bundle: true,
        platform: 'node',
        format: 'esm',
        minify: true,
        keepNames: true,
      } as const;
      const worker = at('../../../src/engine/datasets/batch-worker.ts');
      const batches = at('../../../src/engine/datasets/batches.ts');
      await build({ ...shared, entryPoints: [worker], outfile: join(folder, 'batch-worker.mjs') });
      await build({ ...shared, entryPoints: [batches], outfile: join(folder, 'batches.mjs') });
      const bundled = (await import(pathToFileURL(join(folder, 'batches.mjs')).href)) as {
        trainingBatches: typeof trainingBatches;
      };
      using ahead = bundled.trainingBatches(data, options, Rng.fromSeed(3));
      await servingWorker(ahead);
      assert.deepEqual(copyOf(ahead, 7), copyOf(plainTrainingBatches(data, options, Rng.fromSeed(3)), 7));
    }));

  it('do not keep the process alive', () => {
    const from = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
    const script = `
      import { Rng } from ${from('../../../src/base/rng.ts')};
      import { trainingBatches } from ${from('../../../src/engine/datasets/batches.ts')};
      import { randomData, withFolder } from ${from('./made-data.ts')};
      const source = trainingBatches(randomData(50, 9, 7, 3), ${JSON.stringify(options)}, Rng.fromSeed(1));
      source.batch(0);
      console.log('end of script');`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'end of script\n', stderr: '' });
  });
});

describe('augmentation', () => {
  const shape = fc.record({
    height: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 1, max: 3 }),
    crop: fc.integer({ min: 0, max: 4 }),
    flip: fc.boolean(),
    cutout: fc.integer({ min: 0, max: 8 }),
    seed: fc.nat(),
  });

  it('equals pad, crop, flip, normalise and cutout written out one after the other', () => {
    fc.assert(
      fc.property(shape, ({ height, width, channels, crop, flip, cutout, seed }) => {
        const { train: split, mean, std } = randomData(6, height, width, channels);
        const recipe = {
          split,
          statistics: { mean, std },
          batch: 4,
          augmentation: { crop, flip, cutout },
          seed,
        };
        const images = new Float32Array(4 * height * width * channels);
        batchAssembler(recipe)(2, images, new Int32Array(4));
        assert.deepEqual([...images], naiveBatch(recipe, 2));
      }),
      { seed: 21, numRuns: 300 },
    );
  });

  it('uses each shift about equally often', () => {
    const side = 5;
    const images = new Uint8Array(side * side).fill(255);
    const split = {
      kind: 'train',
      count: 1,
      height: side,
      width: side,
      channels: 1,
      images,
      labels: new Uint8Array(1),
    } as const;
    const draws = 9000;
    const shiftsOf = new Map<string, number>();
    const target = new Float32Array(side * side);
    const recipe: BatchRecipe = {
      split,
      statistics: { mean: [0], std: [1] },
      batch: 1,
      augmentation: { crop: 1, flip: false, cutout: 0 },
      seed: 9,
    };
    const assemble = batchAssembler(recipe);
    for (let index = 0; index < draws; index++) {
      assemble(index, target, new Int32Array(1));
      const row = (y: number): number => target.subarray(y * side, (y + 1) * side).reduce((a, b) => a + b, 0);
      const column = (x: number): number =>
        target.reduce((sum, value, i) => sum + (i % side === x ? value : 0), 0);
      const key = [row(0), row(side - 1), column(0), column(side - 1)]
        .map((sum) => (sum === 0 ? 0 : 1))
        .join('');
      shiftsOf.set(key, (shiftsOf.get(key) ?? 0) + 1);
    }
    assert.equal(shiftsOf.size, 9);
    for (const [key, count] of shiftsOf) assert.ok(Math.abs(count - 1000) < 150, `${key}: ${count}`);
  });
});

describe('evaluation batches', () => {
  it('go through the split in its order, the last one smaller, normalised and not augmented', () => {
    const { validation, mean, std } = randomData(50, 3, 4, 2);
    const source = evaluationBatches(validation, { mean, std }, 16);
    assert.equal(source.batchesPerEpoch, 4);
    const values: number[] = [];
    const sizes: number[] = [];
    for (let index = 0; index < 4; index++) {
      const { images, labels } = source.batch(index);
      sizes.push(labels.length);
      values.push(...images);
      assert.deepEqual([...labels], [...validation.labels.subarray(16 * index, 16 * index + labels.length)]);
    }
    assert.deepEqual(sizes, [16, 16, 16, 2]);
    const expected = Array.from(validation.images, (value, i) =>
      Math.fround((value / 255 - mean[i % 2]!) / std[i % 2]!),
    );
    assert.deepEqual(values, expected);
    assert.deepEqual(copyOf(source, 5), copyOf(source, 1));
  });

  it('stop after the images asked for', () => {
    const { validation, mean, std } = randomData(50, 3, 4, 2);
    const source = evaluationBatches(validation, { mean, std }, 16, 20);
    assert.deepEqual([source.batchesPerEpoch, source.batch(1).labels.length], [2, 4]);
  });
});

function copyOf(source: BatchSource, index: number): { images: number[]; labels: number[] } {
  const { images, labels } = source.batch(index);
  return { images: [...images], labels: [...labels] };
}

/** Waits until batches come from the worker: then they lie in shared memory. */
async function servingWorker(source: BatchSource): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (source.batch(turn % 2).images.buffer instanceof SharedArrayBuffer) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('The worker did not start.');
}

/** As DARTS' torchvision transforms, one step at a time, with the random numbers of the (epoch, position). */
function naiveBatch(recipe: BatchRecipe, index: number): number[] {
  const { split, statistics, batch, augmentation, seed } = recipe;
  const { height, width, channels } = split;
  const { crop, flip, cutout } = augmentation;
  const perEpoch = Math.floor(split.count / batch);
  const epoch = Math.floor(index / perEpoch);
  const order = Rng.fromSeed(seed).fork('order').fork(epoch).permutation(split.count);
  const result: number[] = [];
  for (let b = 0; b < batch; b++) {
    const position = (index % perEpoch) * batch + b;
    const rng = Rng.fromSeed(seed).fork('augmentation').fork(epoch).fork(position);
    const raw = (y: number, x: number, c: number): number =>
      split.images[((order[position]! * height + y) * width + x) * channels + c]!;
    const padded = (y: number, x: number, c: number): number => {
      const [rawY, rawX] = [y - crop, x - crop];
      return rawY >= 0 && rawY < height && rawX >= 0 && rawX < width ? raw(rawY, rawX, c) : 0;
    };
    const [top, left] = crop > 0 ? [rng.below(2 * crop + 1), rng.below(2 * crop + 1)] : [0, 0];
    const cropped = (y: number, x: number, c: number): number => padded(top + y, left + x, c);
    const mirrored = flip && rng.below(2) === 1;
    const flipped = (y: number, x: number, c: number): number => cropped(y, mirrored ? width - 1 - x : x, c);
    const [centreY, centreX] = cutout > 0 ? [rng.below(height), rng.below(width)] : [0, 0];
    const isCut = (at: number, centre: number): boolean =>
      at >= centre - Math.floor(cutout / 2) && at < centre - Math.floor(cutout / 2) + cutout;
    for (let i = 0; i < height * width * channels; i++) {
      const [y, x, c] = [Math.floor(i / channels / width), Math.floor(i / channels) % width, i % channels];
      const value = (flipped(y, x, c) / 255 - statistics.mean[c]!) / statistics.std[c]!;
      result.push(isCut(y, centreY) && isCut(x, centreX) ? 0 : Math.fround(value));
    }
  }
  return result;
}
