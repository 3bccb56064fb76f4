import type { GraphBuilder } from '../../graph/builder.js';
import type { NodeId, WeightKey } from '../../graph/network-graph.js';

/**
 * An op that chains in a space may name, made of primitives. One object per op, one file per family, all in the table
 * `ops/index.ts`. The language's prelude declares the same names and parameters.
 */
export interface CompositeOp {
  readonly name: string;
  readonly parameters: readonly OpParameter[];
  /** Whether the op can halve a map by itself: the first such op of an edge takes the edge's stride. */
  readonly strided: boolean;
  /** Emits the op's primitives behind `input`; the node of its result. */
  expand(context: ExpandContext, input: NodeId, values: OpValues): NodeId;
}

export interface OpParameter {
  readonly name: string;
  /** `dims`: side of a square window, written 3x3. */
  readonly type: 'int' | 'dims' | 'bool';
  /** Whole number ≥ `minimum`; `dims` are odd too where the op keeps the size of its map. */
  readonly minimum: number;
  /** For channels and units, 0 means: as the place asks for (cell channels, classes of the task). */
  readonly default: number;
}

/** Value of every parameter, defaults filled in. */
export type OpValues = Readonly<Record<string, number>>;

/** Where an op stands, as far as its primitives depend on it. */
export interface ExpandContext {
  readonly builder: GraphBuilder;
  /** 2: this op must halve the map. */
  readonly stride: 1 | 2;
  /** Channels of convolutions that do not say theirs: the cell's, or those of the map before. */
  readonly channels: number;
  /** Units of a `linear` that does not say its own: classes of the task, or its vocabulary. */
  readonly classes: number;
  /** Whether batch norms carry γ and β. */
  readonly affine: boolean;
  /** Whether a pool is followed by a batch norm (never affine). */
  readonly poolNorm: boolean;
  /** Vocabulary of `embed`. 0 where the input is an image. */
  readonly vocabulary: number;
  /** A key for each role of the next layer with weights or statistics. */
  nextKeys<Role extends string>(...roles: readonly Role[]): Record<Role, WeightKey>;
}
