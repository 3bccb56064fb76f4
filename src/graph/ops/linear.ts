import type { OpDefinition } from '../op.js';
import { one, scalar, two, vector } from './shapes.js';
import { weightOf } from './weights.js';

export const linear: OpDefinition<'linear'> = {
  name: 'linear',
  shape(inputs, { out }) {
    vector('linear', one('linear', inputs));
    return [out];
  },
  weights(inputs, { out, bias }) {
    const kernel = [out, vector('linear', one('linear', inputs))];
    return bias ? { kernel, bias: [out] } : { kernel };
  },
  macs: (inputs, { out }) => out * inputs[0]![0]!,
  gradient(node, dy, tape) {
    const x = node.inputs[0]!;
    const key = weightOf(node, 'kernel');
    if (tape.wantsWeight(key)) tape.addWeight(key, tape.emit('linear_kernel_grad', [x, dy], {}));
    if (node.attributes.bias) {
      const bias = weightOf(node, 'bias');
      if (tape.wantsWeight(bias)) tape.addWeight(bias, tape.emit('bias_grad', [dy], {}));
    }
    if (tape.wants(x)) {
      const size = vector('linear', tape.shapeOf(x));
      tape.addInput(x, tape.emit('linear_input_grad', [dy], { in: size }, { kernel: key }));
    }
  },
};

export const linearInputGrad: OpDefinition<'linear_input_grad'> = {
  name: 'linear_input_grad',
  shape(inputs, attributes) {
    vector('linear_input_grad', one('linear_input_grad', inputs));
    return [attributes.in];
  },
  weights: (inputs, attributes) => ({
    kernel: [vector('linear_input_grad', inputs[0]!), attributes.in],
  }),
  macs: (inputs, attributes) => inputs[0]![0]! * attributes.in,
};

export const linearKernelGrad: OpDefinition<'linear_kernel_grad'> = {
  name: 'linear_kernel_grad',
  shape(inputs) {
    const [x, dy] = two('linear_kernel_grad', inputs);
    return [vector('linear_kernel_grad', dy), vector('linear_kernel_grad', x)];
  },
  macs: (inputs) => inputs[0]![0]! * inputs[1]![0]!,
};

/** A look-up: no products, so no MACs. */
export const embedding: OpDefinition<'embedding'> = {
  name: 'embedding',
  shape(inputs, { dim }) {
    scalar('embedding', 'token', one('embedding', inputs));
    return [dim];
  },
  weights: (_, { vocabulary, dim }) => ({ kernel: [vocabulary, dim] }),
  gradient(node, dy, tape) {
    const key = weightOf(node, 'kernel');
    const { vocabulary } = node.attributes;
    if (tape.wantsWeight(key))
      tape.addWeight(key, tape.emit('embedding_grad', [node.inputs[0]!, dy], { vocabulary }));
  },
};

export const embeddingGrad: OpDefinition<'embedding_grad'> = {
  name: 'embedding_grad',
  shape(inputs, { vocabulary }) {
    const [tokens, dy] = two('embedding_grad', inputs);
    scalar('embedding_grad', 'token', tokens);
    return [vocabulary, vector('embedding_grad', dy)];
  },
};
