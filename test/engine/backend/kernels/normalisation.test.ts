import assert from 'node:assert/strict';

import { Rng } from '../../../../src/base/rng.js';
import { BATCH_NORM, BL, HYPER } from '../../../../src/engine/backend/plan/layout.js';
import { blocksOf } from './grid.js';
import { Kernels, VARIANTS } from './harness.js';
import { assertClose, randomGrid, randomValues, viewedPart, VIEW_KINDS, withView } from './samples.js';

const EPSILON = 1e-5;

interface Case {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

const CASES: readonly Case[] = [
  { batch: 3, channels: 8, height: 1, width: 1 },
  { batch: 3, channels: 12, height: 3, width: 5 },
  { batch: 9, channels: 20, height: 7, width: 7 },
  { batch: 16, channels: 3, height: 19, width: 17 },
];

for (const variant of VARIANTS) {
  describe(`normalisation kernels (${variant})`, () => {
    for (const item of CASES) {
      const name = `${item.batch} images of ${item.channels} channels on ${item.height}×${item.width}`;
      it(`normalises with the batch's own statistics and moves the running ones, ${name}`, () => {
        for (const affine of [true, false]) checkForward(new Kernels(variant, item.batch), item, affine);
      });
      it(`normalises with given statistics, ${name}`, () => {
        checkGiven(new Kernels(variant, item.batch), item);
      });
      it(`differentiates, ${name}`, () => {
        for (const affine of [true, false]) {
          for (const fixed of [true, false])
            checkGradient(new Kernels(variant, item.batch), item, affine, fixed);
        }
      });
      it(`sums gradients of a bias, ${name}`, () => {
        checkBiasGradient(new Kernels(variant, item.batch), item);
      });
    }
  });
}

/** The structures of one batch norm in the kernels' memory. */
class PlacedNorm {
  readonly fields: Record<'bn' | 'sums' | 'sumsStride' | 'hyper' | 'constants', number>;
  readonly width: number;
  readonly gamma: Float64Array;
  readonly beta: Float64Array;
  readonly running: { readonly mean: Float64Array; readonly variance: Float64Array };
  readonly #words: number[];
  readonly #kernels: Kernels;

  constructor(
    kernels: Kernels,
    rng: Rng,
    item: Case,
    options: { affine: boolean; fixed?: boolean; moveRunning?: boolean },
  ) {
    const { channels } = item;
    this.#kernels = kernels;
    this.width = blocksOf(channels) * BL;
    this.gamma = options.affine ? randomValues(rng, channels) : new Float64Array(channels).fill(1);
    this.beta = options.affine ? randomValues(rng, channels) : new Float64Array(channels);
    this.running = {
      mean: randomValues(rng, channels),
      variance: randomValues(rng, channels).map((v) => v + 2),
    };
    const padded = (values: Float64Array): number => {
      const vector = new Float64Array(this.width);
      vector.set(values);
      return kernels.reals(vector);
    };
    const space = (count: number): number => kernels.reals(new Float64Array(count).fill(NaN));
    const words = new Array<number>(BATCH_NORM.words).fill(0);
    words[BATCH_NORM.channels] = channels;
    words[BATCH_NORM.blocks] = blocksOf(channels);
    words[BATCH_NORM.count] = item.batch * item.height * item.width;
    words[BATCH_NORM.affine] = options.affine ? 1 : 0;
    words[BATCH_NORM.gamma] = options.affine ? padded(this.gamma) : 0;
    words[BATCH_NORM.beta] = options.affine ? padded(this.beta) : 0;
    words[BATCH_NORM.scaleShift] = space(2 * this.width);
    words[BATCH_NORM.meanRstd] = space(2 * this.width);
    words[BATCH_NORM.coefficients] = space(3 * this.width);
    words[BATCH_NORM.dgamma] = options.affine ? space(this.width) : 0;
    words[BATCH_NORM.dbeta] = options.affine ? space(this.width) : 0;
    words[BATCH_NORM.storeMean] = kernels.reals(this.running.mean);
    words[BATCH_NORM.storeVariance] = kernels.reals(this.running.variance);
    words[BATCH_NORM.moveRunning] = options.moveRunning === true ? 1 : 0;
    words[BATCH_NORM.fixed] = options.fixed === true ? 1 : 0;
    this.#words = words;
    const hyper = new Float64Array(HYPER.doubles);
    hyper[HYPER.bnMomentum] = 0.25;
    const sums = kernels.shardSums(2 * this.width);
    this.fields = {
      bn: kernels.words(words),
      sums: sums.at,
      sumsStride: sums.stride,
      hyper: kernels.doubles(hyper),
      constants: kernels.doubles([EPSILON, 0]),
    };
  }

  /** Vectors of length `width` from `name` on; lanes past the channels must be zero. */
  read(name: 'scaleShift' | 'meanRstd' | 'coefficients' | 'dgamma' | 'dbeta', count: number): Float64Array[] {
    const values = this.#kernels.readReals(this.#words[BATCH_NORM[name]]!, count * this.width);
    const { length } = this.gamma;
    return Array.from({ length: count }, (_, i) => {
      const vector = values.subarray(i * this.width, (i + 1) * this.width);
      assert.ok(
        vector.subarray(length).every((value) => value === 0),
        `${name} past the channels`,
      );
      return vector.subarray(0, length);
    });
  }

  readRunning(): Float64Array[] {
    return (['storeMean', 'storeVariance'] as const).map((name) =>
      this.#kernels.readReals(this.#words[BATCH_NORM[name]]!, this.gamma.length),
    );
  }
}

/** Mean and biased variance per channel. */
function statisticsOf(
  values: Float64Array,
  channels: number,
): { mean: Float64Array; variance: Float64Array; count: number } {
  const count = values.length / channels;
  const mean = new Float64Array(channels);
  values.forEach((value, at) => (mean[at % channels]! += value / count));
  const variance = new Float64Array(channels);
  values.forEach((value, at) => (variance[at % channels]! += (value - mean[at % channels]!) ** 2 / count));
  return { mean, variance, count };
}

function checkForward(kernels: Kernels, item: Case, affine: boolean): void {
  const rng = Rng.fromSeed(7);
  VIEW_KINDS.forEach((view) => {
    kernels.reset();
    const input = withView(rng, randomGrid(rng, item.batch, item.channels, item.height, item.width), view);
    const norm = new PlacedNorm(kernels, rng, item, { affine, moveRunning: true });
    kernels.run([
      {
        perImage: true,
        instructions: [kernels.instruction('STATISTICS', { in: kernels.operand([input]), ...norm.fields })],
        serial: [kernels.instruction('BN_FINISH', norm.fields)],
      },
    ]);
    const { mean, variance, count } = statisticsOf(viewedPart(input), item.channels);
    const scale = norm.gamma.map((gamma, c) => gamma / Math.sqrt(variance[c]! + EPSILON));
    const shift = norm.beta.map((beta, c) => beta - mean[c]! * scale[c]!);
    // A channel that is constant has rstd 1/√ε, which magnifies the rounding of its variance.
    if (view === 'plain' || view === 'affine') {
      assertClose(kernels, norm.read('scaleShift', 2)[0]!, scale, 'scale');
      assertClose(kernels, norm.read('scaleShift', 2)[1]!, shift, 'shift');
    }
    assertClose(kernels, norm.read('meanRstd', 2)[0]!, mean, 'mean');
    const [runningMean, runningVariance] = norm.readRunning();
    assertClose(
      kernels,
      runningMean!,
      norm.running.mean.map((old, c) => 0.75 * old + 0.25 * mean[c]!),
      'running mean',
    );
    const unbiased = variance.map((v) => (v * count) / (count - 1));
    assertClose(
      kernels,
      runningVariance!,
      norm.running.variance.map((old, c) => 0.75 * old + 0.25 * unbiased[c]!),
      'running variance',
    );
  });
}

function checkGiven(kernels: Kernels, item: Case): void {
  const norm = new PlacedNorm(kernels, Rng.fromSeed(8), item, { affine: true });
  kernels.run([{ perImage: true, instructions: [], serial: [kernels.instruction('BN_GIVEN', norm.fields)] }]);
  const scale = norm.gamma.map((gamma, c) => gamma / Math.sqrt(norm.running.variance[c]! + EPSILON));
  const [actualScale, actualShift] = norm.read('scaleShift', 2);
  assertClose(kernels, actualScale!, scale, 'scale');
  assertClose(
    kernels,
    actualShift!,
    norm.beta.map((beta, c) => beta - norm.running.mean[c]! * scale[c]!),
    'shift',
  );
}

function checkGradient(kernels: Kernels, item: Case, affine: boolean, fixed: boolean): void {
  kernels.reset();
  const rng = Rng.fromSeed(9);
  const { batch, channels, height, width } = item;
  const input = withView(rng, randomGrid(rng, batch, channels, height, width), 'plain');
  const grad = withView(rng, randomGrid(rng, batch, channels, height, width), fixed ? 'gradient' : 'plain');
  const norm = new PlacedNorm(kernels, rng, item, { affine, fixed });
  const [placedIn, placedGrad] = [kernels.operand([input]), kernels.operand([grad])];
  kernels.run([
    {
      perImage: true,
      instructions: [kernels.instruction('STATISTICS', { in: placedIn, ...norm.fields })],
      serial: [kernels.instruction(fixed ? 'BN_GIVEN' : 'BN_FINISH', norm.fields)],
    },
    {
      perImage: true,
      instructions: [
        kernels.instruction('GRAD_STATISTICS', { in: placedIn, grad: placedGrad, ...norm.fields }),
      ],
      serial: [kernels.instruction('BN_GRAD_FINISH', norm.fields)],
    },
  ]);
  const [x, dy] = [input.grid.values, viewedPart(grad)];
  const expected = differentiate(
    x,
    dy,
    norm,
    fixed ? { ...norm.running, count: 1 } : statisticsOf(x, channels),
    fixed,
  );
  const [a, b, c] = norm.read('coefficients', 3) as [Float64Array, Float64Array, Float64Array];
  const dx = dy.map(
    (value, at) => a[at % channels]! * value + b[at % channels]! * x[at]! + c[at % channels]!,
  );
  assertClose(kernels, dx, expected.dx, 'dx');
  if (!affine) return;
  assertClose(kernels, norm.read('dgamma', 1)[0]!, expected.dgamma, 'dgamma');
  assertClose(kernels, norm.read('dbeta', 1)[0]!, expected.dbeta, 'dbeta');
}

interface Statistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly count: number;
}

/** Ioffe & Szegedy 2015, section 3: dx = γ·rstd·(dy − mean(dy) − x̂·mean(dy·x̂)). */
function differentiate(
  x: Float64Array,
  dy: Float64Array,
  norm: PlacedNorm,
  { mean, variance, count }: Statistics,
  fixed: boolean,
) {
  const channels = norm.gamma.length;
  const hat = x.map(
    (value, at) => (value - mean[at % channels]!) / Math.sqrt(variance[at % channels]! + EPSILON),
  );
  const [dgamma, dbeta] = [new Float64Array(channels), new Float64Array(channels)];
  dy.forEach((value, at) => {
    dgamma[at % channels]! += value * hat[at]!;
    dbeta[at % channels]! += value;
  });
  const dx = dy.map((value, at) => {
    const c = at % channels;
    const scale = norm.gamma[c]! / Math.sqrt(variance[c]! + EPSILON);
    return scale * (fixed ? value : value - dbeta[c]! / count - (hat[at]! * dgamma[c]!) / count);
  });
  return { dx, dgamma, dbeta };
}

function checkBiasGradient(kernels: Kernels, item: Case): void {
  const rng = Rng.fromSeed(10);
  const grad = withView(rng, randomGrid(rng, item.batch, item.channels, item.height, item.width), 'gradient');
  const sums = kernels.shardSums(blocksOf(item.channels) * BL);
  const instruction = { grad: kernels.operand([grad]), weightGrad: sums.at, weightGradStride: sums.stride };
  // Twice: the second one goes on with the sums of the first.
  kernels.runImages(
    kernels.instruction('BIAS_GRAD', instruction),
    kernels.instruction('BIAS_GRAD', { ...instruction, keepSums: 1 }),
  );
  const stored = kernels.reals(new Float64Array(item.channels));
  kernels.runItems(
    kernels.instruction('REDUCE_VECTOR', {
      weightGrad: sums.at,
      weightGradStride: sums.stride,
      numel: item.channels,
      stored,
    }),
  );
  const expected = new Float64Array(item.channels);
  viewedPart(grad).forEach((value, at) => (expected[at % item.channels]! += 2 * value));
  assertClose(kernels, kernels.readReals(stored, item.channels), expected, 'bias gradient');
}
