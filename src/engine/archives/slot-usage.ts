/**
 * How often each option of each slot group was trained: in a DARTS cell 112 (target, source, op) options in four
 * groups, one per node. A group is a decision; each cell takes `picks` of its options.
 */
export class SlotUsage {
  /** By option, groups one after the other. */
  readonly #counts: Float64Array;
  readonly #groups: readonly SlotGroup[];
  #numCells = 0;

  constructor(groups: readonly SlotGroup[]) {
    this.#groups = groups;
    this.#counts = new Float64Array(groups.reduce((sum, { numOptions }) => sum + numOptions, 0));
  }

  get numOptions(): number {
    return this.#counts.length;
  }

  /** Counts one trained cell. `options`: its picks of all groups, group by group. */
  add(options: ArrayLike<number>): void {
    let offset = 0;
    let pick = 0;
    for (const { numOptions, picks } of this.#groups) {
      for (let i = 0; i < picks; i++) this.#counts[offset + options[pick++]!]!++;
      offset += numOptions;
    }
    this.#numCells++;
  }

  /** Summed usage of the options that a cell takes. */
  sumOf(options: ArrayLike<number>): number {
    let sum = 0;
    let offset = 0;
    let pick = 0;
    for (const { numOptions, picks } of this.#groups) {
      for (let i = 0; i < picks; i++) sum += this.#counts[offset + options[pick++]!]!;
      offset += numOptions;
    }
    return sum;
  }

  /**
   * Usage of the least used option relative to what uniform picks would give it, in [0, 1]: 1 means perfectly balanced
   * training. 0 before the first cell.
   */
  balance(): number {
    if (this.#numCells === 0) return 0;
    let least = 1;
    let offset = 0;
    for (const { numOptions, picks } of this.#groups) {
      const expected = (this.#numCells * picks) / numOptions;
      for (let option = 0; option < numOptions; option++) {
        least = Math.min(least, this.#counts[offset + option]! / expected);
      }
      offset += numOptions;
    }
    return least;
  }
}

export interface SlotGroup {
  readonly numOptions: number;
  /** Options that one cell takes of this group. */
  readonly picks: number;
}
