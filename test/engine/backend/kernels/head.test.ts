import assert from 'node:assert/strict';

import { Rng } from '../../../../src/base/rng.js';
import { Kernels, VARIANTS } from './harness.js';
import {
  assertClose,
  expectedGradient,
  randomGrid,
  randomValues,
  viewed,
  viewedPart,
  VIEW_KINDS,
  withView,
} from './samples.js';
import type { ViewKind } from './samples.js';

const BATCH = 5;

for (const variant of VARIANTS) {
  describe(`head kernels (${variant})`, () => {
    const kernels = new Kernels(variant, BATCH);
    const rng = Rng.fromSeed(11);
    beforeEach(() => {
      kernels.reset();
    });
    for (const [height, width] of [
      [1, 1],
      [3, 5],
      [19, 17],
    ] as const) {
      it(`averages maps of ${height}×${width} and spreads the gradient`, () => {
        VIEW_KINDS.forEach((view, i) => {
          checkPool(kernels, rng, [height, width], view, i % 2 === 0);
        });
      });
    }
    for (const smoothing of [0, 0.1]) {
      for (const classes of [2, 10, 17]) {
        it(`computes cross-entropy over ${classes} classes, smoothing ${smoothing}`, () => {
          checkCrossEntropy(kernels, rng, classes, smoothing);
        });
      }
    }
    it('stays finite for logits far apart', () => {
      const grid = {
        channels: 3,
        height: 1,
        width: 1,
        values: Float64Array.from({ length: BATCH * 3 }, (_, i) => [900, -900, 0][i % 3]!),
      };
      const result = kernels.reals(new Float64Array(BATCH));
      const aux = kernels.words([0, 1, 2, 0, 1]);
      kernels.runImages(
        kernels.instruction('CROSS_ENTROPY', {
          in: kernels.operand([{ grid }]),
          aux,
          result,
          constants: kernels.doubles([0, 1]),
        }),
      );
      assertClose(kernels, kernels.readReals(result, BATCH), [0, 1800, 900, 0, 1800], 'loss');
    });
    it('looks up embeddings and sums their gradients by token', () => {
      checkEmbedding(kernels, rng);
    });
  });
}

function checkPool(
  kernels: Kernels,
  rng: Rng,
  size: readonly [number, number],
  view: ViewKind,
  accumulate: boolean,
): void {
  const [height, width] = size;
  const inputs = [8, 12].map((channels) =>
    withView(rng, randomGrid(rng, BATCH, channels, height, width), view),
  );
  const destinations = inputs.map(({ grid }) => ({
    grid: { ...grid, values: randomValues(rng, grid.values.length) },
    accumulate,
  }));
  const pooled = kernels.operand([{ grid: randomGrid(rng, BATCH, 20, 1, 1) }]);
  const dy = withView(rng, randomGrid(rng, BATCH, 20, 1, 1), 'plain');
  const [placed, dx] = [kernels.operand(inputs), kernels.operand(destinations)];
  kernels.runImages(
    kernels.instruction('GLOBAL_POOL', { in: placed, out: pooled }),
    kernels.instruction('SPREAD', { in: placed, grad: kernels.operand([dy]), dx }),
  );
  const numPixels = height * width;
  const means = new Float64Array(BATCH * 20);
  const imageOf = (at: number): number => Math.floor(at / (numPixels * 20));
  const x = viewed(inputs).values;
  x.forEach((value, at) => (means[imageOf(at) * 20 + (at % 20)]! += value / numPixels));
  assertClose(kernels, kernels.readPart(pooled), means, 'mean');
  const shares = x.map((_, at) => dy.grid.values[imageOf(at) * 20 + (at % 20)]! / numPixels);
  assertClose(kernels, kernels.readJoined(dx), expectedGradient(shares, inputs, destinations), 'gradient');
}

function checkCrossEntropy(kernels: Kernels, rng: Rng, classes: number, smoothing: number): void {
  const logits = withView(rng, randomGrid(rng, BATCH, classes, 1, 1), 'affine');
  const labels = Array.from({ length: BATCH }, () => rng.below(classes));
  const losses = kernels.reals(new Float64Array(BATCH));
  const mean = kernels.reals([NaN]);
  const dx = kernels.operand([{ grid: randomGrid(rng, BATCH, classes, 1, 1) }]);
  const out = kernels.operand([{ grid: randomGrid(rng, BATCH, 1, 1, 1) }]);
  const fields = { in: kernels.operand([logits]), dx, out, aux: kernels.words(labels), result: losses };
  kernels.run([
    {
      perImage: true,
      instructions: [
        kernels.instruction('CROSS_ENTROPY', {
          ...fields,
          constants: kernels.doubles([smoothing, 1 / BATCH]),
        }),
      ],
      serial: [
        kernels.instruction('LOSS_FINISH', {
          in: { words: [losses, 0, 0, 0, 0, 0], parts: [] },
          result: mean,
        }),
      ],
    },
  ]);
  const values = viewedPart(logits);
  const expected = labels.map((label, image) => {
    const own = values.subarray(image * classes, (image + 1) * classes);
    const total = own.reduce((sum, v) => sum + Math.exp(v), 0);
    const targets = own.map((_, k) => (k === label ? 1 - smoothing : 0) + smoothing / classes);
    const loss = -targets.reduce((sum, t, k) => sum + t * Math.log(Math.exp(own[k]!) / total), 0);
    return { loss, gradient: own.map((v, k) => (Math.exp(v) / total - targets[k]!) / BATCH) };
  });
  assertClose(
    kernels,
    kernels.readReals(losses, BATCH),
    expected.map(({ loss }) => loss),
    'losses',
  );
  assertClose(
    kernels,
    kernels.readPart(out),
    expected.map(({ loss }) => loss),
    'losses as a tensor',
  );
  assertClose(
    kernels,
    kernels.readReals(mean, 1),
    [expected.reduce((sum, { loss }) => sum + loss / BATCH, 0)],
    'mean loss',
  );
  assertClose(
    kernels,
    kernels.readPart(dx),
    expected.flatMap(({ gradient }) => [...gradient]),
    'gradient',
  );
}

function checkEmbedding(kernels: Kernels, rng: Rng): void {
  const [vocabulary, dim] = [4, 12];
  const table = randomValues(rng, vocabulary * dim);
  const tokens = [2, 0, 2, 3, 2];
  const dy = randomGrid(rng, BATCH, dim, 1, 1);
  const out = kernels.operand([{ grid: randomGrid(rng, BATCH, dim, 1, 1) }]);
  const sums = kernels.shardSums(vocabulary * dim);
  const stored = kernels.reals(new Float64Array(table.length));
  const fields = { aux: kernels.words(tokens), numel: table.length };
  const gradient = { weightGrad: sums.at, weightGradStride: sums.stride };
  kernels.run([
    {
      perImage: true,
      instructions: [
        kernels.instruction('EMBEDDING', { ...fields, stored: kernels.reals(table), out }),
        kernels.instruction('EMBEDDING_GRAD', {
          ...fields,
          ...gradient,
          grad: kernels.operand([{ grid: dy }]),
        }),
      ],
    },
    {
      perImage: false,
      instructions: [kernels.instruction('REDUCE_VECTOR', { ...fields, ...gradient, stored })],
    },
  ]);
  assert.deepEqual(
    [...kernels.readPart(out)],
    tokens.flatMap((token) => [...table.subarray(token * dim, (token + 1) * dim)]),
  );
  const expected = new Float64Array(table.length);
  tokens.forEach((token, image) => {
    for (let d = 0; d < dim; d++) expected[token * dim + d]! += dy.values[image * dim + d]!;
  });
  assertClose(kernels, kernels.readReals(stored, table.length), expected, 'table gradient');
}
