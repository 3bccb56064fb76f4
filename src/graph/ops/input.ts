import type { OpDefinition } from '../op.js';
import { featureMap, one } from './shapes.js';
import { ShapeError } from '../op.js';

/** A feed. Its shape is given where it is made (`GraphBuilder.input`), not told from inputs. */
export const input: OpDefinition<'input'> = {
  name: 'input',
  shape(): never {
    throw new ShapeError('The shape of an input is given, not computed');
  },
};

/** Passes no gradient: what it reads has no influence on its value. */
export const zero: OpDefinition<'zero'> = {
  name: 'zero',
  shape(inputs, { stride }) {
    const shape = one('zero', inputs);
    if (stride === 1) return shape;
    const [height, width, channels] = featureMap('zero', shape);
    return [Math.ceil(height / stride), Math.ceil(width / stride), channels];
  },
};

/** dL/dL. */
export const seed: OpDefinition<'one'> = {
  name: 'one',
  shape: () => [],
};
