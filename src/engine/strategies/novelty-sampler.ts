import type { Rng } from '../../base/rng.js';
import type { SamplerConfig } from '../../protocol/run-config.js';
import type { SamplerFacts } from '../../protocol/run-event.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { numSpaceValues } from '../../space/layout.js';
import { obeysRules } from '../../space/rules.js';
import { sample } from '../../space/sample.js';
import type { SearchSpace } from '../../space/search-space.js';
import type { CellGenes } from './cell-genes.js';
import { cellGenesOf } from './cell-genes.js';
import { NoveltyAscent } from './novelty-ascent.js';
import type { PathSampler } from './path-sampler.js';
import { PathUsage } from './path-usage.js';

/**
 * *Our repair* of EN²AS' sampler (Zhang et al., IJCAI 2020), not EN²AS as published: the paper's definition was not at
 * hand, and the released code does not do what it describes. It ascends the novelty of cells among those trained last,
 * by an evolution strategy (see `NoveltyAscent`), for each cell type on its own. What differs from the released code:
 *
 * - every path is a single path: only the chosen ops of the chosen edges run (there: softmax over all ops);
 * - the distance looks at all slots, and at canonical ones (there: the first half, in the order drawn);
 * - candidates are rounded and clipped before they are scored (there: illegal indices count as different);
 * - the row that was read is the row that is written (there: the reduction cell's goes to another row);
 * - novelties are standardised over the noise vectors (there: raw, so that the sum is mostly a random walk);
 * - the population of real vectors is kept apart from the archive of trained cells (there: the rounded vector replaces
 *   the real one, which undoes each step).
 *
 * The first `warmup` paths (at least `population`) are drawn uniformly and fill the archive.
 */
export class NoveltySampler implements PathSampler {
  readonly #space: SearchSpace;
  readonly #options: NoveltyOptions;
  readonly #rng: Rng;
  readonly #cells: readonly CellGenes[];
  readonly #ascents: readonly NoveltyAscent[];
  readonly #usage: PathUsage;
  readonly #numWarmup: number;
  #numPaths = 0;

  constructor(space: SearchSpace, options: NoveltyOptions, rng: Rng) {
    this.#space = space;
    this.#options = options;
    this.#rng = rng;
    this.#cells = cellGenesOf(space, 'novelty');
    this.#ascents = this.#cells.map((cell) => new NoveltyAscent(cell, options));
    this.#usage = new PathUsage(this.#cells);
    this.#numWarmup = Math.max(options.warmup, options.population);
  }

  next(): ChoiceArchitecture {
    const path = this.#numPaths < this.#numWarmup ? this.#uniform(this.#numPaths) : this.#ascend();
    this.#numPaths++;
    this.#usage.add(path);
    return path;
  }

  facts(): SamplerFacts {
    const novelty = this.#cells.map(({ name }, type) => [name, this.#ascents[type]!.meanNovelty()] as const);
    return { novelty: Object.fromEntries(novelty), balance: this.#usage.balance() };
  }

  /** A uniform path, which takes row `index` (modulo the population) of every archive. */
  #uniform(index: number): ChoiceArchitecture {
    const path = sample(this.#space, this.#rng);
    const row = index % this.#options.population;
    this.#cells.forEach((cell, type) => this.#ascents[type]!.replace(row, cell.optionsOf(path)));
    return path;
  }

  /** A step of every cell type. Steps that break a rule of the space are not taken; after so many a uniform path is. */
  #ascend(): ChoiceArchitecture {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const values = new Array<number>(numSpaceValues(this.#space)).fill(0);
      this.#cells.forEach((cell, type) => {
        const ascent = this.#ascents[type]!;
        ascent.propose(this.#rng);
        cell.placeOptions(ascent.proposed, values);
      });
      const path: ChoiceArchitecture = { kind: 'choices', space: this.#space.id, values };
      if (!obeysRules(this.#space, path)) continue;
      for (const ascent of this.#ascents) ascent.accept();
      return path;
    }
    return this.#uniform(this.#rng.below(this.#options.population));
  }
}

export type NoveltyOptions = Extract<SamplerConfig, { readonly kind: 'novelty' }>;

const MAX_ATTEMPTS = 20;
