import type { ChoiceArchitecture } from '../../space/architecture.js';
import { SlotUsage } from '../archives/slot-usage.js';
import type { CellGenes } from './cell-genes.js';

/** Slot usage of each searched cell type over the paths trained so far. */
export class PathUsage {
  readonly #cells: readonly CellGenes[];
  readonly #usages: readonly SlotUsage[];

  constructor(cells: readonly CellGenes[]) {
    this.#cells = cells;
    this.#usages = cells.map(({ groups }) => new SlotUsage(groups));
  }

  add(path: ChoiceArchitecture): void {
    this.#cells.forEach((cell, type) => this.#usages[type]!.add(cell.optionsOf(path)));
  }

  /** Summed usage of the options (S,) of a cell of type number `type`. */
  sumOf(type: number, options: ArrayLike<number>): number {
    return this.#usages[type]!.sumOf(options);
  }

  /** By cell type, see `SlotUsage.balance`. */
  balance(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#cells.map(({ name }, type) => [name, this.#usages[type]!.balance()]));
  }
}
