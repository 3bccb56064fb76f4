import type { Shape, WeightKey } from '../../../graph/network-graph.js';

/**
 * A weight as the kernels read it; packed at the start of every run. Offsets are bytes from the start of
 * the arena; −1: absent.
 */
export interface PackedWeight {
  readonly key: WeightKey;
  readonly kind: 'conv' | 'depthwise' | 'vector' | 'embedding';
  /** PyTorch's layout: [out, in, k, k], [C, k, k], [out, in] (as k = 1), [C]; [vocabulary, dim]. */
  readonly shape: Shape;
  readonly offset: number;
  /** Transposed panels; taken when a step needs them. */
  transposed: number;
  /** Among merged convolutions: its first row of the transposed panels, and the rows of all (0: its own alone). */
  readonly firstRow: number;
  readonly numRows: number;
}
