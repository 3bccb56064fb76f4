import assert from 'node:assert/strict';

import { Rng } from '../../../../src/base/rng.js';
import { Kernels, VARIANTS } from './harness.js';
import type { Grid } from './grid.js';
import type { PartSpec } from './harness.js';
import {
  assertClose,
  expectedGradient,
  randomGrid,
  viewed,
  viewedPart,
  VIEW_KINDS,
  withView,
  zeroGrid,
} from './samples.js';

const BATCH = 3;
// The last one takes more than one span of pixels.
const SIZES = [
  [1, 1],
  [3, 5],
  [13, 9],
  [19, 17],
] as const;
const CHANNELS = [1, 3, 8, 12, 20] as const;

/** channelFrom, channelTo, channelCount, channels of in, channels of out. */
const COPIES = [
  [0, 0, 12, 12, 12],
  [0, 8, 12, 12, 20],
  [3, 0, 5, 12, 5],
  [0, 4, 8, 8, 12],
  [5, 2, 13, 20, 15],
  [8, 8, 3, 16, 24],
  [1, 0, 1, 3, 4],
] as const;

for (const variant of VARIANTS) {
  describe(`pointwise kernels (${variant})`, () => {
    const kernels = new Kernels(variant, BATCH);
    const rng = Rng.fromSeed(5);
    const eachSize = (check: (grid: () => Grid) => void): void => {
      SIZES.forEach(([height, width], i) => {
        kernels.reset();
        check(() => randomGrid(rng, BATCH, CHANNELS[i % CHANNELS.length]!, height, width));
      });
    };

    it('sums any number of views, scaled', () => {
      for (let numParts = 0; numParts <= VIEW_KINDS.length; numParts++) {
        eachSize((grid) => {
          checkSum(kernels, rng, grid, numParts);
        });
      }
    });
    it('adds to a sum in place', () => {
      eachSize((grid) => {
        const [own, other] = [grid(), grid()];
        const placed = kernels.operand([{ grid: own }, { grid: other }]);
        const out = { ...placed, words: placed.words.map((word, i) => (i === 1 ? 1 : word)) };
        kernels.runImages(
          kernels.instruction('SUM', { in: placed, out: kernels.operand([{ grid: own }]) }),
          kernels.instruction('SUM', { in: placed, out }),
        );
        assertClose(
          kernels,
          kernels.readPart(placed),
          own.values.map((v, i) => v + other.values[i]!),
          'in place',
        );
      });
    });
    it('passes gradients where the view is positive', () => {
      VIEW_KINDS.forEach((view, i) => {
        eachSize((grid) => {
          const input = withView(rng, grid(), view);
          const grad = withView(rng, grid(), VIEW_KINDS[(i + 4) % 6]!);
          const destination = { grid: grid(), accumulate: i % 2 === 0 };
          const dx = kernels.operand([destination]);
          kernels.runImages(
            kernels.instruction('RELU_GRAD', {
              in: kernels.operand([input]),
              grad: kernels.operand([grad]),
              dx,
            }),
          );
          const expected = expectedGradient(viewedPart(grad), [{ ...input, relu: true }], [destination]);
          assertClose(kernels, kernels.readPart(dx), expected, view);
        });
      });
    });
    it('multiplies two views', () => {
      eachSize((grid) => {
        const parts = [withView(rng, grid(), 'affine relu'), withView(rng, grid(), 'plain')];
        const destination = { grid: grid(), accumulate: true };
        const out = kernels.operand([destination]);
        kernels.runImages(kernels.instruction('MUL', { in: kernels.operand(parts), out }));
        const [a, b] = parts.map(viewedPart) as [Float64Array, Float64Array];
        assertClose(
          kernels,
          kernels.readPart(out),
          a.map((v, i) => v * b[i]! + destination.grid.values[i]!),
          'product',
        );
      });
    });
    it('computes tanh and sigmoid, and their gradients from the results', () => {
      eachSize((grid) => {
        checkActivations(kernels, rng, grid);
      });
    });
    for (const [from, to, count, inChannels, outChannels] of COPIES) {
      it(`copies ${count} channels from ${from} to ${to}`, () => {
        checkCopy(kernels, rng, { from, to, count, inChannels, outChannels });
      });
    }
    for (const [rows, columns] of [
      [1, 1],
      [0, 0],
      [-2, 1],
      [1, -1],
      [0, 20],
      [-7, 0],
    ] as const) {
      it(`shifts by ${rows} rows and ${columns} columns`, () => {
        eachSize((grid) => {
          checkShift(kernels, rng, grid, rows, columns);
        });
      });
    }
    it('brings feeds into blocks and back', () => {
      eachSize((grid) => {
        const feed = grid();
        const out = kernels.operand([{ grid: { ...feed, values: feed.values.map(() => 7) } }]);
        const result = kernels.reals(feed.values.map(() => NaN));
        const source = { words: [kernels.reals(feed.values), 0, 0, 0, 0, 0], parts: [] };
        kernels.runImages(
          kernels.instruction('INPUT', { in: source, out }),
          kernels.instruction('OUTPUT', { in: out, result }),
        );
        assert.deepEqual(kernels.readPart(out), feed.values);
        assert.deepEqual(kernels.readReals(result, feed.values.length), feed.values);
      });
    });
    it('fills with zeros', () => {
      kernels.reset();
      const at = kernels.reals([1, 2, 3, 4]);
      kernels.runItems(
        kernels.instruction('ZERO', { out: { words: [at, 0, 0, 0, 0, 0], parts: [] }, numel: 3 }),
      );
      assert.deepEqual([...kernels.readReals(at, 4)], [0, 0, 0, 4]);
    });
  });
}

function checkSum(kernels: Kernels, rng: Rng, grid: () => Grid, numParts: number): void {
  const parts = VIEW_KINDS.slice(0, numParts).map((view) => withView(rng, grid(), view));
  const destination = { grid: grid(), accumulate: numParts % 2 === 1 };
  const out = kernels.operand([destination]);
  const fields = parts.length > 0 ? { in: kernels.operand(parts) } : {};
  kernels.runImages(kernels.instruction('SUM', { ...fields, out, constants: kernels.doubles([-0.5, 0]) }));
  const expected = destination.grid.values.map((value) => (destination.accumulate ? value : 0));
  parts.forEach((part) => {
    viewedPart(part).forEach((value, i) => (expected[i]! -= 0.5 * value));
  });
  assertClose(kernels, kernels.readPart(out), expected, `${numParts} parts`);
}

function checkActivations(kernels: Kernels, rng: Rng, grid: () => Grid): void {
  const wide = { ...grid(), values: grid().values.map((value) => value * 8) };
  const input = withView(rng, wide, 'affine');
  const grad = withView(rng, grid(), 'plain');
  const [x, dy] = [viewedPart(input), viewedPart(grad)];
  const placed = { in: kernels.operand([input]), grad: kernels.operand([grad]) };
  const pairs = [
    ['TANH', 'TANH_GRAD', Math.tanh, (y: number) => 1 - y * y],
    ['SIGMOID', 'SIGMOID_GRAD', (v: number) => 1 / (1 + Math.exp(-v)), (y: number) => y * (1 - y)],
  ] as const;
  for (const [forward, backward, value, slope] of pairs) {
    const out = kernels.operand([{ grid: grid() }]);
    const dx = kernels.operand([{ grid: grid() }]);
    kernels.runImages(
      kernels.instruction(forward, { in: placed.in, out }),
      kernels.instruction(backward, { in: out, grad: placed.grad, dx }),
    );
    assertClose(kernels, kernels.readPart(out), x.map(value), forward);
    assertClose(
      kernels,
      kernels.readPart(dx),
      x.map((v, i) => dy[i]! * slope(value(v))),
      backward,
    );
  }
}

interface Copy {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

function checkCopy(kernels: Kernels, rng: Rng, { from, to, count, inChannels, outChannels }: Copy): void {
  SIZES.forEach(([height, width], i) => {
    kernels.reset();
    const input = withView(rng, randomGrid(rng, BATCH, inChannels, height, width), VIEW_KINDS[i]!);
    const destination = { grid: randomGrid(rng, BATCH, outChannels, height, width), accumulate: i % 2 === 0 };
    const out = kernels.operand([destination]);
    const channels = { channelFrom: from, channelTo: to, channelCount: count };
    kernels.runImages(
      kernels.instruction('COPY_CHANNELS', { in: kernels.operand([input]), out, ...channels }),
    );
    const x = viewedPart(input);
    const expected = destination.grid.values.map((value, at) => {
      const c = at % outChannels;
      if (c < to || c >= to + count) return value;
      return (
        x[Math.floor(at / outChannels) * inChannels + c - to + from]! + (destination.accumulate ? value : 0)
      );
    });
    assertClose(kernels, kernels.readPart(out), expected, `${height}×${width}`);
  });
}

function checkShift(kernels: Kernels, rng: Rng, grid: () => Grid, rows: number, columns: number): void {
  const input: PartSpec = withView(rng, grid(), 'gradient relu');
  const { channels, height, width } = input.grid;
  const destinations = [
    { grid: zeroGrid(BATCH, channels, height, width) },
    { grid: grid(), accumulate: true },
  ];
  const outs = destinations.map((destination) => kernels.operand([destination]));
  const placed = kernels.operand([input]);
  kernels.runImages(...outs.map((out) => kernels.instruction('SHIFT', { in: placed, out, rows, columns })));
  const x = viewed([input]).values;
  const shifted = x.map((_, at) => {
    const column = (Math.floor(at / channels) % width) + columns;
    const row = (Math.floor(at / channels / width) % height) + rows;
    if (row < 0 || row >= height || column < 0 || column >= width) return 0;
    return x[at + (rows * width + columns) * channels]!;
  });
  outs.forEach((out, i) => {
    const expected = shifted.map((value, at) => value + destinations[i]!.grid.values[at]!);
    assertClose(kernels, kernels.readPart(out), expected, `shift ${i}`);
  });
}

describe('exp, log and tanh of the kernels', () => {
  it('are accurate over their range', () => {
    const kernels = new Kernels('float64', 1);
    const xs = Float64Array.from({ length: 2000 }, (_, i) => (i - 1000) * 0.0371 + (i % 7) * 1e-6);
    const grid = { channels: 8, height: 1, width: 250, values: xs };
    const out = kernels.operand([{ grid: { ...grid, values: new Float64Array(2000) } }]);
    kernels.runImages(kernels.instruction('SIGMOID', { in: kernels.operand([{ grid }]), out }));
    kernels.readPart(out).forEach((value, i) => {
      const exact = 1 / (1 + Math.exp(-xs[i]!));
      assert.ok(Math.abs(value / exact - 1) < 4e-15, `sigmoid(${xs[i]}) = ${value}`);
    });
    kernels.runImages(kernels.instruction('TANH', { in: kernels.operand([{ grid }]), out }));
    kernels.readPart(out).forEach((value, i) => {
      assert.ok(Math.abs(value - Math.tanh(xs[i]!)) <= 1e-12 * Math.abs(value), `tanh(${xs[i]}) = ${value}`);
    });
  });
});
