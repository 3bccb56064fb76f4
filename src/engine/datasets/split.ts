import { Rng } from '../../base/rng.js';
import { UserError } from '../../base/user-error.js';
import type { DataConfig } from '../../protocol/run-config.js';
import type { Split } from './data.js';
import type { LabelledImages, LoadedDataSet } from './labelled-images.js';
import { gather } from './labelled-images.js';

/** The three parts of a data set, disjoint, each in random order. */
export interface Splits {
  readonly train: Split<'train'>;
  readonly validation: Split<'validation'>;
  readonly test: Split<'test'>;
}

/**
 * Cuts by `seed`: the same seed, shares and data give the same splits. Not stratified. A data set with a test file of its own
 * keeps it as test; with `limit`, training and test files shrink in proportion to random subsets.
 * @throws UserError if the shares do not fit the data set or leave a split empty.
 */
export function splitDataSet(dataSet: LoadedDataSet, config: DataConfig, seed: number): Splits {
  checkShares(dataSet, config);
  const rng = Rng.fromSeed(seed).fork('split');
  const [poolSize, testSize] = limitedSizes(dataSet, config.limit);
  const pool = rng.fork('training').permutation(dataSet.training.count).subarray(0, poolSize);
  const sizes = splitSizes(config, poolSize, dataSet.test !== undefined);
  const cut = (from: number, size: number): LabelledImages =>
    gather(dataSet.training, pool.subarray(from, from + size));
  const splits = {
    train: asSplit('train', cut(0, sizes.train)),
    validation: asSplit('validation', cut(sizes.train, sizes.validation)),
    test: asSplit(
      'test',
      dataSet.test === undefined
        ? cut(sizes.train + sizes.validation, sizes.test)
        : gather(dataSet.test, rng.fork('test').permutation(dataSet.test.count).subarray(0, testSize)),
    ),
  };
  for (const { kind, count } of Object.values(splits)) {
    if (count === 0) throw noImages(kind, poolSize);
  }
  return splits;
}

function noImages(kind: string, poolSize: number): UserError {
  return new UserError(
    `The ${kind} split of ${poolSize} images is empty.`,
    'Raise its share or the limit, so that every split has at least one image.',
  );
}

function checkShares({ test }: LoadedDataSet, config: DataConfig): void {
  const shares = [config.train, config.validation, config.test];
  const sum = shares.reduce((total, share) => total + share, 0);
  if (!shares.every((share) => share >= 0 && share <= 1) || sum > 1 + 1e-9) {
    throw new UserError(
      `The shares of the splits are ${shares.join(' + ')}; each must be from 0 to 1, and their sum at most 1.`,
      'Lower the shares of train, validation or test.',
    );
  }
  if (test !== undefined && config.test > 0) {
    throw new UserError(
      `The data set "${config.name}" has test files of its own, but a share of ${config.test} of the training images is asked for as test.`,
      'Set the test share to 0, or leave it out.',
    );
  }
}

/** Images used of the training files and of the test files. */
function limitedSizes({ training, test }: LoadedDataSet, limit: number): [number, number] {
  const testCount = test?.count ?? 0;
  const all = training.count + testCount;
  if (limit === 0 || limit >= all) return [training.count, testCount];
  const fromTest = Math.round((limit * testCount) / all);
  return [limit - fromTest, fromTest];
}

/** Rounded shares of `count` images; rounding takes none away twice. */
function splitSizes(
  config: DataConfig,
  count: number,
  hasTestFile: boolean,
): { train: number; validation: number; test: number } {
  const train = Math.round(config.train * count);
  const validation = Math.min(Math.round(config.validation * count), count - train);
  const rest = count - train - validation;
  if (hasTestFile) return { train, validation, test: 0 };
  return {
    train,
    validation,
    test: config.test > 0 ? Math.min(Math.round(config.test * count), rest) : rest,
  };
}

function asSplit<Kind extends 'train' | 'validation' | 'test'>(
  kind: Kind,
  part: LabelledImages,
): Split<Kind> {
  return { kind, ...part };
}
