import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '../../../src/base/rng.js';
import type { RunData, SearchData, Split } from '../../../src/engine/datasets/data.js';
import { loadData } from '../../../src/engine/datasets/load-data.js';
import { channelStatistics } from '../../../src/engine/datasets/normalisation.js';
import type { DataConfig } from '../../../src/protocol/run-config.js';
import { digitsUrl } from './digits-file.js';

/** Runs `use` with a folder that is gone afterwards. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cellsmith-data-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function dataConfig(changes: Partial<DataConfig>): DataConfig {
  return {
    name: 'digits',
    train: 0.5,
    validation: 0.25,
    test: 0,
    limit: 0,
    augmentation: { crop: 0, flip: false, cutout: 0 },
    ...changes,
  };
}

/** An IDX file of images; image i is filled with values that depend on i. */
export function idxImages(count: number, height = 4, width = 5): Buffer {
  const pixels = Buffer.alloc(count * height * width);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (Math.floor(i / (height * width)) * 7 + i * 13) % 256;
  return Buffer.concat([words(0x0803, count, height, width), pixels]);
}

export function idxLabels(labels: readonly number[]): Buffer {
  return Buffer.concat([words(0x0801, labels.length), Buffer.from(labels)]);
}

export function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => buffer.writeUInt32BE(value, 4 * i));
  return buffer;
}

/** `count` CIFAR-10 records; value p of plane c of record i is (i + 50 c + p) mod 256. */
export function cifarRecords(count: number, firstLabel = 0): Buffer {
  const records = Buffer.alloc(count * 3073);
  for (let i = 0; i < count; i++) {
    records[i * 3073] = (firstLabel + i) % 10;
    for (let c = 0; c < 3; c++) {
      for (let p = 0; p < 1024; p++) records[i * 3073 + 1 + c * 1024 + p] = (i + 50 * c + p) % 256;
    }
  }
  return records;
}

/** Search data with random images. */
export function randomData(count: number, height: number, width: number, channels: number): SearchData {
  const rng = Rng.fromSeed(count * 1000 + height);
  const images = new Uint8Array(count * height * width * channels).map(() => rng.below(256));
  const labels = new Uint8Array(count).map(() => rng.below(10));
  const split = <Kind extends 'train' | 'validation'>(kind: Kind): Split<Kind> => ({
    kind,
    count,
    height,
    width,
    channels,
    images,
    labels,
  });
  return {
    numClasses: 10,
    train: split('train'),
    validation: split('validation'),
    ...channelStatistics(images, channels),
  };
}

/** Data of a run, from folders or the built-in digits. */
export function load(config: DataConfig, seed = 1, dataFolder = '/nowhere/data'): Promise<RunData> {
  return loadData(config, { seed, dataFolder, digitsUrl: digitsUrl() });
}

/** A folder with small IDX files, with a test part. */
export async function withIdx(
  counts: { train: number; test: number },
  use: (folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    for (const [stem, count] of [
      ['train', counts.train],
      ['t10k', counts.test],
    ] as const) {
      await writeFile(join(folder, `${stem}-images-idx3-ubyte`), idxImages(count));
      await writeFile(
        join(folder, `${stem}-labels-idx1-ubyte`),
        idxLabels(Array.from({ length: count }, (_, i) => i % 4)),
      );
    }
    await use(folder);
  });
}
