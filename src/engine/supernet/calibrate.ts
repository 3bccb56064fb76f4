import type { Feeds, Program, StatisticsStore, WeightStore } from '../backend/backend.js';

/**
 * Re-estimates the batch-norm statistics of one path (Guo et al. 2020, "Single path one-shot", section 3.4): those of a
 * supernet belong to no path. After batch i the running statistics are the mean over batches 0 … i: momentum 1/(i + 1).
 * `batch(i)` hands out training images; `statistics` is overwritten.
 */
export function calibrate(
  program: Program,
  weights: WeightStore,
  statistics: StatisticsStore,
  numBatches: number,
  batch: (index: number) => Feeds,
): void {
  statistics.clear();
  for (let i = 0; i < numBatches; i++) {
    program.run(batch(i), weights, {
      statistics: { kind: 'batch', into: statistics, momentum: 1 / (i + 1) },
    });
  }
}
