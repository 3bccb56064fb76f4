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
} from './samples.js';
import type { ViewKind } from './samples.js';
import { forEachTap, outSize } from './windows.js';
import type { WindowSpec } from './windows.js';

const BATCH = 3;
const SIZES = [
  [1, 1],
  [3, 5],
  [7, 7],
  [13, 9],
  [8, 8],
] as const;

/** All windows with loops of their own, and some without. */
const WINDOWS: readonly WindowSpec[] = [
  ...[3, 5].flatMap((kernel) =>
    [1, 2].flatMap((stride) =>
      [1, 2].map((dilation) => ({ kernel, stride, dilation, padding: (dilation * (kernel - 1)) / 2 })),
    ),
  ),
  { kernel: 1, stride: 1, padding: 0, dilation: 1 },
  { kernel: 1, stride: 2, padding: 0, dilation: 1 },
  { kernel: 2, stride: 1, padding: 1, dilation: 1 },
  { kernel: 2, stride: 2, padding: 1, dilation: 2 },
  { kernel: 7, stride: 1, padding: 3, dilation: 1 },
  { kernel: 3, stride: 3, padding: 1, dilation: 1 },
  { kernel: 3, stride: 1, padding: 3, dilation: 1 },
  { kernel: 3, stride: 1, padding: 2, dilation: 1 },
];

interface Case extends WindowSpec {
  readonly channels: readonly number[];
  readonly height: number;
  readonly width: number;
}

const CHANNELS = [[8], [3], [8, 12], [16], [1]] as const;

for (const variant of VARIANTS) {
  describe(`depthwise kernels (${variant})`, () => {
    const kernels = new Kernels(variant, BATCH);
    for (const [i, window] of WINDOWS.entries()) {
      const { kernel, stride, padding, dilation } = window;
      const cases = SIZES.map(([height, width], j) => ({
        ...window,
        height,
        width,
        channels: CHANNELS[(i + j) % CHANNELS.length]!,
      }));
      it(`filters each channel with k${kernel} s${stride} p${padding} d${dilation}`, () => {
        forEachView(cases, (item, view, accumulate) => {
          checkForward(kernels, item, view, accumulate);
        });
      });
      it(`differentiates k${kernel} s${stride} p${padding} d${dilation}`, () => {
        forEachView(cases, (item, view, accumulate) => {
          checkGradient(kernels, item, view, accumulate);
        });
      });
    }
  });
}

function forEachView(
  cases: readonly Case[],
  check: (item: Case, view: ViewKind, accumulate: boolean) => void,
): void {
  cases.forEach((item, i) => {
    VIEW_KINDS.forEach((view, j) => {
      check(item, view, (i + j) % 2 === 0);
    });
  });
}

function makeInputs(rng: Rng, item: Case, view: ViewKind): PartSpec[] {
  return item.channels.map((channels) =>
    withView(rng, randomGrid(rng, BATCH, channels, item.height, item.width), view),
  );
}

function channelsOf(item: Case): number {
  return item.channels.reduce((sum, channels) => sum + channels, 0);
}

function packed(
  kernels: Kernels,
  item: Case,
  stored: Float64Array,
): Record<'kernel' | 'stride' | 'padding' | 'dilation' | 'weight', number> {
  const { kernel, stride, padding, dilation } = item;
  const weight = kernels.reals(new Float64Array(packedSize(item)).fill(NaN));
  const fields = { kernel, stride, padding, dilation, weight };
  const size = kernels.sizeOnly(channelsOf(item));
  kernels.runItems(
    kernels.instruction('PACK_DEPTHWISE', { ...fields, in: size, stored: kernels.reals(stored) }),
  );
  return fields;
}

function packedSize(item: Case): number {
  return blocksOf(channelsOf(item)) * BL * item.kernel ** 2;
}

function outGrid(rng: Rng, item: Case): Grid {
  return randomGrid(rng, BATCH, channelsOf(item), outSize(item.height, item), outSize(item.width, item));
}

function checkForward(kernels: Kernels, item: Case, view: ViewKind, accumulate: boolean): void {
  kernels.reset();
  const rng = Rng.fromSeed(1);
  const inputs = makeInputs(rng, item, view);
  const weights = randomValues(rng, channelsOf(item) * item.kernel ** 2);
  const out = { grid: outGrid(rng, item), accumulate };
  const placed = kernels.operand([out]);
  kernels.runImages(
    kernels.instruction('DEPTHWISE', {
      ...packed(kernels, item, weights),
      in: kernels.operand(inputs),
      out: placed,
    }),
  );
  const x = viewed(inputs);
  const y = out.grid.values.map((value) => (accumulate ? value : 0));
  forEachTap(BATCH, x, item, (input, output, tap) => {
    for (let c = 0; c < x.channels; c++) {
      y[output * x.channels + c]! += x.values[input * x.channels + c]! * weights[c * item.kernel ** 2 + tap]!;
    }
  });
  assertClose(kernels, kernels.readPart(placed), y, view);
}

function checkGradient(kernels: Kernels, item: Case, view: ViewKind, accumulate: boolean): void {
  kernels.reset();
  const rng = Rng.fromSeed(2);
  const inputs = makeInputs(rng, item, view);
  const weights = randomValues(rng, channelsOf(item) * item.kernel ** 2);
  const grad = withView(rng, outGrid(rng, item), accumulate ? 'plain' : 'gradient');
  const destinations = inputs.map(({ grid }) => ({
    grid: { ...grid, values: randomValues(rng, grid.values.length) },
    accumulate,
  }));
  const dx = kernels.operand(destinations);
  const sums = kernels.shardSums(packedSize(item));
  const fields = { ...packed(kernels, item, weights), weightGrad: sums.at, weightGradStride: sums.stride };
  const operands = { in: kernels.operand(inputs), grad: kernels.operand([grad]) };
  const instruction = kernels.instruction('DEPTHWISE_GRAD', { ...fields, ...operands, dx });
  kernels.runImages(instruction);
  const expected = differentiate(viewed(inputs), weights, viewed([grad]), item);
  const dxExpected = expectedGradient(expected.dx, inputs, destinations);
  assertClose(kernels, kernels.readJoined(dx), dxExpected, `dx ${view}`);
  assertClose(kernels, reduced(kernels, item, sums), expected.dw, `dw ${view}`);
  // The same with only one of the two results.
  kernels.runImages(kernels.instruction('DEPTHWISE_GRAD', { ...fields, ...operands }));
  assertClose(kernels, reduced(kernels, item, sums), expected.dw, `dw alone ${view}`);
  const alone = kernels.operand(destinations);
  kernels.runImages(
    kernels.instruction('DEPTHWISE_GRAD', { ...fields, ...operands, dx: alone, weightGrad: 0 }),
  );
  assertClose(kernels, kernels.readJoined(alone), dxExpected, `dx alone ${view}`);
}

function reduced(
  kernels: Kernels,
  item: Case,
  sums: { readonly at: number; readonly stride: number },
): Float64Array {
  const count = channelsOf(item) * item.kernel ** 2;
  const stored = kernels.reals(new Float64Array(count));
  const fields = {
    in: kernels.sizeOnly(channelsOf(item)),
    kernel: item.kernel,
    weightGrad: sums.at,
    weightGradStride: sums.stride,
  };
  kernels.runItems(kernels.instruction('REDUCE_DEPTHWISE', { ...fields, stored }));
  return kernels.readReals(stored, count);
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
    for (let c = 0; c < x.channels; c++) {
      const dyValue = dy.values[output * x.channels + c]!;
      dx[input * x.channels + c]! += dyValue * weights[c * item.kernel ** 2 + tap]!;
      dw[c * item.kernel ** 2 + tap]! += dyValue * x.values[input * x.channels + c]!;
    }
  });
  return { dx, dw };
}
