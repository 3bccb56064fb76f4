import type { NodeId, NodeOf, OpAttributes, OpName, Shape, WeightKey } from './network-graph.js';

/**
 * What the engine must know of a primitive op without running it. One object per op, one file per family in `ops/`,
 * all of them in the table `ops/index.ts`. How it is computed is each backend's own business.
 */
export interface OpDefinition<K extends OpName> {
  readonly name: K;
  /** Shape of the result. Throws `ShapeError` where the inputs do not fit. */
  shape(inputs: readonly Shape[], attributes: OpAttributes[K]): Shape;
  /** Trainable weights by role, in the order of their initialisation. None: omit. */
  weights?(inputs: readonly Shape[], attributes: OpAttributes[K]): Readonly<Record<string, Shape>>;
  /** Multiply–accumulates per image. Ops without products (pools, sums, norms, activations) count 0, as NAS papers do. */
  macs?(inputs: readonly Shape[], attributes: OpAttributes[K], output: Shape): number;
  /** Emits the gradient nodes of `node`. Absent: the op passes no gradient on (labels, zeros) or is a gradient itself. */
  gradient?(node: NodeOf<K>, dy: NodeId, tape: GradientTape): void;
}

/** What an op's gradient rule may do: read the forward graph, emit primitives, hand gradients on. */
export interface GradientTape {
  shapeOf(id: NodeId): Shape;
  /** Whether anybody wants the gradient of this input of the node: skip the work otherwise. */
  wants(input: NodeId): boolean;
  wantsWeight(key: WeightKey): boolean;
  emit<K extends OpName>(
    op: K,
    inputs: readonly NodeId[],
    attributes: OpAttributes[K],
    weights?: Record<string, WeightKey>,
  ): NodeId;
  /** Adds `gradient` to what is known of the gradient of `input`. */
  addInput(input: NodeId, gradient: NodeId): void;
  addWeight(key: WeightKey, gradient: NodeId): void;
}

/** The inputs of an op have shapes that it cannot take. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}
