import type { OpDefinition } from '../op.js';
import { common, one } from './shapes.js';

type Activation = 'relu' | 'tanh' | 'sigmoid';

export const relu = activation('relu');
export const tanh = activation('tanh');
export const sigmoid = activation('sigmoid');
export const reluGrad = activationGrad('relu');
export const tanhGrad = activationGrad('tanh');
export const sigmoidGrad = activationGrad('sigmoid');

/** An elementwise function whose derivative can be told from its result. */
function activation<K extends Activation>(name: K): OpDefinition<K> {
  return {
    name,
    shape: (inputs) => one(name, inputs),
    gradient(node, dy, tape) {
      const x = node.inputs[0]!;
      if (tape.wants(x)) tape.addInput(x, tape.emit(`${name}_grad`, [dy, node.id], {}));
    },
  };
}

function activationGrad<K extends Activation>(forward: K): OpDefinition<`${K}_grad`> {
  const name = `${forward}_grad` as const;
  return { name, shape: (inputs) => common(name, inputs, 2) };
}
