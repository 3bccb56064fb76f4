/**
 * Random numbers that can be repeated. Counter-based (Threefry-2x32, 20 rounds: Salmon et al., "Parallel Random
 * Numbers: As Easy as 1, 2, 3", SC 2011): a stream is a 64-bit key and a counter, so forks are cheap and do not
 * depend on the order in which streams are used. Only 32-bit integer operations: equal bits on every machine.
 */
export class Rng {
  readonly #key0: number;
  readonly #key1: number;
  #counter = 0;
  #spare = 0;
  #hasSpare = false;
  readonly #block = new Int32Array(2);

  private constructor(key0: number, key1: number) {
    this.#key0 = key0;
    this.#key1 = key1;
  }

  /** A root stream. `seed` is an integer in [0, 2^53). */
  static fromSeed(seed: number): Rng {
    return new Rng(seed | 0, Math.floor(seed / 4294967296) | 0);
  }

  /**
   * An independent stream named `label`. It depends on this stream's key and the label alone, not on how many numbers
   * were drawn, so adding a consumer shifts no other.
   */
  fork(label: string | number): Rng {
    const text = String(label);
    const block = new Int32Array([hash32(text, 0x811c9dc5), hash32(text, 0x7ee3623b)]);
    threefry2x32(~this.#key0, ~this.#key1, block);
    return new Rng(block[0]!, block[1]!);
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    if (this.#hasSpare) {
      this.#hasSpare = false;
      return this.#spare >>> 0;
    }
    this.#block[0] = this.#counter | 0;
    this.#block[1] = Math.floor(this.#counter / 4294967296) | 0;
    this.#counter++;
    threefry2x32(this.#key0, this.#key1, this.#block);
    this.#spare = this.#block[1]!;
    this.#hasSpare = true;
    return this.#block[0] >>> 0;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** An integer in [0, n), exactly uniform. `n` is an integer in [1, 2^32]. */
  below(n: number): number {
    const limit = 4294967296 - (4294967296 % n);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % n;
  }

  /** A standard normal number (Marsaglia's polar method; the second of each pair is thrown away). */
  normal(): number {
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  }

  /** The numbers 0 … n−1 in random order (Fisher–Yates). */
  permutation(n: number): Int32Array {
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swapped = order[i]!;
      order[i] = order[j]!;
      order[j] = swapped;
    }
    return order;
  }

  /** One of `items`, which is not empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** FNV-1a over UTF-16 code units, 32 bits, with a free starting value. */
function hash32(text: string, start: number): number {
  let hash = start | 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return hash;
}

/** Encrypts the two words of `block` in place. @internal */
export function threefry2x32(key0: number, key1: number, block: Int32Array): void {
  const key2 = key0 ^ key1 ^ 0x1bd11bda;
  const keys = [key0, key1, key2];
  let x0 = (block[0]! + key0) | 0;
  let x1 = (block[1]! + key1) | 0;
  for (let group = 0; group < 5; group++) {
    const rotations = group % 2 === 0 ? EVEN_ROTATIONS : ODD_ROTATIONS;
    for (let round = 0; round < 4; round++) {
      const r = rotations[round]!;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    }
    x0 = (x0 + keys[(group + 1) % 3]!) | 0;
    x1 = (x1 + keys[(group + 2) % 3]! + group + 1) | 0;
  }
  block[0] = x0;
  block[1] = x1;
}

const EVEN_ROTATIONS = [13, 15, 26, 6] as const;
const ODD_ROTATIONS = [17, 29, 16, 24] as const;
