import type { Shape } from '../../src/graph/network-graph.js';
import type { Rules, Values } from './evaluation.js';

export const CONVOLUTION: Rules<
  | 'conv'
  | 'conv_input_grad'
  | 'conv_kernel_grad'
  | 'depthwise'
  | 'depthwise_input_grad'
  | 'depthwise_kernel_grad'
> = {
  conv: ({ node, batch, value, shape, weight }) => {
    const [x, kernel] = [value(0), weight('kernel')];
    const bias = node.attributes.bias ? weight('bias') : undefined;
    const y = new Float64Array(batch * sizeOf(node.shape));
    if (bias !== undefined) y.forEach((_, i) => (y[i] = bias[i % bias.length]!));
    forEachProduct(batch, shape(0), node.shape, node.attributes, (from, to, tap, taps) => {
      dense(
        shape(0)[2]!,
        node.shape[2]!,
        (i, o) => (y[to + o]! += x[from + i]! * kernel[(o * shape(0)[2]! + i) * taps + tap]!),
      );
    });
    return y;
  },
  conv_input_grad: ({ node, batch, value, shape, weight }) => {
    const [dy, kernel] = [value(0), weight('kernel')];
    const dx = new Float64Array(batch * sizeOf(node.shape));
    const channels = node.shape[2]!;
    forEachProduct(batch, node.shape, shape(0), node.attributes, (from, to, tap, taps) => {
      dense(
        channels,
        shape(0)[2]!,
        (i, o) => (dx[from + i]! += dy[to + o]! * kernel[(o * channels + i) * taps + tap]!),
      );
    });
    return dx;
  },
  conv_kernel_grad: ({ node, batch, value, shape }) => {
    const [x, dy] = [value(0), value(1)];
    const dw = new Float64Array(sizeOf(node.shape));
    const channels = shape(0)[2]!;
    forEachProduct(batch, shape(0), shape(1), node.attributes, (from, to, tap, taps) => {
      dense(
        channels,
        shape(1)[2]!,
        (i, o) => (dw[(o * channels + i) * taps + tap]! += dy[to + o]! * x[from + i]!),
      );
    });
    return dw;
  },
  depthwise: ({ node, batch, value, shape, weight }) => {
    const [x, kernel] = [value(0), weight('kernel')];
    const y = new Float64Array(batch * sizeOf(node.shape));
    forEachProduct(batch, shape(0), node.shape, node.attributes, (from, to, tap, taps) => {
      for (let c = 0; c < node.shape[2]!; c++) y[to + c]! += x[from + c]! * kernel[c * taps + tap]!;
    });
    return y;
  },
  depthwise_input_grad: ({ node, batch, value, shape, weight }) => {
    const [dy, kernel] = [value(0), weight('kernel')];
    const dx = new Float64Array(batch * sizeOf(node.shape));
    forEachProduct(batch, node.shape, shape(0), node.attributes, (from, to, tap, taps) => {
      for (let c = 0; c < node.shape[2]!; c++) dx[from + c]! += dy[to + c]! * kernel[c * taps + tap]!;
    });
    return dx;
  },
  depthwise_kernel_grad: ({ node, batch, value, shape }) => {
    const [x, dy] = [value(0), value(1)];
    const dw = new Float64Array(sizeOf(node.shape));
    forEachProduct(batch, shape(0), shape(1), node.attributes, (from, to, tap, taps) => {
      for (let c = 0; c < node.shape[0]!; c++) dw[c * taps + tap]! += dy[to + c]! * x[from + c]!;
    });
    return dw;
  },
};

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** Calls `visit` for every pair of a pixel read (offset `from`) and a pixel written (offset `to`), and the tap between them. */
function forEachProduct(
  batch: number,
  read: Shape,
  written: Shape,
  { kernel, stride, padding, dilation }: Window,
  visit: (from: number, to: number, tap: number, taps: number) => void,
): void {
  const [height, width, channels] = read as [number, number, number];
  const [outHeight, outWidth, out] = written as [number, number, number];
  const pixels = batch * outHeight * outWidth;
  for (let at = 0; at < pixels * kernel * kernel; at++) {
    const tap = at % (kernel * kernel);
    const pixel = (at - tap) / (kernel * kernel);
    const column = pixel % outWidth;
    const row = Math.floor(pixel / outWidth) % outHeight;
    const image = Math.floor(pixel / (outWidth * outHeight));
    const i = row * stride - padding + Math.floor(tap / kernel) * dilation;
    const j = column * stride - padding + (tap % kernel) * dilation;
    if (i < 0 || i >= height || j < 0 || j >= width) continue;
    visit(((image * height + i) * width + j) * channels, pixel * out, tap, kernel * kernel);
  }
}

function dense(inputs: number, outputs: number, visit: (input: number, output: number) => void): void {
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) visit(i, o);
}

function sizeOf(shape: Shape): Values['length'] {
  return shape.reduce((product, length) => product * length, 1);
}
