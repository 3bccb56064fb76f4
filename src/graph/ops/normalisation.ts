import type { OpDefinition } from '../op.js';
import { channelsOf, common, one } from './shapes.js';
import { weightOf } from './weights.js';

/** Ioffe & Szegedy 2015. The last axis is the channel; mean and variance are over batch and map. */
export const batchNorm: OpDefinition<'batch_norm'> = {
  name: 'batch_norm',
  shape(inputs) {
    const shape = one('batch_norm', inputs);
    channelsOf('batch_norm', shape);
    return shape;
  },
  weights(inputs, { affine }) {
    const channels = channelsOf('batch_norm', one('batch_norm', inputs));
    return affine ? { gamma: [channels], beta: [channels] } : {};
  },
  gradient(node, dy, tape) {
    const x = node.inputs[0]!;
    const { affine } = node.attributes;
    if (affine) {
      const gamma = weightOf(node, 'gamma');
      const beta = weightOf(node, 'beta');
      if (tape.wantsWeight(gamma))
        tape.addWeight(gamma, tape.emit('gamma_grad', [dy, x], { forward: node.id }));
      if (tape.wantsWeight(beta)) tape.addWeight(beta, tape.emit('bias_grad', [dy], {}));
    }
    if (tape.wants(x)) {
      const weights = affine ? { gamma: weightOf(node, 'gamma') } : {};
      tape.addInput(x, tape.emit('batch_norm_input_grad', [dy, x], { affine, forward: node.id }, weights));
    }
  },
};

export const batchNormInputGrad: OpDefinition<'batch_norm_input_grad'> = {
  name: 'batch_norm_input_grad',
  shape(inputs) {
    const shape = common('batch_norm_input_grad', inputs, 2);
    channelsOf('batch_norm_input_grad', shape);
    return shape;
  },
  weights(inputs, { affine }) {
    return affine ? { gamma: [channelsOf('batch_norm_input_grad', inputs[0]!)] } : {};
  },
};

export const gammaGrad: OpDefinition<'gamma_grad'> = {
  name: 'gamma_grad',
  shape: (inputs) => [channelsOf('gamma_grad', common('gamma_grad', inputs, 2))],
};

export const biasGrad: OpDefinition<'bias_grad'> = {
  name: 'bias_grad',
  shape: (inputs) => [channelsOf('bias_grad', one('bias_grad', inputs))],
};
