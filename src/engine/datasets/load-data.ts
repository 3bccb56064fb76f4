import type { DataConfig } from '../../protocol/run-config.js';
import type { RunData } from './data.js';
import { contentHash } from './labelled-images.js';
import type { DataPlaces } from './load-data-set.js';
import { loadDataSet } from './load-data-set.js';
import { channelStatistics } from './normalisation.js';
import { dataSetInfo } from './registry.js';
import { splitDataSet } from './split.js';

export interface LoadOptions extends Omit<DataPlaces, 'folder'> {
  /** Root seed of the run. */
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * All data of a run: read, checked, hashed and split. The hash is over the data set as its files hold it, before limit and
 * splits, so it is the same for all seeds.
 * @throws UserError naming the file and the remedy, for an unknown name, missing or damaged files, or shares that do not fit.
 */
export async function loadData(config: DataConfig, options: LoadOptions): Promise<RunData> {
  const info = dataSetInfo(config.name);
  const places = { ...options, ...(config.folder !== undefined && { folder: config.folder }) };
  const dataSet = await loadDataSet(info, places, options.signal);
  const { train, validation, test } = splitDataSet(dataSet, config, options.seed);
  return {
    facts: {
      name: config.name,
      description: dataSet.description,
      hash: contentHash(dataSet),
      train: train.count,
      validation: validation.count,
      test: test.count,
    },
    search: {
      numClasses: dataSet.numClasses,
      train,
      validation,
      ...channelStatistics(train.images, train.channels),
    },
    heldOut: { test },
  };
}
