import type { Shape, Window } from '../../src/graph/network-graph.js';
import type { Rules } from './evaluation.js';

export const POOLING: Rules<
  'max_pool' | 'max_pool_grad' | 'avg_pool' | 'avg_pool_grad' | 'global_pool' | 'spread'
> = {
  max_pool: ({ node, batch, value, shape }) => {
    const [x, y] = [value(0), new Float64Array(batch * sizeOf(node.shape))];
    forEachWindow(batch, shape(0), node.shape, node.attributes, (inside, to) => {
      y[to] = Math.max(...inside.map((at) => x[at]!));
    });
    return y;
  },
  max_pool_grad: ({ node, batch, value, shape }) => {
    const [dy, x, dx] = [value(0), value(1), new Float64Array(batch * sizeOf(node.shape))];
    forEachWindow(batch, node.shape, shape(0), node.attributes, (inside, from) => {
      const first = inside.reduce((best, at) => (x[at]! > x[best]! ? at : best));
      dx[first]! += dy[from]!;
    });
    return dx;
  },
  avg_pool: ({ node, batch, value, shape }) => {
    const [x, y] = [value(0), new Float64Array(batch * sizeOf(node.shape))];
    forEachWindow(batch, shape(0), node.shape, node.attributes, (inside, to) => {
      y[to] = inside.reduce((sum, at) => sum + x[at]!, 0) / inside.length;
    });
    return y;
  },
  avg_pool_grad: ({ node, batch, value, shape }) => {
    const [dy, dx] = [value(0), new Float64Array(batch * sizeOf(node.shape))];
    forEachWindow(batch, node.shape, shape(0), node.attributes, (inside, from) => {
      for (const at of inside) dx[at]! += dy[from]! / inside.length;
    });
    return dx;
  },
  global_pool: ({ node, value, shape, batch }) => {
    const channels = node.shape[0]!;
    const pixels = shape(0)[0]! * shape(0)[1]!;
    const y = new Float64Array(batch * channels);
    value(0).forEach((x, at) => {
      y[Math.floor(at / (pixels * channels)) * channels + (at % channels)]! += x / pixels;
    });
    return y;
  },
  spread: ({ node, value, batch }) => {
    const { height, width, channels } = node.attributes;
    const pixels = height * width;
    return Float64Array.from({ length: batch * pixels * channels }, (_, at) => {
      const image = Math.floor(at / (pixels * channels));
      return value(0)[image * channels + (at % channels)]! / pixels;
    });
  },
};

/** Calls `visit` for each value of the smaller map with the offsets that its window covers, row by row. */
function forEachWindow(
  batch: number,
  large: Shape,
  small: Shape,
  { kernel, stride, padding }: Window,
  visit: (inside: readonly number[], at: number) => void,
): void {
  const [height, width, channels] = large as [number, number, number];
  const [outHeight, outWidth] = small as [number, number, number];
  for (let at = 0; at < batch * sizeOf(small); at++) {
    const channel = at % channels;
    const column = Math.floor(at / channels) % outWidth;
    const row = Math.floor(at / (channels * outWidth)) % outHeight;
    const image = Math.floor(at / (channels * outWidth * outHeight));
    const inside: number[] = [];
    for (let tap = 0; tap < kernel * kernel; tap++) {
      const i = row * stride - padding + Math.floor(tap / kernel);
      const j = column * stride - padding + (tap % kernel);
      if (i < 0 || i >= height || j < 0 || j >= width) continue;
      inside.push(((image * height + i) * width + j) * channels + channel);
    }
    visit(inside, at);
  }
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}
