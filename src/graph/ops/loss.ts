import type { OpDefinition } from '../op.js';
import { ShapeError } from '../op.js';
import { scalar, two, vector } from './shapes.js';

/** Passes a gradient to the logits only; labels are classes. */
export const crossEntropy: OpDefinition<'cross_entropy'> = {
  name: 'cross_entropy',
  shape(inputs) {
    const [logits, labels] = two('cross_entropy', inputs);
    vector('cross_entropy', logits);
    scalar('cross_entropy', 'label', labels);
    return [];
  },
  gradient(node, dy, tape) {
    const [logits, labels] = [node.inputs[0]!, node.inputs[1]!];
    if (tape.wants(logits)) {
      tape.addInput(logits, tape.emit('cross_entropy_grad', [dy, logits, labels], node.attributes));
    }
  },
};

export const crossEntropyGrad: OpDefinition<'cross_entropy_grad'> = {
  name: 'cross_entropy_grad',
  shape(inputs) {
    if (inputs.length !== 3) throw new ShapeError(`cross_entropy_grad needs 3 inputs, got ${inputs.length}`);
    scalar('cross_entropy_grad', 'dy', inputs[0]!);
    vector('cross_entropy_grad', inputs[1]!);
    scalar('cross_entropy_grad', 'label', inputs[2]!);
    return inputs[1]!;
  },
};
