import { assert, present } from '../../../base/assert.js';
import type { WeightKey } from '../../../graph/network-graph.js';
import type { StatisticsStore } from '../backend.js';
import type { Device, RealArray } from './device.js';

interface Statistics {
  readonly channels: number;
  /** Offset of the means; the variances follow. */
  readonly offset: number;
}

/** Where the means and the variances of a key lie. */
export interface StatisticsAddresses {
  readonly mean: number;
  readonly variance: number;
}

/** Running means and variances in the kernels' memory. */
export class WasmStatisticsStore implements StatisticsStore {
  readonly device: Device;
  readonly #statistics = new Map<WeightKey, Statistics>();

  constructor(device: Device) {
    this.device = device;
  }

  keys(): readonly WeightKey[] {
    return [...this.#statistics.keys()];
  }

  read(key: WeightKey): { readonly mean: Float32Array; readonly variance: Float32Array } {
    const statistics = present(this.#statistics.get(key), `statistics ${key}`);
    return {
      mean: Float32Array.from(this.#means(statistics)),
      variance: Float32Array.from(this.#variances(statistics)),
    };
  }

  write(key: WeightKey, mean: Float32Array, variance: Float32Array): void {
    assert(mean.length === variance.length, `Statistics ${key}: as many means as variances`);
    const statistics = this.#place(key, mean.length);
    this.#means(statistics).set(mean);
    this.#variances(statistics).set(variance);
  }

  clear(): void {
    for (const { offset } of this.#statistics.values()) this.device.memory.free(offset);
    this.#statistics.clear();
  }

  /** Addresses of means and variances, or undefined if the key is absent. */
  addresses(key: WeightKey, channels: number): StatisticsAddresses | undefined {
    const statistics = this.#statistics.get(key);
    if (statistics === undefined) return undefined;
    assert(
      statistics.channels === channels,
      `Statistics ${key} have ${statistics.channels} channels, not ${channels}`,
    );
    return { mean: statistics.offset, variance: statistics.offset + channels * this.device.realBytes };
  }

  /** As `addresses`; an absent key begins with mean 0 and variance 1. */
  ensure(key: WeightKey, channels: number): StatisticsAddresses {
    if (!this.#statistics.has(key)) {
      const statistics = this.#place(key, channels);
      this.#means(statistics).fill(0);
      this.#variances(statistics).fill(1);
    }
    return present(this.addresses(key, channels), `statistics ${key}`);
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #place(key: WeightKey, channels: number): Statistics {
    const known = this.#statistics.get(key);
    if (known?.channels === channels) return known;
    const statistics = {
      channels,
      offset: this.device.memory.allocate(2 * channels * this.device.realBytes),
    };
    if (known !== undefined) this.device.memory.free(known.offset);
    this.#statistics.set(key, statistics);
    return statistics;
  }

  #means({ offset, channels }: Statistics): RealArray {
    return this.device.reals(offset, channels);
  }

  #variances({ offset, channels }: Statistics): RealArray {
    return this.device.reals(offset + channels * this.device.realBytes, channels);
  }
}
