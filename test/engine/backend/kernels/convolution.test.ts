import { Rng } from '../../../../src/base/rng.js';
import { BL } from '../../../../src/engine/backend/plan/layout.js';
import { blocksOf } from './grid.js';
import { Kernels, VARIANTS } from './harness.js';
import type { Grid } from './grid.js';
import type { PartSpec } from './harness.js';
import {
  assertClose,
  expectedGradient,
  randomGrid,
  randomValues,
  viewed,
  VIEW_KINDS,
  withView,
  zeroGrid,
} from './samples.js';
import type { ViewKind } from './samples.js';
import { forEachTap, outSize } from './windows.js';
import type { WindowSpec } from './windows.js';

const BATCH = 3;

interface Case extends WindowSpec {
  /** Channels of each input part. */
  readonly inputs: readonly number[];
  readonly out: number;
  readonly height: number;
  readonly width: number;
}

const CASES: readonly Case[] = [
  { inputs: [16], out: 16, height: 13, width: 9, kernel: 1, stride: 1, padding: 0, dilation: 1 },
  { inputs: [8, 16, 12], out: 20, height: 7, width: 7, kernel: 1, stride: 1, padding: 0, dilation: 1 },
  { inputs: [3], out: 12, height: 3, width: 5, kernel: 1, stride: 1, padding: 0, dilation: 1 },
  { inputs: [64], out: 10, height: 1, width: 1, kernel: 1, stride: 1, padding: 0, dilation: 1 },
  { inputs: [8, 8], out: 8, height: 13, width: 9, kernel: 1, stride: 2, padding: 0, dilation: 1 },
  { inputs: [20], out: 16, height: 7, width: 7, kernel: 1, stride: 2, padding: 0, dilation: 1 },
  { inputs: [8], out: 8, height: 3, width: 5, kernel: 1, stride: 1, padding: 1, dilation: 1 },
  { inputs: [8], out: 8, height: 5, width: 5, kernel: 1, stride: 2, padding: 1, dilation: 1 },
  { inputs: [3], out: 24, height: 13, width: 9, kernel: 3, stride: 1, padding: 1, dilation: 1 },
  { inputs: [1], out: 8, height: 7, width: 7, kernel: 5, stride: 2, padding: 2, dilation: 1 },
  { inputs: [4], out: 4, height: 7, width: 7, kernel: 3, stride: 2, padding: 1, dilation: 2 },
  { inputs: [16], out: 16, height: 13, width: 9, kernel: 3, stride: 1, padding: 1, dilation: 1 },
  { inputs: [8, 4], out: 20, height: 7, width: 7, kernel: 3, stride: 1, padding: 2, dilation: 2 },
  { inputs: [16], out: 8, height: 13, width: 9, kernel: 3, stride: 2, padding: 1, dilation: 1 },
  { inputs: [8], out: 8, height: 7, width: 7, kernel: 2, stride: 2, padding: 0, dilation: 1 },
  { inputs: [8], out: 12, height: 3, width: 5, kernel: 2, stride: 1, padding: 1, dilation: 1 },
  { inputs: [8, 8], out: 8, height: 13, width: 9, kernel: 5, stride: 1, padding: 2, dilation: 1 },
  { inputs: [12], out: 8, height: 13, width: 9, kernel: 5, stride: 2, padding: 4, dilation: 2 },
  { inputs: [8], out: 8, height: 1, width: 1, kernel: 3, stride: 1, padding: 1, dilation: 1 },
  { inputs: [8], out: 8, height: 3, width: 5, kernel: 2, stride: 1, padding: 3, dilation: 1 },
  { inputs: [8], out: 8, height: 13, width: 9, kernel: 3, stride: 3, padding: 0, dilation: 1 },
];

for (const variant of VARIANTS) {
  describe(`convolution kernels (${variant})`, () => {
    const kernels = new Kernels(variant, BATCH);
    beforeEach(() => {
      kernels.reset();
    });
    for (const [i, item] of CASES.entries()) {
      it(`convolves ${title(item)}`, () => {
        VIEW_KINDS.forEach((view) => {
          checkForward(kernels, item, view, i % 2 === 0);
        });
      });
      it(`differentiates ${title(item)}`, () => {
        VIEW_KINDS.forEach((view) => {
          checkGradient(kernels, item, view, i % 2 === 1);
        });
      });
    }
    it('merges convolutions of one input into one product', () => {
      checkMerged(kernels);
    });
  });
}

function title({ inputs, out, height, width, kernel, stride, padding, dilation }: Case): string {
  return `${inputs.join('+')} → ${out} channels on ${height}×${width}, k${kernel} s${stride} p${padding} d${dilation}`;
}

/** Instruction words that describe the window and the packed weights of a case. */
function packed(
  kernels: Kernels,
  item: Case,
  stored: Float64Array,
): Record<'kernel' | 'stride' | 'padding' | 'dilation' | 'weight' | 'weightT', number> {
  const { kernel, stride, padding, dilation } = item;
  const size = packedSize(item);
  const weight = kernels.reals(new Float64Array(size).fill(NaN));
  const weightT = kernels.reals(new Float64Array(size).fill(NaN));
  const fields = { kernel, stride, padding, dilation, weight, weightT };
  const pack = {
    in: kernels.sizeOnly(channelsOf(item)),
    out: kernels.sizeOnly(item.out),
    stored: kernels.reals(stored),
  };
  kernels.runItems(kernels.instruction('PACK_CONV', { ...fields, ...pack }));
  return fields;
}

/** K × padded output channels, see program.h. */
function packedSize(item: Case): number {
  const channels = channelsOf(item);
  const isCompact = item.kernel > 1 && channels < BL;
  const rows = isCompact
    ? blocksOf(item.kernel ** 2 * channels) * BL
    : item.kernel ** 2 * blocksOf(channels) * BL;
  return rows * blocksOf(item.out) * BL;
}

function channelsOf({ inputs }: Case): number {
  return inputs.reduce(
    (sum, channels, i) => sum + (i + 1 < inputs.length ? blocksOf(channels) * BL : channels),
    0,
  );
}

function makeInputs(rng: Rng, item: Case, view: ViewKind): PartSpec[] {
  return item.inputs.map((channels) =>
    withView(rng, randomGrid(rng, BATCH, channels, item.height, item.width), view),
  );
}

function checkForward(kernels: Kernels, item: Case, view: ViewKind, hasBias: boolean): void {
  kernels.reset();
  const rng = Rng.fromSeed(1).fork(title(item));
  const inputs = makeInputs(rng, item, view);
  const weights = randomValues(rng, item.out * channelsOf(item) * item.kernel ** 2);
  const bias = randomValues(rng, item.out);
  const out: PartSpec = { grid: outGrid(rng, item), accumulate: !hasBias };
  const placed = kernels.operand([out]);
  const fields = { ...packed(kernels, item, weights), in: kernels.operand(inputs), out: placed };
  const padded = new Float64Array(blocksOf(item.out) * BL);
  padded.set(bias);
  kernels.runImages(
    kernels.instruction('CONV', hasBias ? { ...fields, bias: kernels.reals(padded) } : fields),
  );
  const expected = convolve(viewed(inputs), weights, item);
  const before = hasBias ? expected.map((_, at) => bias[at % item.out]!) : out.grid.values;
  assertClose(
    kernels,
    kernels.readPart(placed),
    expected.map((value, at) => value + before[at]!),
    view,
  );
}

function outGrid(rng: Rng, item: Case): Grid {
  return randomGrid(rng, BATCH, item.out, outSize(item.height, item), outSize(item.width, item));
}

function checkGradient(kernels: Kernels, item: Case, view: ViewKind, accumulate: boolean): void {
  kernels.reset();
  const rng = Rng.fromSeed(2).fork(title(item));
  const inputs = makeInputs(rng, item, view);
  const weights = randomValues(rng, item.out * channelsOf(item) * item.kernel ** 2);
  const grad = withView(rng, outGrid(rng, item), accumulate ? 'gradient' : 'plain');
  const destinations = inputs.map(({ grid }) => ({
    grid: { ...grid, values: randomValues(rng, grid.values.length) },
    accumulate,
  }));
  const dx = kernels.operand(destinations);
  const sums = kernels.shardSums(packedSize(item));
  const fields = { ...packed(kernels, item, weights), weightGrad: sums.at, weightGradStride: sums.stride };
  kernels.runImages(
    kernels.instruction('CONV_GRAD', {
      ...fields,
      in: kernels.operand(inputs),
      grad: kernels.operand([grad]),
      dx,
    }),
  );
  const expected = differentiate(viewed(inputs), weights, viewed([grad]), item);
  assertClose(
    kernels,
    kernels.readJoined(dx),
    expectedGradient(expected.dx, inputs, destinations),
    `dx ${view}`,
  );
  assertClose(kernels, reduced(kernels, item, sums), expected.dw, `dw ${view}`);
}

function reduced(
  kernels: Kernels,
  item: Case,
  sums: { readonly at: number; readonly stride: number },
): Float64Array {
  const count = item.out * channelsOf(item) * item.kernel ** 2;
  const stored = kernels.reals(new Float64Array(count));
  const result = kernels.reals([0]);
  const sizes = {
    in: kernels.sizeOnly(channelsOf(item)),
    out: kernels.sizeOnly(item.out),
    kernel: item.kernel,
  };
  kernels.runItems(
    kernels.instruction('REDUCE_CONV', {
      ...sizes,
      weightGrad: sums.at,
      weightGradStride: sums.stride,
      stored,
      result,
    }),
  );
  const gradient = kernels.readReals(stored, count);
  assertClose(
    kernels,
    kernels.readReals(result, 1),
    [gradient.reduce((sum, g) => sum + g * g, 0)],
    'sum of squares',
  );
  return gradient;
}

function checkMerged(kernels: Kernels): void {
  const window = { kernel: 3, stride: 1, padding: 1, dilation: 1 };
  const first: Case = { ...window, inputs: [8, 4], out: 8, height: 5, width: 7 };
  const both: Case = { ...first, out: 20 };
  const rng = Rng.fromSeed(3);
  const inputs = makeInputs(rng, first, 'affine relu');
  const weights = randomValues(rng, 20 * 12 * 9);
  const at = {
    weight: kernels.reals(new Float64Array(packedSize(both))),
    weightT: kernels.reals(new Float64Array(packedSize(both))),
  };
  const size = { ...window, in: kernels.sizeOnly(12), channelCount: 24, weightT: at.weightT };
  const pieces = [
    kernels.reals(weights.subarray(0, 8 * 12 * 9)),
    kernels.reals(weights.subarray(8 * 12 * 9)),
  ];
  const second = at.weight + packedSize(first) * kernels.bytesPerReal;
  kernels.runItems(
    kernels.instruction('PACK_CONV', {
      ...size,
      out: kernels.sizeOnly(8),
      stored: pieces[0]!,
      weight: at.weight,
    }),
    kernels.instruction('PACK_CONV', {
      ...size,
      out: kernels.sizeOnly(12),
      stored: pieces[1]!,
      weight: second,
      channelTo: 8,
    }),
  );
  const outs = kernels.operand([{ grid: zeroGrid(BATCH, 8, 5, 7) }, { grid: zeroGrid(BATCH, 12, 5, 7) }]);
  const grads = [randomGrid(rng, BATCH, 8, 5, 7), randomGrid(rng, BATCH, 12, 5, 7)].map((grid) =>
    withView(rng, grid, 'gradient'),
  );
  const destinations = inputs.map(({ grid }) => ({ grid }));
  const dx = kernels.operand(destinations);
  const placed = kernels.operand(inputs);
  kernels.runImages(
    kernels.instruction('CONV', { ...window, ...at, in: placed, out: outs }),
    kernels.instruction('CONV_GRAD', { ...window, ...at, in: placed, grad: kernels.operand(grads), dx }),
  );
  assertClose(kernels, kernels.readJoined(outs), convolve(viewed(inputs), weights, both), 'forward');
  const expected = differentiate(viewed(inputs), weights, viewed(grads), both).dx;
  assertClose(kernels, kernels.readJoined(dx), expectedGradient(expected, inputs, destinations), 'dx');
}

function convolve(x: Grid, weights: Float64Array, item: Case): Float64Array {
  const y = new Float64Array(BATCH * outSize(item.height, item) * outSize(item.width, item) * item.out);
  forEachTap(BATCH, x, item, (input, output, tap) => {
    forEachPair(x.channels, item.out, (i, o) => {
      y[output * item.out + o]! +=
        x.values[input * x.channels + i]! * weights[(o * x.channels + i) * item.kernel ** 2 + tap]!;
    });
  });
  return y;
}

function differentiate(
  x: Grid,
  weights: Float64Array,
  dy: Grid,
  item: Case,
): { dx: Float64Array; dw: Float64Array } {
  const dx = new Float64Array(x.values.length);
  const dw = new Float64Array(weights.length);
  forEachTap(BATCH, x, item, (input, output, tap) => {
    forEachPair(x.channels, item.out, (i, o) => {
      const weight = (o * x.channels + i) * item.kernel ** 2 + tap;
      const dyValue = dy.values[output * item.out + o]!;
      dx[input * x.channels + i]! += dyValue * weights[weight]!;
      dw[weight]! += dyValue * x.values[input * x.channels + i]!;
    });
  });
  return { dx, dw };
}

function forEachPair(inputs: number, outputs: number, visit: (i: number, o: number) => void): void {
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) visit(i, o);
  }
}
