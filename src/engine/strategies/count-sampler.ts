import type { Rng } from '../../base/rng.js';
import type { SamplerConfig } from '../../protocol/run-config.js';
import type { SamplerFacts } from '../../protocol/run-event.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { obeysRules } from '../../space/rules.js';
import { sample } from '../../space/sample.js';
import type { SearchSpace } from '../../space/search-space.js';
import type { CellGenes } from './cell-genes.js';
import { cellGenesOf } from './cell-genes.js';
import type { PathSampler } from './path-sampler.js';
import { PathUsage } from './path-usage.js';

/**
 * Of `candidates` random cells of each type the one whose slots were trained least so far: the count-based sampler of
 * the early EN²AS notebooks ("edition for novelty", Zhang et al.), which takes of 100 random cells the one with the
 * smallest summed usage. Of equals the first is taken.
 */
export class CountSampler implements PathSampler {
  readonly #space: SearchSpace;
  readonly #candidates: number;
  readonly #rng: Rng;
  readonly #cells: readonly CellGenes[];
  readonly #usage: PathUsage;

  constructor(space: SearchSpace, options: CountOptions, rng: Rng) {
    this.#space = space;
    this.#candidates = options.candidates;
    this.#rng = rng;
    this.#cells = cellGenesOf(space, 'count');
    this.#usage = new PathUsage(this.#cells);
  }

  next(): ChoiceArchitecture {
    const candidates = Array.from({ length: this.#candidates }, () => sample(this.#space, this.#rng));
    const usages = candidates.map((path) =>
      this.#cells.map((cell, type) => this.#usage.sumOf(type, cell.optionsOf(path))),
    );
    const path = this.#combined(candidates, usages);
    this.#usage.add(path);
    return path;
  }

  facts(): SamplerFacts {
    return { balance: this.#usage.balance() };
  }

  /** The least used cell of each type; where they may not stand together, the candidate that is least used as a whole. */
  #combined(
    candidates: readonly ChoiceArchitecture[],
    usages: readonly (readonly number[])[],
  ): ChoiceArchitecture {
    const values = candidates[0]!.values.slice();
    this.#cells.forEach((cell, type) => {
      const best = leastIndex(usages.map((byType) => byType[type]!));
      cell.placeOptions(cell.optionsOf(candidates[best]!), values);
    });
    const path: ChoiceArchitecture = { kind: 'choices', space: this.#space.id, values };
    if (obeysRules(this.#space, path)) return path;
    return candidates[leastIndex(usages.map((byType) => byType.reduce((sum, usage) => sum + usage, 0)))]!;
  }
}

export type CountOptions = Extract<SamplerConfig, { readonly kind: 'count' }>;

function leastIndex(values: readonly number[]): number {
  let least = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[least]!) least = i;
  return least;
}
