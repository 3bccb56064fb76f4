import assert from 'node:assert/strict';

import { Rng } from '../../../../src/base/rng.js';
import { Kernels, VARIANTS } from './harness.js';
import { randomGrid, randomValues, withView, zeroGrid } from './samples.js';

const BATCH = 19;

for (const variant of VARIANTS) {
  it(`one, two and three threads give equal bits (${variant})`, async () => {
    const kernels = new Kernels(variant, BATCH);
    await kernels.startWorkers(2);
    try {
      const expected = trainOnce(kernels, 1);
      for (let round = 0; round < 30; round++) {
        // In this order a worker sits out every other run.
        for (const numThreads of [2, 3, 1]) assert.deepEqual(trainOnce(kernels, numThreads), expected);
      }
    } finally {
      await kernels.stopWorkers();
    }
  });
}

it('a run fails when a thread is gone without a word', async () => {
  const kernels = new Kernels('plain', BATCH);
  await kernels.startWorkers(1);
  await kernels.killWorkers();
  kernels.sliceMilliseconds = 1;
  assert.throws(() => trainOnce(kernels, 2), /failed with 2147483647/);
  assert.throws(() => trainOnce(kernels, 1), /failed with 2147483647/);
});

/** A convolution, its gradient with shard sums, and the reduction: levels of both kinds. */
function trainOnce(kernels: Kernels, numThreads: number): Float64Array {
  kernels.reset();
  kernels.numThreads = numThreads;
  const rng = Rng.fromSeed(13);
  const window = { kernel: 3, stride: 1, padding: 1, dilation: 1 };
  const size = 9 * 16 * 16;
  const sums = kernels.shardSums(size);
  const [weight, weightT] = [kernels.reals(new Float64Array(size)), kernels.reals(new Float64Array(size))];
  const stored = kernels.reals(new Float64Array(size));
  const channels = kernels.sizeOnly(16);
  const input = withView(rng, randomGrid(rng, BATCH, 16, 7, 5), 'affine relu');
  const out = kernels.operand([{ grid: zeroGrid(BATCH, 16, 7, 5) }]);
  const dx = kernels.operand([{ grid: zeroGrid(BATCH, 16, 7, 5) }]);
  const placed = kernels.operand([input]);
  const fields = { ...window, weight, weightT, in: placed };
  const gradient = { weightGrad: sums.at, weightGradStride: sums.stride };
  const weights = kernels.reals(randomValues(rng, size));
  kernels.run([
    {
      perImage: false,
      instructions: [
        kernels.instruction('PACK_CONV', { ...fields, in: channels, out: channels, stored: weights }),
      ],
    },
    { perImage: true, instructions: [kernels.instruction('CONV', { ...fields, out })] },
    {
      perImage: true,
      instructions: [kernels.instruction('CONV_GRAD', { ...fields, ...gradient, grad: out, dx })],
    },
    {
      perImage: false,
      instructions: [
        kernels.instruction('REDUCE_CONV', { ...window, ...gradient, in: channels, out: channels, stored }),
      ],
    },
  ]);
  return Float64Array.of(...kernels.readReals(stored, size), ...kernels.readPart(dx));
}
