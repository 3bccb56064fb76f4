import assert from 'node:assert/strict';

import type { Rng } from '../../../../src/base/rng.js';
import { joinGrids } from './grid.js';
import type { Grid } from './grid.js';
import type { Kernels, PartSpec } from './harness.js';

/** Numbers in [−1, 1) that float32 holds exactly. */
export function randomValues(rng: Rng, count: number): Float64Array {
  return Float64Array.from({ length: count }, () => Math.fround(rng.uniform() * 2 - 1));
}

export function randomGrid(rng: Rng, batch: number, channels: number, height: number, width: number): Grid {
  return { channels, height, width, values: randomValues(rng, batch * height * width * channels) };
}

export function zeroGrid(batch: number, channels: number, height: number, width: number): Grid {
  return { channels, height, width, values: new Float64Array(batch * height * width * channels) };
}

export type ViewKind = 'plain' | 'relu' | 'affine' | 'affine relu' | 'gradient' | 'gradient relu';
export const VIEW_KINDS: readonly ViewKind[] = [
  'plain',
  'relu',
  'affine',
  'affine relu',
  'gradient',
  'gradient relu',
];

export function withView(rng: Rng, grid: Grid, kind: ViewKind): PartSpec {
  const vector = (): Float64Array => randomValues(rng, grid.channels);
  const relu = kind.endsWith('relu');
  if (kind.startsWith('affine')) return { grid, relu, affine: { scale: vector(), shift: vector() } };
  if (!kind.startsWith('gradient')) return { grid, relu };
  const second = { ...grid, values: randomValues(rng, grid.values.length) };
  return { grid, relu, gradient: { second, a: vector(), b: vector(), c: vector() } };
}

/** What a kernel reads through a parts list, by the definition of a view. */
export function viewed(specs: readonly PartSpec[]): Grid {
  return joinGrids(specs.map((spec) => ({ ...spec.grid, values: viewedPart(spec) })));
}

export function viewedPart({ grid, affine, gradient, relu }: PartSpec): Float64Array {
  return grid.values.map((value, at) => {
    const c = at % grid.channels;
    let seen = value;
    if (affine) seen = affine.scale[c]! * value + affine.shift[c]!;
    if (gradient)
      seen = gradient.a[c]! * value + gradient.b[c]! * gradient.second.values[at]! + gradient.c[c]!;
    return relu === true ? Math.max(seen, 0) : seen;
  });
}

/** What must lie in a destination: gradient masked by the input's view, added to what was there. */
export function expectedGradient(
  gradient: Float64Array,
  inputs: readonly PartSpec[],
  destinations: readonly PartSpec[],
): Float64Array {
  const seen = viewed(inputs).values;
  const hasRelu = joinGrids(
    inputs.map(({ grid, relu }) => ({ ...grid, values: grid.values.map(() => (relu === true ? 1 : 0)) })),
  );
  const before = joinGrids(
    destinations.map(({ grid, accumulate }) => ({
      ...grid,
      values: grid.values.map((v) => (accumulate === true ? v : 0)),
    })),
  );
  return gradient.map(
    (value, at) => (hasRelu.values[at] === 1 && seen[at]! <= 0 ? 0 : value) + before.values[at]!,
  );
}

/** Equal within the precision of the variant, relative to the largest expected value. */
export function assertClose(
  kernels: Kernels,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
): void {
  const tolerance = kernels.bytesPerReal === 8 ? 1e-13 : 1e-5;
  assert.equal(actual.length, expected.length, `${what}: length`);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    assert.ok(difference <= tolerance * scale, `${what}: [${i}] is ${actual[i]}, expected ${expected[i]}`);
  }
}
