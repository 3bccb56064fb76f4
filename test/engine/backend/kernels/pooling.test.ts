import { Rng } from '../../../../src/base/rng.js';
import { Kernels, VARIANTS } from './harness.js';
import type { Grid } from './grid.js';
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

const BATCH = 2;

interface Case extends WindowSpec {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

const CASES: readonly Case[] = [
  { channels: 16, height: 13, width: 9, kernel: 3, stride: 1, padding: 1, dilation: 1 },
  { channels: 12, height: 7, width: 7, kernel: 3, stride: 2, padding: 1, dilation: 1 },
  { channels: 3, height: 8, width: 8, kernel: 3, stride: 2, padding: 1, dilation: 1 },
  { channels: 1, height: 1, width: 1, kernel: 3, stride: 1, padding: 1, dilation: 1 },
  { channels: 8, height: 3, width: 5, kernel: 2, stride: 2, padding: 0, dilation: 1 },
  { channels: 4, height: 7, width: 7, kernel: 2, stride: 1, padding: 1, dilation: 1 },
  { channels: 20, height: 13, width: 9, kernel: 5, stride: 3, padding: 2, dilation: 1 },
  { channels: 8, height: 3, width: 5, kernel: 1, stride: 2, padding: 0, dilation: 1 },
];

/** Who of a window's places takes the gradient. */
interface Rule {
  readonly opcode: 'MAX_POOL_GRAD' | 'AVG_POOL_GRAD';
  readonly share: (dx: Float64Array, places: readonly number[], x: Float64Array, dy: number) => void;
}

const MAXIMUM: Rule = {
  opcode: 'MAX_POOL_GRAD',
  share: (dx, places, x, dy) => {
    dx[places.reduce((best, at) => (x[at]! > x[best]! ? at : best))]! += dy;
  },
};

const MEAN: Rule = {
  opcode: 'AVG_POOL_GRAD',
  share: (dx, places, _x, dy) => {
    for (const at of places) dx[at]! += dy / places.length;
  },
};

for (const variant of VARIANTS) {
  describe(`pool kernels (${variant})`, () => {
    const kernels = new Kernels(variant, BATCH);
    for (const item of CASES) {
      const name = `k${item.kernel} s${item.stride} p${item.padding} of ${item.channels} channels on ${item.height}×${item.width}`;
      it(`pools maxima and means, ${name}`, () => {
        VIEW_KINDS.forEach((view) => {
          checkForward(kernels, item, view);
        });
      });
      it(`gives the first maximum its gradient, ${name}`, () => {
        VIEW_KINDS.forEach((view, i) => {
          checkGradient(kernels, item, view, i % 2 === 0, MAXIMUM);
        });
      });
      it(`spreads the gradient of means, ${name}`, () => {
        VIEW_KINDS.forEach((view, i) => {
          checkGradient(kernels, item, view, i % 2 === 0, MEAN);
        });
      });
    }
  });
}

/** Few different values, all of them negative for plain views: ties, and maxima below the border's zero. */
function coarseGrid(rng: Rng, item: Case): Grid {
  const grid = randomGrid(rng, BATCH, item.channels, item.height, item.width);
  return { ...grid, values: grid.values.map((value) => Math.round(value * 2) / 2 - 1.5) };
}

function outGrid(rng: Rng, item: Case): Grid {
  return randomGrid(rng, BATCH, item.channels, outSize(item.height, item), outSize(item.width, item));
}

/** Places inside the map that each value of the result sees, row by row. */
function windowsOf(x: Grid, item: Case): number[][] {
  const windows = Array.from(
    { length: BATCH * outSize(item.height, item) * outSize(item.width, item) * x.channels },
    (): number[] => [],
  );
  forEachTap(BATCH, x, item, (input, output) => {
    for (let c = 0; c < x.channels; c++) windows[output * x.channels + c]!.push(input * x.channels + c);
  });
  return windows;
}

function checkForward(kernels: Kernels, item: Case, view: ViewKind): void {
  kernels.reset();
  const rng = Rng.fromSeed(1);
  const input = withView(rng, coarseGrid(rng, item), view);
  const placed = kernels.operand([input]);
  const maxima = kernels.operand([{ grid: outGrid(rng, item) }]);
  const means = kernels.operand([{ grid: outGrid(rng, item) }]);
  const window = windowFields(item);
  kernels.runImages(
    kernels.instruction('MAX_POOL', { ...window, in: placed, out: maxima }),
    kernels.instruction('AVG_POOL', { ...window, in: placed, out: means }),
  );
  const x = viewed([input]);
  const seen = windowsOf(x, item).map((places) => places.map((at) => x.values[at]!));
  assertClose(
    kernels,
    kernels.readPart(maxima),
    seen.map((values) => Math.max(...values)),
    `max ${view}`,
  );
  assertClose(
    kernels,
    kernels.readPart(means),
    seen.map((values) => values.reduce((sum, v) => sum + v, 0) / values.length),
    `mean ${view}`,
  );
}

function windowFields({ kernel, stride, padding, dilation }: Case): WindowSpec {
  return { kernel, stride, padding, dilation };
}

function checkGradient(kernels: Kernels, item: Case, view: ViewKind, accumulate: boolean, rule: Rule): void {
  kernels.reset();
  const rng = Rng.fromSeed(2);
  const input = withView(rng, coarseGrid(rng, item), view);
  const grad = withView(rng, outGrid(rng, item), accumulate ? 'gradient' : 'plain');
  const destination = {
    grid: { ...input.grid, values: randomValues(rng, input.grid.values.length) },
    accumulate,
  };
  const dx = kernels.operand([destination]);
  // The mean needs its input only for a mask.
  const needsInput = rule.opcode === 'MAX_POOL_GRAD' || input.relu === true;
  const operands = {
    grad: kernels.operand([grad]),
    dx,
    ...(needsInput ? { in: kernels.operand([input]) } : {}),
  };
  kernels.runImages(kernels.instruction(rule.opcode, { ...windowFields(item), ...operands }));
  const x = viewed([input]);
  const dy = viewed([grad]).values;
  const expected = new Float64Array(x.values.length);
  windowsOf(x, item).forEach((places, at) => {
    rule.share(expected, places, x.values, dy[at]!);
  });
  assertClose(
    kernels,
    kernels.readPart(dx),
    expectedGradient(expected, [input], [destination]),
    `dx ${view}`,
  );
}
