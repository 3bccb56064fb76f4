/**
 * Time to assemble one training batch of 64 with crop 4, flip and cutout: in the thread, and as the wait that is left of it when
 * a worker prepares batches ahead of steps of 20 ms. `npx tsx test/bench/batches.ts`
 */
import { Rng } from '../../src/base/rng.js';
import { plainTrainingBatches, trainingBatches } from '../../src/engine/datasets/batches.js';
import type { BatchSource } from '../../src/engine/datasets/data.js';
import { randomData } from '../engine/datasets/made-data.js';

const options = { batch: 64, augmentation: { crop: 4, flip: true, cutout: 16 } };
const STEP_MS = 20;

for (const [side, channels] of [
  [28, 1],
  [32, 3],
] as const) {
  const data = randomData(5000, side, side, channels);
  using plain = plainTrainingBatches(data, options, Rng.fromSeed(1));
  using ahead = trainingBatches(data, options, Rng.fromSeed(1));
  // Batches of the worker lie in shared memory; before it serves, they come from this thread.
  while (!(ahead.batch(0).images.buffer instanceof SharedArrayBuffer)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const here = quartiles(waits(plain, 500, 0));
  const left = quartiles(waits(ahead, 200, STEP_MS));
  process.stdout.write(
    `${side} × ${side} × ${channels}: ${here} ms in the thread, ${left} ms waited with a worker\n`,
  );
}

/** Milliseconds waited for each of `count` batches, with `stepMs` of work between them; the first 50 are warm-up. */
function waits(source: BatchSource, count: number, stepMs: number): number[] {
  const result: number[] = [];
  for (let index = 0; index < count + 50; index++) {
    const before = source.waitedMs;
    source.batch(index);
    if (index >= 50) result.push(source.waitedMs - before);
    const until = performance.now() + stepMs;
    while (performance.now() < until);
  }
  return result;
}

function quartiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((q) => sorted[Math.floor(q * sorted.length)]!.toFixed(3)).join(' / ');
}
