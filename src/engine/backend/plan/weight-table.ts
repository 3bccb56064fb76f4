import { assert, present } from '../../../base/assert.js';
import type { Shape, WeightKey } from '../../../graph/network-graph.js';
import { sameShape, sizeOf } from '../../../graph/ops/shapes.js';
import { BL, NUM_SHARDS } from './layout.js';
import { blocksOf } from './operands.js';
import type { Regions } from './regions.js';
import type { PackedWeight } from './packed-weight.js';
import type { ShardSums, WeightGradient } from './steps.js';

/** The weights of a plan, packed once however many nodes read them. */
export class WeightTable {
  readonly packed = new Map<WeightKey, PackedWeight>();
  readonly gradients = new Map<WeightKey, WeightGradient>();
  readonly #regions: Regions;
  readonly #realBytes: number;

  constructor(regions: Regions, realBytes: number) {
    this.#regions = regions;
    this.#realBytes = realBytes;
  }

  take(key: WeightKey, kind: PackedWeight['kind'], shape: Shape): PackedWeight {
    const known = this.packed.get(key);
    if (known !== undefined) {
      assert(known.kind === kind && sameShape(known.shape, shape), `Weight ${key} is used in two ways`);
      return known;
    }
    const offset = kind === 'embedding' ? -1 : this.#reals(packedSize(kind, shape));
    const weight = { key, kind, shape, offset, transposed: -1, firstRow: 0, numRows: 0 };
    this.packed.set(key, weight);
    return weight;
  }

  /** The kernels of merged convolutions, side by side. */
  takeMerged(
    kernels: readonly { readonly key: WeightKey; readonly shape: Shape }[],
  ): readonly PackedWeight[] {
    const sizes = kernels.map(({ shape }) => packedSize('conv', shape));
    const numRows = kernels.reduce((rows, { shape }) => rows + shape[0]!, 0);
    let offset = this.#reals(sizes.reduce((sum, size) => sum + size, 0));
    let firstRow = 0;
    return kernels.map(({ key, shape }, i) => {
      const weight: PackedWeight = { key, kind: 'conv', shape, offset, transposed: -1, firstRow, numRows };
      assert(!this.packed.has(key), `Weight ${key} of a merged convolution is used elsewhere`);
      this.packed.set(key, weight);
      offset += sizes[i]! * this.#realBytes;
      firstRow += shape[0]!;
      return weight;
    });
  }

  /** Packed sums of the gradients of merged convolutions, side by side: one step makes them all. */
  mergeGradients(gradients: readonly WeightGradient[]): ShardSums {
    const sizes = gradients.map(({ weight }) => packedSize('conv', weight.shape));
    const joint = this.#shardSums(sizes.reduce((sum, size) => sum + size, 0));
    let { offset } = joint;
    for (const [i, gradient] of gradients.entries()) {
      gradient.sums = { offset, stride: joint.stride, begun: true };
      offset += sizes[i]! * this.#realBytes;
    }
    return joint;
  }

  /** As `transpose`, for all weights of a merged convolution. */
  transposeMerged(weights: readonly PackedWeight[]): void {
    const transposed = this.#reals(weights.reduce((sum, { shape }) => sum + packedSize('conv', shape), 0));
    for (const weight of weights) weight.transposed = transposed;
  }

  /** Also packs the transposed panels that a gradient with respect to the input reads. */
  transpose(weight: PackedWeight): PackedWeight {
    if (weight.transposed < 0) weight.transposed = this.#reals(packedSize('conv', weight.shape));
    return weight;
  }

  /** The gradient of a weight that `numUses` nodes contribute to. */
  addGradient(key: WeightKey, numUses: number): WeightGradient {
    const weight = present(this.packed.get(key), `weight ${key} in the forward graph`);
    const reduced = this.#reals(sizeOf(weight.shape));
    const gradient = { weight, numUses, sums: undefined, reduced, vectors: [] };
    this.gradients.set(key, gradient);
    return gradient;
  }

  /** The packed sums of a gradient. */
  sumsOf(gradient: WeightGradient): ShardSums {
    gradient.sums ??= this.#shardSums(packedSize(gradient.weight.kind, gradient.weight.shape));
    return gradient.sums;
  }

  #shardSums(reals: number): ShardSums {
    return { offset: this.#reals(reals * NUM_SHARDS), stride: reals, begun: false };
  }

  #reals(count: number): number {
    return this.#regions.take(count * this.#realBytes);
  }
}

/** Reals of a packed weight, see program.h. */
function packedSize(kind: PackedWeight['kind'], shape: Shape): number {
  switch (kind) {
    case 'conv': {
      const [out = 1, channels = 1, kernel = 1] = shape;
      const taps = kernel * kernel;
      const isCompact = kernel > 1 && channels < BL;
      const rows = isCompact ? blocksOf(taps * channels) * BL : taps * blocksOf(channels) * BL;
      return rows * blocksOf(out) * BL;
    }
    case 'depthwise': {
      const [channels = 1, kernel = 1] = shape;
      return blocksOf(channels) * BL * kernel * kernel;
    }
    case 'vector':
      return blocksOf(shape[0]!) * BL;
    case 'embedding':
      return sizeOf(shape);
  }
}
