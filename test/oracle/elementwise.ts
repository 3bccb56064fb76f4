import type { Rules, Values } from './evaluation.js';

export const ELEMENTWISE: Rules<
  | 'input'
  | 'zero'
  | 'one'
  | 'relu'
  | 'tanh'
  | 'sigmoid'
  | 'relu_grad'
  | 'tanh_grad'
  | 'sigmoid_grad'
  | 'add'
  | 'mean'
  | 'mul'
  | 'sub'
  | 'scale'
  | 'concat'
  | 'slice'
  | 'unslice'
  | 'shift'
> = {
  input: ({ feed, node }) => feed(node.attributes.name),
  zero: ({ batch, node }) => new Float64Array(batch * size(node.shape)),
  one: () => Float64Array.of(1),
  relu: ({ value }) => value(0).map((x) => Math.max(x, 0)),
  tanh: ({ value }) => value(0).map(Math.tanh),
  sigmoid: ({ value }) => value(0).map((x) => 1 / (1 + Math.exp(-x))),
  relu_grad: ({ value }) => zip(value(0), value(1), (dy, y) => (y > 0 ? dy : 0)),
  tanh_grad: ({ value }) => zip(value(0), value(1), (dy, y) => dy * (1 - y * y)),
  sigmoid_grad: ({ value }) => zip(value(0), value(1), (dy, y) => dy * y * (1 - y)),
  add: ({ node, value }) => sum(node.inputs.map((_, i) => value(i))),
  mean: ({ node, value }) => sum(node.inputs.map((_, i) => value(i))).map((x) => x / node.inputs.length),
  mul: ({ value }) => zip(value(0), value(1), (a, b) => a * b),
  sub: ({ value }) => zip(value(0), value(1), (a, b) => a - b),
  scale: ({ node, value }) => value(0).map((x) => x * node.attributes.factor),
  concat: ({ node, value, shape }) => {
    const channels = node.inputs.map((_, i) => lastOf(shape(i)));
    const width = lastOf(node.shape);
    const result = new Float64Array((value(0).length / channels[0]!) * width);
    let from = 0;
    channels.forEach((count, i) => {
      value(i).forEach((x, at) => (result[Math.floor(at / count) * width + from + (at % count)] = x));
      from += count;
    });
    return result;
  },
  slice: ({ node, value, shape }) => {
    const { from, to } = node.attributes;
    const channels = lastOf(shape(0));
    return value(0).filter((_, at) => at % channels >= from && at % channels < to);
  },
  unslice: ({ node, value, shape }) => {
    const { from, channels } = node.attributes;
    const count = lastOf(shape(0));
    const result = new Float64Array((value(0).length / count) * channels);
    value(0).forEach((x, at) => (result[Math.floor(at / count) * channels + from + (at % count)] = x));
    return result;
  },
  shift: ({ node, value, shape }) => {
    const { rows, columns } = node.attributes;
    const [height, width, channels] = shape(0) as [number, number, number];
    const x = value(0);
    return x.map((_, at) => {
      const column = (Math.floor(at / channels) % width) + columns;
      const row = (Math.floor(at / (channels * width)) % height) + rows;
      const outside = row < 0 || row >= height || column < 0 || column >= width;
      return outside ? 0 : x[at + (rows * width + columns) * channels]!;
    });
  },
};

function sum(values: readonly Values[]): Values {
  return values.reduce((total, next) => zip(total, next, (a, b) => a + b));
}

function zip(a: Values, b: Values, f: (a: number, b: number) => number): Values {
  return a.map((x, i) => f(x, b[i]!));
}

function lastOf(shape: readonly number[]): number {
  return shape[shape.length - 1]!;
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
