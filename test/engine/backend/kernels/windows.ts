import type { Grid } from './grid.js';

export interface WindowSpec {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

export function outSize(size: number, { kernel, stride, padding, dilation }: WindowSpec): number {
  return Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

/** Calls `visit` for each pair of an output pixel and an input pixel (both as numbers over the batch) that a tap joins. */
export function forEachTap(
  batch: number,
  { height, width }: Grid,
  window: WindowSpec,
  visit: (input: number, output: number, tap: number) => void,
): void {
  const [outHeight, outWidth] = [outSize(height, window), outSize(width, window)];
  for (let output = 0; output < batch * outHeight * outWidth; output++) {
    const column = output % outWidth;
    const row = Math.floor(output / outWidth) % outHeight;
    const image = Math.floor(output / outWidth / outHeight);
    for (let tap = 0; tap < window.kernel ** 2; tap++) {
      const y = row * window.stride - window.padding + Math.floor(tap / window.kernel) * window.dilation;
      const x = column * window.stride - window.padding + (tap % window.kernel) * window.dilation;
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      visit((image * height + y) * width + x, output, tap);
    }
  }
}
