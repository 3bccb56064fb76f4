/** Measures where the time of a run goes. For display and log lines only: it decides nothing. */
export class WorkMeter {
  readonly #now: () => number;
  #since: number;
  #numImages = 0;
  readonly #spentMs: Record<Overhead, number> = { plan: 0, sample: 0, load: 0 };

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** Counts the time of `work` as `what`. */
  time<T>(what: Overhead, work: () => T): T {
    const startedMs = this.#now();
    const result = work();
    this.#spentMs[what] += this.#now() - startedMs;
    return result;
  }

  /** So many images went through a network, forward or both ways. */
  addImages(count: number): void {
    this.#numImages += count;
  }

  /** Milliseconds since the last `take`. */
  get elapsedMs(): number {
    return this.#now() - this.#since;
  }

  /** What was measured since the last `take`. */
  take(): Throughput {
    const elapsedMs = this.elapsedMs;
    const share = (ms: number): number => (elapsedMs > 0 ? Math.min(1, ms / elapsedMs) : 0);
    const { plan, sample, load } = this.#spentMs;
    const throughput: Throughput = {
      imagesPerSecond: elapsedMs > 0 ? (1000 * this.#numImages) / elapsedMs : 0,
      overhead: { plan: share(plan), sample: share(sample), load: share(load) },
    };
    this.#since += elapsedMs;
    this.#numImages = 0;
    this.#spentMs.plan = 0;
    this.#spentMs.sample = 0;
    this.#spentMs.load = 0;
    return throughput;
  }
}

/** Work outside the kernels. */
export type Overhead = 'plan' | 'sample' | 'load';

export interface Throughput {
  readonly imagesPerSecond: number;
  /** Shares of the time, in [0, 1]. */
  readonly overhead: Readonly<Record<Overhead, number>>;
}
