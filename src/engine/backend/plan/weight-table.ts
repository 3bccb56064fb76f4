import { assert, present } from '../../../base/assert.js';
import type { Shape, WeightKey } from '../../../graph/network-graph.js';
import { BL, NUM_SHARDS } from './layout.js';
import { blocksOf } from './operands.js';
import type { Regions } from './regions.js';
import type { PackedWeight, ShardSums, WeightGradient } from './steps.js';

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
      assert(known.kind === kind && known.shape.join() === shape.join(), `Weight ${key} is used in two ways`);
      return known;
    }
    const offset = kind === 'embedding' ? -1 : this.#reals(packedSize(kind, shape));
    const weight = { key, kind, shape, offset, transposed: -1 };
    this.packed.set(key, weight);
    return weight;
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

/** Number of values of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
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
