import type { OpDefinition } from '../op.js';
import { common, one } from './shapes.js';

export const add: OpDefinition<'add'> = {
  name: 'add',
  shape: (inputs) => common('add', inputs),
  gradient(node, dy, tape) {
    for (const x of node.inputs) if (tape.wants(x)) tape.addInput(x, dy);
  },
};

export const mean: OpDefinition<'mean'> = {
  name: 'mean',
  shape: (inputs) => common('mean', inputs),
  gradient(node, dy, tape) {
    const wanted = node.inputs.filter((x) => tape.wants(x));
    if (wanted.length === 0) return;
    const share = tape.emit('scale', [dy], { factor: 1 / node.inputs.length });
    for (const x of wanted) tape.addInput(x, share);
  },
};

export const sub: OpDefinition<'sub'> = {
  name: 'sub',
  shape: (inputs) => common('sub', inputs, 2),
  gradient(node, dy, tape) {
    const first = node.inputs[0]!;
    const second = node.inputs[1]!;
    if (tape.wants(first)) tape.addInput(first, dy);
    if (tape.wants(second)) tape.addInput(second, tape.emit('scale', [dy], { factor: -1 }));
  },
};

export const mul: OpDefinition<'mul'> = {
  name: 'mul',
  shape: (inputs) => common('mul', inputs, 2),
  gradient(node, dy, tape) {
    const first = node.inputs[0]!;
    const second = node.inputs[1]!;
    if (tape.wants(first)) tape.addInput(first, tape.emit('mul', [dy, second], {}));
    if (tape.wants(second)) tape.addInput(second, tape.emit('mul', [dy, first], {}));
  },
};

export const scale: OpDefinition<'scale'> = {
  name: 'scale',
  shape: (inputs) => one('scale', inputs),
  gradient(node, dy, tape) {
    const x = node.inputs[0]!;
    if (tape.wants(x)) tape.addInput(x, tape.emit('scale', [dy], node.attributes));
  },
};
