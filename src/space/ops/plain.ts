import { present } from '../../base/assert.js';
import type { CompositeOp } from './composite-op.js';
import { batchNorm, linear as linearLayer } from './layers.js';

/** Batch normalisation; γ and β as the scale says. */
export const bn: CompositeOp = {
  name: 'bn',
  parameters: [],
  strided: false,
  expand: (context, x) => batchNorm(context, x),
};

/** With bias. `units` 0: one per class. */
export const linear: CompositeOp = {
  name: 'linear',
  parameters: [{ name: 'units', type: 'int', minimum: 0, default: 0 }],
  strided: false,
  expand(context, x, values) {
    const units = present(values['units'], 'units');
    return linearLayer(context, x, units === 0 ? context.classes : units);
  },
};

/** Token → vector. */
export const embed: CompositeOp = {
  name: 'embed',
  parameters: [{ name: 'dim', type: 'int', minimum: 1, default: 300 }],
  strided: false,
  expand(context, x, values) {
    const attributes = { vocabulary: context.vocabulary, dim: present(values['dim'], 'dim') };
    return context.builder.add('embedding', [x], attributes, context.nextKeys('kernel'));
  },
};

export const relu: CompositeOp = activation('relu');
export const tanh: CompositeOp = activation('tanh');
export const sigmoid: CompositeOp = activation('sigmoid');

export const identity: CompositeOp = {
  name: 'identity',
  parameters: [],
  strided: false,
  expand: (_, x) => x,
};

function activation(name: 'relu' | 'tanh' | 'sigmoid'): CompositeOp {
  return { name, parameters: [], strided: false, expand: (context, x) => context.builder.add(name, [x], {}) };
}
