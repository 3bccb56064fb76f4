import type { Window } from '../network-graph.js';
import type { OpDefinition } from '../op.js';
import { ShapeError } from '../op.js';
import type { MapShape } from './shapes.js';
import { expectShape, featureMap, one, slide, vector } from './shapes.js';

export const maxPool: OpDefinition<'max_pool'> = {
  name: 'max_pool',
  shape: (inputs, attributes) =>
    pooled('max_pool', featureMap('max_pool', one('max_pool', inputs)), attributes),
  gradient(node, dy, tape) {
    const x = node.inputs[0]!;
    if (tape.wants(x)) tape.addInput(x, tape.emit('max_pool_grad', [dy, x, node.id], node.attributes));
  },
};

export const avgPool: OpDefinition<'avg_pool'> = {
  name: 'avg_pool',
  shape: (inputs, attributes) =>
    pooled('avg_pool', featureMap('avg_pool', one('avg_pool', inputs)), attributes),
  gradient(node, dy, tape) {
    const x = node.inputs[0]!;
    if (!tape.wants(x)) return;
    const [height, width, channels] = featureMap('avg_pool', tape.shapeOf(x));
    tape.addInput(
      x,
      tape.emit('avg_pool_grad', [dy], {
        ...node.attributes,
        height,
        width,
        channels,
      }),
    );
  },
};

export const globalPool: OpDefinition<'global_pool'> = {
  name: 'global_pool',
  shape: (inputs) => [featureMap('global_pool', one('global_pool', inputs))[2]],
  gradient(node, dy, tape) {
    const x = node.inputs[0]!;
    if (!tape.wants(x)) return;
    const [height, width, channels] = featureMap('global_pool', tape.shapeOf(x));
    tape.addInput(x, tape.emit('spread', [dy], { height, width, channels }));
  },
};

export const maxPoolGrad: OpDefinition<'max_pool_grad'> = {
  name: 'max_pool_grad',
  shape(inputs, attributes) {
    if (inputs.length !== 3) throw new ShapeError(`max_pool_grad needs 3 inputs, got ${inputs.length}`);
    const x = featureMap('max_pool_grad', inputs[1]!);
    const y = pooled('max_pool_grad', x, attributes);
    expectShape('max_pool_grad', 'dy', inputs[0]!, y);
    expectShape('max_pool_grad', 'y', inputs[2]!, y);
    return x;
  },
};

export const avgPoolGrad: OpDefinition<'avg_pool_grad'> = {
  name: 'avg_pool_grad',
  shape(inputs, attributes) {
    const x = [attributes.height, attributes.width, attributes.channels] as const;
    expectShape('avg_pool_grad', 'dy', one('avg_pool_grad', inputs), pooled('avg_pool_grad', x, attributes));
    return x;
  },
};

export const spread: OpDefinition<'spread'> = {
  name: 'spread',
  shape(inputs, { height, width, channels }) {
    const length = vector('spread', one('spread', inputs));
    if (length !== channels) throw new ShapeError(`spread needs a vector of ${channels}, got ${length}`);
    return [height, width, channels];
  },
};

function pooled(op: string, map: MapShape, window: Window): MapShape {
  if (window.padding >= window.kernel) {
    throw new ShapeError(`${op} needs a padding below its kernel ${window.kernel}, got ${window.padding}`);
  }
  const [height, width] = slide(op, map, window);
  return [height, width, map[2]];
}
