import type { Shape, WeightKey } from '../../../graph/network-graph.js';

/**
 * A network made ready to run, as tables for the kernels. References in `words` count from the start of the table or of
 * the arena: whoever has placed both adds their addresses. Word 0 is the `Program` of program.h.
 */
export interface Plan {
  readonly words: Int32Array;
  /** Words that refer to the table. */
  readonly tableRefs: Int32Array;
  /** Words that refer to the arena. */
  readonly arenaRefs: Int32Array;
  readonly arenaBytes: number;
  readonly feeds: readonly FeedRegion[];
  readonly outputs: readonly OutputRegion[];
  readonly scalars: readonly ScalarOutput[];
  readonly weights: readonly WeightSlot[];
  readonly statistics: readonly StatisticsSlot[];
  readonly gradients: readonly GradientRegion[];
  /** Levels of a run without and with update. */
  readonly numLevels: number;
  readonly numUpdateLevels: number;
  /** Byte in the table where the `Hyper` lies. */
  readonly hyper: number;
}

/** Values of a feed: bytes from the start of the arena; elements per image. */
export interface FeedRegion {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly isInteger: boolean;
}

/** Values of an output that is no scalar: (batch, size) reals. */
export interface OutputRegion {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** constant + Σ factor · (the real at `offset`). */
export interface ScalarOutput {
  readonly name: string;
  readonly constant: number;
  readonly terms: readonly { readonly offset: number; readonly factor: number }[];
}

/** Words that take the address of a weight and of its momentum. */
export interface WeightSlot {
  readonly key: WeightKey;
  readonly shape: Shape;
  readonly valueWords: number[];
  momentumWord: number;
}

/** A batch normalisation's words for mean, variance and whether they move. */
export interface StatisticsSlot {
  readonly key: WeightKey;
  readonly channels: number;
  readonly meanWord: number;
  readonly varianceWord: number;
  readonly moveWord: number;
}

/** A gradient in the store's layout: bytes from the start of the arena. */
export interface GradientRegion {
  readonly key: WeightKey;
  readonly size: number;
  readonly offset: number;
}
