import { assert } from '../../base/assert.js';
import type { Rng } from '../../base/rng.js';
import { UserError } from '../../base/user-error.js';
import type { Augmentation } from '../../protocol/run-config.js';
import type { BatchRecipe } from './batch-assembly.js';
import { batchAssembler, batchesPerEpoch } from './batch-assembly.js';
import type { BatchSource, SearchData, Split } from './data.js';
import type { ChannelStatistics } from './normalisation.js';
import { normalisationTable } from './normalisation.js';
import { prefetchedBatches } from './prefetch.js';

export interface TrainingBatchOptions {
  /** Images per batch. */
  readonly batch: number;
  readonly augmentation: Augmentation;
}

/** @internal */
export const NO_AUGMENTATION: Augmentation = { crop: 0, flip: false, cutout: 0 };

/**
 * Shuffled, augmented batches of the training split, prepared ahead by a worker thread. Batch `index` follows from `rng`'s key
 * and the index alone, with the same bits as `plainTrainingBatches`.
 */
export function trainingBatches(data: SearchData, options: TrainingBatchOptions, rng: Rng): BatchSource {
  return prefetchedBatches(recipeOf(data, options, rng));
}

/** @internal The same batches, assembled when they are asked for, without a worker. */
export function plainTrainingBatches(data: SearchData, options: TrainingBatchOptions, rng: Rng): BatchSource {
  const recipe = recipeOf(data, options, rng);
  const { height, width, channels } = recipe.split;
  const assemble = batchAssembler(recipe);
  const images = new Float32Array(options.batch * height * width * channels);
  const labels = new Int32Array(options.batch);
  return timedSource(batchesPerEpoch(recipe), (index) => {
    assemble(index, images, labels);
    return { images, labels };
  });
}

/**
 * The first `count` images of a split (0 = all) in its order, normalised, without augmentation; the last batch may be smaller.
 * After the last batch comes the first again.
 */
export function evaluationBatches(
  split: Split<'train' | 'validation' | 'test'>,
  statistics: ChannelStatistics,
  batch: number,
  count = 0,
): BatchSource {
  const total = count === 0 ? split.count : Math.min(count, split.count);
  const { height, width, channels } = split;
  const valuesPerImage = height * width * channels;
  const table = normalisationTable(statistics);
  const images = new Float32Array(batch * valuesPerImage);
  const labels = new Int32Array(batch);
  const numBatches = Math.ceil(total / batch);
  return timedSource(numBatches, (index) => {
    const first = (index % numBatches) * batch;
    const size = Math.min(batch, total - first);
    const source = split.images.subarray(first * valuesPerImage, (first + size) * valuesPerImage);
    for (let i = 0, c = 0; i < source.length; i++) {
      images[i] = table[c * 256 + source[i]!]!;
      c = c + 1 === channels ? 0 : c + 1;
    }
    for (let b = 0; b < size; b++) labels[b] = split.labels[first + b]!;
    return { images: images.subarray(0, source.length), labels: labels.subarray(0, size) };
  });
}

/** @throws UserError if the training split is smaller than one batch or the padding wider than the image. */
function recipeOf(data: SearchData, { batch, augmentation }: TrainingBatchOptions, rng: Rng): BatchRecipe {
  const { train: split, mean, std } = data;
  if (split.count < batch) {
    throw new UserError(
      `The training split has ${split.count} images, fewer than one batch of ${batch}.`,
      'Lower the batch size, or raise the training share or the limit of the data set.',
    );
  }
  const side = Math.min(split.height, split.width);
  if (augmentation.crop > side || augmentation.cutout > 2 * side) {
    throw new UserError(
      `The augmentation (crop ${augmentation.crop}, cutout ${augmentation.cutout}) is too large for images of ${split.height} × ${split.width}.`,
      'Use a crop padding of at most the side of the image and a cutout of at most twice the side.',
    );
  }
  const stream = rng.fork('batches');
  const seed = (stream.uint32() & 0x1fffff) * 4294967296 + stream.uint32();
  return { split, statistics: { mean, std }, batch, augmentation, seed };
}

function timedSource(numBatches: number, make: BatchSource['batch']): BatchSource {
  let waitedMs = 0;
  return {
    batchesPerEpoch: numBatches,
    get waitedMs() {
      return waitedMs;
    },
    batch(index) {
      assert(Number.isInteger(index) && index >= 0, `Batch index ${index}`);
      const startedMs = performance.now();
      const batch = make(index);
      waitedMs += performance.now() - startedMs;
      return batch;
    },
    [Symbol.dispose]() {
      // Nothing but memory is held.
    },
  };
}
