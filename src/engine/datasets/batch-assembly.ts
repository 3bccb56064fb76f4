import { Rng } from '../../base/rng.js';
import type { Augmentation } from '../../protocol/run-config.js';
import type { Split } from './data.js';
import type { ChannelStatistics } from './normalisation.js';
import { normalisationTable } from './normalisation.js';

/** All that a training batch follows from, as plain data that can be posted to a worker. */
export interface BatchRecipe {
  readonly split: Split<'train'>;
  readonly statistics: ChannelStatistics;
  /** Images per batch; at most `split.count`. The last, incomplete batch of an epoch is dropped. */
  readonly batch: number;
  readonly augmentation: Augmentation;
  /** Integer in [0, 2^53): root of order and augmentation. */
  readonly seed: number;
}

/** Writes training batch `index` into `images` (B, H, W, C) and `labels` (B,). */
export type AssembleBatch = (index: number, images: Float32Array, labels: Int32Array) => void;

export function batchesPerEpoch({ split, batch }: BatchRecipe): number {
  return Math.floor(split.count / batch);
}

/**
 * Training batches as a pure function of (recipe, index): each epoch has an order of its own, each (epoch, position) its own
 * random numbers. As DARTS (Liu et al. 2019, `utils.py`): random crop of the raw image padded with 0, flip, normalisation,
 * then cutout. Hot: one table look-up per value.
 */
export function batchAssembler(recipe: BatchRecipe): AssembleBatch {
  const { split, batch, augmentation } = recipe;
  const root = Rng.fromSeed(recipe.seed);
  const numBatches = batchesPerEpoch(recipe);
  const paint = imagePainter(split, normalisationTable(recipe.statistics), augmentation);
  const valuesPerImage = split.height * split.width * split.channels;
  let orderedEpoch = -1;
  let order: Int32Array = new Int32Array(0);
  let chance = root;
  return (index, images, labels) => {
    const epoch = Math.floor(index / numBatches);
    if (epoch !== orderedEpoch) {
      order = root.fork('order').fork(epoch).permutation(split.count);
      chance = root.fork('augmentation').fork(epoch);
      orderedEpoch = epoch;
    }
    const first = (index % numBatches) * batch;
    for (let b = 0; b < batch; b++) {
      const row = order[first + b]!;
      labels[b] = split.labels[row]!;
      paint(row, chance.fork(first + b), images, b * valuesPerImage);
    }
  };
}

/** Writes image `row` of the split, augmented with `rng` and normalised, to `target` from `offset`. */
type PaintImage = (row: number, rng: Rng, target: Float32Array, offset: number) => void;

function imagePainter(split: Split<'train'>, table: Float32Array, augmentation: Augmentation): PaintImage {
  const { height, width, channels, images } = split;
  const lineValues = width * channels;
  const padding = new Float32Array(lineValues).map((_, i) => table[(i % channels) * 256]!);
  return (row, rng, target, offset) => {
    const { shiftY, start, step, left, right } = place(width, augmentation, rng);
    const isWide = left === 0 && right === width;
    const stride = step * channels;
    for (let y = 0; y < height; y++) {
      const to = offset + y * lineValues;
      const fromY = y + shiftY;
      const isInside = fromY >= 0 && fromY < height;
      if (!isInside || !isWide) target.set(padding, to);
      if (!isInside) continue;
      const line = ((row * height + fromY) * width + start) * channels;
      for (let c = 0; c < channels; c++) {
        const end = to + right * channels;
        let from = line + left * stride + c;
        for (let i = to + left * channels + c; i < end; i += channels, from += stride) {
          target[i] = table[c * 256 + images[from]!]!;
        }
      }
    }
    if (augmentation.cutout > 0) cutSquare(split, augmentation.cutout, rng, target, offset);
  };
}

/** Line y shows line y + shiftY of the raw image; column x shows column start + step · x, which is inside it in [left, right). */
interface Placement {
  readonly shiftY: number;
  readonly start: number;
  readonly step: 1 | -1;
  readonly left: number;
  readonly right: number;
}

function place(width: number, { crop, flip }: Augmentation, rng: Rng): Placement {
  const shiftY = crop > 0 ? rng.below(2 * crop + 1) - crop : 0;
  const shiftX = crop > 0 ? rng.below(2 * crop + 1) - crop : 0;
  const isMirrored = flip && rng.below(2) === 1;
  if (!isMirrored) {
    return {
      shiftY,
      start: shiftX,
      step: 1,
      left: Math.max(0, -shiftX),
      right: Math.min(width, width - shiftX),
    };
  }
  const start = width - 1 + shiftX;
  return { shiftY, start, step: -1, left: Math.max(0, shiftX), right: Math.min(width, width + shiftX) };
}

/**
 * Sets a square to 0 whose centre is uniform over the image; it is clipped at the borders. DeVries and Taylor 2017, as in
 * DARTS; for an odd `side`, which DARTS rounds down, the square has exactly this side.
 */
function cutSquare(
  split: Split<'train'>,
  side: number,
  rng: Rng,
  target: Float32Array,
  offset: number,
): void {
  const { height, width, channels } = split;
  const top = rng.below(height) - Math.floor(side / 2);
  const left = rng.below(width) - Math.floor(side / 2);
  const from = Math.max(0, left) * channels;
  const to = Math.min(width, left + side) * channels;
  for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
    const line = offset + y * width * channels;
    target.fill(0, line + from, line + to);
  }
}
