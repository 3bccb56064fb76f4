import type { NetworkGraph, NodeOf, OpName, Shape, WeightKey } from '../../src/graph/network-graph.js';

/** Values of one image row by row, channels last; a batch is (B, …shape). Labels and tokens are (B). */
export type Values = Float64Array;

/** Mean and (biased) variance of one batch normalisation, (C) each. */
export interface Moments {
  readonly mean: Values;
  readonly variance: Values;
}

/** Which mean and variance batch normalisation uses. A key that is absent in `given` reads as mean 0, variance 1. */
export type StatisticsMode =
  | { readonly kind: 'batch' }
  | { readonly kind: 'given'; readonly statistics: ReadonlyMap<WeightKey, Moments> };

/** What the rule of an op may read. */
export interface Evaluation<K extends OpName = OpName> {
  readonly node: NodeOf<K>;
  readonly graph: NetworkGraph;
  readonly batch: number;
  readonly statistics: StatisticsMode;
  readonly feed: (name: string) => Values;
  /** Values and shape of the i-th input. */
  readonly value: (i: number) => Values;
  readonly shape: (i: number) => Shape;
  /** Weight in PyTorch's layout. */
  readonly weight: (role: string) => Values;
}

export type Rules<K extends OpName> = { readonly [Op in K]: (evaluation: Evaluation<Op>) => Values };
