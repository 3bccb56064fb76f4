import { assert } from '../../base/assert.js';
import type { DilatedWindow, Shape, Window } from '../network-graph.js';
import { ShapeError } from '../op.js';

/** [height, width, channels]. */
export type MapShape = readonly [height: number, width: number, channels: number];

/** `32×32×16`; a scalar is `scalar`. */
export function formatShape(shape: Shape): string {
  return shape.length === 0 ? 'scalar' : shape.join('×');
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Number of values. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** The only input of `op`. */
export function one(op: string, inputs: readonly Shape[]): Shape {
  count(op, inputs, 1);
  return inputs[0]!;
}

/** The two inputs of `op`. */
export function two(op: string, inputs: readonly Shape[]): readonly [Shape, Shape] {
  count(op, inputs, 2);
  return [inputs[0]!, inputs[1]!];
}

/** The shape that `numInputs` (absent: one or more) inputs have in common. */
export function common(op: string, inputs: readonly Shape[], numInputs?: number): Shape {
  if (numInputs !== undefined) count(op, inputs, numInputs);
  const first = inputs[0];
  if (first === undefined) throw new ShapeError(`${op} needs at least one input, got none`);
  for (const shape of inputs) {
    if (!sameShape(first, shape)) {
      throw new ShapeError(`${op} needs equal shapes, got ${formatShape(first)} and ${formatShape(shape)}`);
    }
  }
  return first;
}

export function featureMap(op: string, shape: Shape): MapShape {
  if (shape.length !== 3) throw new ShapeError(`${op} needs a feature map H×W×C, got ${formatShape(shape)}`);
  return [shape[0]!, shape[1]!, shape[2]!];
}

/** Length of a vector [C]. */
export function vector(op: string, shape: Shape): number {
  if (shape.length !== 1) throw new ShapeError(`${op} needs a vector, got ${formatShape(shape)}`);
  return shape[0]!;
}

/** Throws unless `shape`, called `what` in the message, is a scalar per image. */
export function scalar(op: string, what: string, shape: Shape): void {
  if (shape.length !== 0)
    throw new ShapeError(`${op} needs one number per image as ${what}, got ${formatShape(shape)}`);
}

/** Length of the last axis of a feature map or vector. */
export function channelsOf(op: string, shape: Shape): number {
  if (shape.length !== 1 && shape.length !== 3) {
    throw new ShapeError(`${op} needs a feature map H×W×C or a vector, got ${formatShape(shape)}`);
  }
  return shape[shape.length - 1]!;
}

/** Throws unless `shape` is `expected`. `what` names it in the message. */
export function expectShape(op: string, what: string, shape: Shape, expected: Shape): void {
  if (sameShape(shape, expected)) return;
  throw new ShapeError(`${op} needs ${what} of shape ${formatShape(expected)}, got ${formatShape(shape)}`);
}

/** [H′, W′] of a window that slides over `map`: floor((H + 2·padding − dilation·(kernel−1) − 1) / stride) + 1. */
export function slide(op: string, map: MapShape, window: Window | DilatedWindow): readonly [number, number] {
  const dilation = 'dilation' in window ? window.dilation : 1;
  const { kernel, stride, padding } = window;
  assert(kernel >= 1 && stride >= 1 && padding >= 0 && dilation >= 1, `${op}: the window is not valid`);
  const reach = dilation * (kernel - 1) + 1 - 2 * padding;
  if (map[0] < reach || map[1] < reach) {
    const dilated = dilation > 1 ? ` with dilation ${dilation}` : '';
    throw new ShapeError(
      `${op} ${kernel}×${kernel}${dilated} needs a map of at least ${reach}×${reach}, got ${formatShape(map)}`,
    );
  }
  return [Math.floor((map[0] - reach) / stride) + 1, Math.floor((map[1] - reach) / stride) + 1];
}

function count(op: string, inputs: readonly Shape[], expected: number): void {
  if (inputs.length !== expected) {
    throw new ShapeError(`${op} needs ${expected} input${expected === 1 ? '' : 's'}, got ${inputs.length}`);
  }
}
