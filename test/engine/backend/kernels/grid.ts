import { BL } from '../../../../src/engine/backend/plan/layout.js';

/** A tensor of the whole batch, (B, H, W, C) row by row, channels last. */
export interface Grid {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

export function blocksOf(channels: number): number {
  return Math.ceil(channels / BL);
}

/** Joined along channels, blocks completed with zeros as the kernels see it. */
export function joinGrids(grids: readonly Grid[]): Grid {
  const { height, width } = grids[0]!;
  const counts = grids.map(({ channels }, i) => (i + 1 < grids.length ? blocksOf(channels) * BL : channels));
  const channels = counts.reduce((sum, count) => sum + count, 0);
  const numPixels = grids[0]!.values.length / grids[0]!.channels;
  const values = new Float64Array(numPixels * channels);
  let offset = 0;
  grids.forEach((grid, i) => {
    grid.values.forEach((value, at) => {
      values[Math.floor(at / grid.channels) * channels + offset + (at % grid.channels)] = value;
    });
    offset += counts[i]!;
  });
  return { channels, height, width, values };
}

/** Where value `at` of a grid lies among the blocks, see program.h. */
export function blockedPlace(at: number, channels: number, numPixels: number): number {
  const channel = at % channels;
  const pixel = Math.floor(at / channels) % numPixels;
  const image = Math.floor(at / channels / numPixels);
  return ((image * blocksOf(channels) + Math.floor(channel / BL)) * numPixels + pixel) * BL + (channel % BL);
}
