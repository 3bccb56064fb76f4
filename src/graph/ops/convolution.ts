import type { DilatedWindow, MapSize, Shape } from '../network-graph.js';
import type { OpDefinition } from '../op.js';
import { ShapeError } from '../op.js';
import { expectShape, featureMap, one, sizeOf, slide, two } from './shapes.js';
import { weightOf } from './weights.js';

export const conv: OpDefinition<'conv'> = {
  name: 'conv',
  shape(inputs, attributes) {
    return [...slide('conv', featureMap('conv', one('conv', inputs)), attributes), attributes.out];
  },
  weights(inputs, { out, kernel, bias }) {
    const channels = featureMap('conv', one('conv', inputs))[2];
    const filters = [out, channels, kernel, kernel];
    return bias ? { kernel: filters, bias: [out] } : { kernel: filters };
  },
  macs(inputs, { kernel }, output) {
    return sizeOf(output) * kernel * kernel * inputs[0]![2]!;
  },
  gradient(node, dy, tape) {
    const { attributes } = node;
    const x = node.inputs[0]!;
    const key = weightOf(node, 'kernel');
    if (tape.wantsWeight(key))
      tape.addWeight(key, tape.emit('conv_kernel_grad', [x, dy], windowOf(attributes)));
    if (attributes.bias) {
      const bias = weightOf(node, 'bias');
      if (tape.wantsWeight(bias)) tape.addWeight(bias, tape.emit('bias_grad', [dy], {}));
    }
    if (tape.wants(x)) {
      const window = sizedWindow(attributes, tape.shapeOf(x));
      tape.addInput(x, tape.emit('conv_input_grad', [dy], window, { kernel: key }));
    }
  },
};

export const depthwise: OpDefinition<'depthwise'> = {
  name: 'depthwise',
  shape(inputs, attributes) {
    const map = featureMap('depthwise', one('depthwise', inputs));
    return [...slide('depthwise', map, attributes), map[2]];
  },
  weights(inputs, { kernel }) {
    return {
      kernel: [featureMap('depthwise', one('depthwise', inputs))[2], kernel, kernel],
    };
  },
  macs: (_, { kernel }, output) => sizeOf(output) * kernel * kernel,
  gradient(node, dy, tape) {
    const window = windowOf(node.attributes);
    const x = node.inputs[0]!;
    const key = weightOf(node, 'kernel');
    if (tape.wantsWeight(key)) tape.addWeight(key, tape.emit('depthwise_kernel_grad', [x, dy], window));
    if (tape.wants(x)) {
      const sized = sizedWindow(window, tape.shapeOf(x));
      tape.addInput(x, tape.emit('depthwise_input_grad', [dy], sized, { kernel: key }));
    }
  },
};

export const convInputGrad: OpDefinition<'conv_input_grad'> = {
  name: 'conv_input_grad',
  shape(inputs, attributes) {
    return inputShape('conv_input_grad', one('conv_input_grad', inputs), attributes);
  },
  weights(inputs, { kernel, channels }) {
    return {
      kernel: [featureMap('conv_input_grad', one('conv_input_grad', inputs))[2], channels, kernel, kernel],
    };
  },
  macs: (inputs, { kernel, channels }) => sizeOf(inputs[0]!) * channels * kernel * kernel,
};

export const convKernelGrad: OpDefinition<'conv_kernel_grad'> = {
  name: 'conv_kernel_grad',
  shape(inputs, attributes) {
    const [x, dy] = forwardPair('conv_kernel_grad', inputs, attributes);
    return [dy[2], x[2], attributes.kernel, attributes.kernel];
  },
  macs: (inputs, { kernel }) => sizeOf(inputs[1]!) * inputs[0]![2]! * kernel * kernel,
};

export const depthwiseInputGrad: OpDefinition<'depthwise_input_grad'> = {
  name: 'depthwise_input_grad',
  shape(inputs, attributes) {
    const dy = one('depthwise_input_grad', inputs);
    const x = inputShape('depthwise_input_grad', dy, attributes);
    sameChannels('depthwise_input_grad', dy, x);
    return x;
  },
  weights: (_, { kernel, channels }) => ({
    kernel: [channels, kernel, kernel],
  }),
  macs: (inputs, { kernel }) => sizeOf(inputs[0]!) * kernel * kernel,
};

export const depthwiseKernelGrad: OpDefinition<'depthwise_kernel_grad'> = {
  name: 'depthwise_kernel_grad',
  shape(inputs, attributes) {
    const [x, dy] = forwardPair('depthwise_kernel_grad', inputs, attributes);
    sameChannels('depthwise_kernel_grad', dy, x);
    return [x[2], attributes.kernel, attributes.kernel];
  },
  macs: (inputs, { kernel }) => sizeOf(inputs[1]!) * kernel * kernel,
};

/** Shape of the forward input, after checking that `dy` is what the window makes of it. */
function inputShape(
  op: string,
  dy: Shape,
  attributes: DilatedWindow & MapSize,
): readonly [number, number, number] {
  const x = [attributes.height, attributes.width, attributes.channels] as const;
  expectShape(op, 'dy', dy, [...slide(op, x, attributes), featureMap(op, dy)[2]]);
  return x;
}

function forwardPair(
  op: string,
  inputs: readonly Shape[],
  window: DilatedWindow,
): readonly [readonly [number, number, number], readonly [number, number, number]] {
  const [first, second] = two(op, inputs);
  const x = featureMap(op, first);
  const dy = featureMap(op, second);
  expectShape(op, 'dy', dy, [...slide(op, x, window), dy[2]]);
  return [x, dy];
}

function sameChannels(op: string, dy: Shape, x: Shape): void {
  if (dy[2] !== x[2]) throw new ShapeError(`${op} needs ${x[2]} channels in dy, got ${dy[2]}`);
}

function windowOf({ kernel, stride, padding, dilation }: DilatedWindow): DilatedWindow {
  return { kernel, stride, padding, dilation };
}

/** Field by field: once per edge of every sampled path, and spreads would take most of `differentiate`'s time. */
function sizedWindow(window: DilatedWindow, map: Shape): DilatedWindow & MapSize {
  const { kernel, stride, padding, dilation } = window;
  return { kernel, stride, padding, dilation, height: map[0]!, width: map[1]!, channels: map[2]! };
}
