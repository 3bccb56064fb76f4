import { assert } from '../../base/assert.js';

/**
 * Rows of small integers, one row per cell, with the novelty of a cell among them: mean of the `k` smallest distances,
 * where distance = 1 − equal slots / slots. Slots hold canonical values (a node's (input, op) pairs sorted), so two
 * spellings of one cell are at distance 0.
 *
 * Notation: N rows (`size`), S slots per row. One scoring is O(N·S) without allocation: distances take S + 1 values
 * only, so a histogram replaces the sort.
 */
export class NoveltyArchive {
  readonly capacity: number;
  readonly numSlots: number;
  /** (capacity, S); the first `size` rows are known. */
  readonly #rows: Int16Array;
  /** Per number of different slots: how many rows. (S + 1,) */
  readonly #histogram: Int32Array;
  #size = 0;

  constructor(capacity: number, numSlots: number) {
    assert(capacity >= 1 && numSlots >= 1, 'An archive has at least one row and one slot');
    this.capacity = capacity;
    this.numSlots = numSlots;
    this.#rows = new Int16Array(capacity * numSlots);
    this.#histogram = new Int32Array(numSlots + 1);
  }

  get size(): number {
    return this.#size;
  }

  /** Replaces row `index`, or appends if `index` is `size`. `cell`: (S,). */
  write(index: number, cell: ArrayLike<number>): void {
    assert(index <= this.#size && index < this.capacity, `Row ${index} is outside the archive`);
    if (index === this.#size) this.#size++;
    this.#rows.set(cell, index * this.numSlots);
  }

  /** A copy of row `index`, (S,). */
  row(index: number): Int16Array {
    return this.#rows.slice(index * this.numSlots, (index + 1) * this.numSlots);
  }

  /**
   * Novelty of `cell` (S,) among all rows, in [0, 1]; if it is itself a row, its distance 0 counts. With fewer than `k`
   * rows: the mean over those there are.
   */
  novelty(cell: ArrayLike<number>, k: number): number {
    this.#count(cell, 0);
    return this.#meanOfSmallest(Math.min(k, this.#size));
  }

  /** Mean over the rows of their novelty among the *other* rows. O(N²·S). */
  meanNovelty(k: number): number {
    const neighbours = Math.min(k, this.#size - 1);
    let sum = 0;
    for (let row = 0; row < this.#size; row++) {
      this.#count(this.#rows, row * this.numSlots);
      this.#histogram[0]!--;
      sum += this.#meanOfSmallest(neighbours);
    }
    return this.#size === 0 ? 0 : sum / this.#size;
  }

  /** Fills the histogram for the S values of `cells` that begin at `offset`. Hot. */
  #count(cells: ArrayLike<number>, offset: number): void {
    const rows = this.#rows;
    const S = this.numSlots;
    const histogram = this.#histogram.fill(0);
    const end = this.#size * S;
    for (let start = 0; start < end; start += S) {
      let different = 0;
      for (let slot = 0; slot < S; slot++) if (rows[start + slot] !== cells[offset + slot]) different++;
      histogram[different]!++;
    }
  }

  #meanOfSmallest(neighbours: number): number {
    if (neighbours <= 0) return 0;
    let left = neighbours;
    let sum = 0;
    for (let different = 0; left > 0; different++) {
      const taken = Math.min(left, this.#histogram[different]!);
      sum += taken * different;
      left -= taken;
    }
    return sum / (neighbours * this.numSlots);
  }
}
