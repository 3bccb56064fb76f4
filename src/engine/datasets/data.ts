import type { DataFacts } from '../../protocol/run-event.js';

/** Images of one split with their labels. The type says which split it is: no search can be handed test data. */
export interface Split<Kind extends 'train' | 'validation' | 'test'> {
  readonly kind: Kind;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** (count, height, width, channels), 0–255. */
  readonly images: Uint8Array;
  /** (count,) class indices. */
  readonly labels: Uint8Array;
}

/** What a search sees. */
export interface SearchData {
  readonly numClasses: number;
  readonly train: Split<'train'>;
  readonly validation: Split<'validation'>;
  /** Per channel, of the training split, for values in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** All data of a run. Only the code that touches the test split once, at the end, asks for `heldOut`. */
export interface RunData {
  readonly facts: DataFacts;
  readonly search: SearchData;
  readonly heldOut: { readonly test: Split<'test'> };
}

/** Batches of a split in a fixed order, made ready before they are asked for. */
export interface BatchSource extends Disposable {
  readonly batchesPerEpoch: number;
  /**
   * Batch `index` (0, 1, 2 … across epochs; any index may come next, so a resumed run asks for its own). Its arrays are
   * valid until the next call. images (B, H, W, C) normalised, labels (B,).
   */
  batch(index: number): { readonly images: Float32Array; readonly labels: Int32Array };
  /** Milliseconds the caller waited for batches so far. */
  readonly waitedMs: number;
}
