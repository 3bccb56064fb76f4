import type { OpDefinition } from '../op.js';
import { ShapeError } from '../op.js';
import { channelsOf, featureMap, formatShape, one, sameShape } from './shapes.js';

export const concat: OpDefinition<'concat'> = {
  name: 'concat',
  shape(inputs) {
    const first = inputs[0];
    if (first === undefined) throw new ShapeError('concat needs at least one input, got none');
    const outer = first.slice(0, -1);
    let channels = 0;
    for (const shape of inputs) {
      channels += channelsOf('concat', shape);
      if (sameShape(outer, shape.slice(0, -1))) continue;
      throw new ShapeError(
        `concat needs maps of equal size, got ${formatShape(first)} and ${formatShape(shape)}`,
      );
    }
    return [...outer, channels];
  },
  gradient(node, dy, tape) {
    let from = 0;
    for (const x of node.inputs) {
      const to = from + channelsOf('concat', tape.shapeOf(x));
      if (tape.wants(x)) tape.addInput(x, tape.emit('slice', [dy], { from, to }));
      from = to;
    }
  },
};

export const slice: OpDefinition<'slice'> = {
  name: 'slice',
  shape(inputs, { from, to }) {
    const shape = one('slice', inputs);
    const channels = channelsOf('slice', shape);
    if (!(from >= 0 && from < to && to <= channels)) {
      throw new ShapeError(`slice needs channels within 0…${channels - 1}, got ${from}…${to - 1}`);
    }
    return [...shape.slice(0, -1), to - from];
  },
  gradient(node, dy, tape) {
    const x = node.inputs[0]!;
    if (!tape.wants(x)) return;
    const channels = channelsOf('slice', tape.shapeOf(x));
    tape.addInput(x, tape.emit('unslice', [dy], { from: node.attributes.from, channels }));
  },
};

export const unslice: OpDefinition<'unslice'> = {
  name: 'unslice',
  shape(inputs, { from, channels }) {
    const dy = one('unslice', inputs);
    const to = from + channelsOf('unslice', dy);
    if (from < 0 || to > channels) {
      throw new ShapeError(`unslice needs channels within 0…${channels - 1}, got ${from}…${to - 1}`);
    }
    return [...dy.slice(0, -1), channels];
  },
};

export const shift: OpDefinition<'shift'> = {
  name: 'shift',
  shape: (inputs) => featureMap('shift', one('shift', inputs)),
  gradient(node, dy, tape) {
    const x = node.inputs[0]!;
    const { rows, columns } = node.attributes;
    if (tape.wants(x)) tape.addInput(x, tape.emit('shift', [dy], { rows: 0 - rows, columns: 0 - columns }));
  },
};
