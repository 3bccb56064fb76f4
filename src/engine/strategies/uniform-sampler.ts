import type { Rng } from '../../base/rng.js';
import type { SamplerFacts } from '../../protocol/run-event.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { sample } from '../../space/sample.js';
import type { SearchSpace } from '../../space/search-space.js';
import { cellGenesOf } from './cell-genes.js';
import type { PathSampler } from './path-sampler.js';
import { PathUsage } from './path-usage.js';

/** Paths drawn uniformly from the space (Li & Talwalkar 2019, "RandomNAS"; Guo et al. 2020, "single path one-shot"). */
export class UniformSampler implements PathSampler {
  readonly #space: SearchSpace;
  readonly #rng: Rng;
  readonly #usage: PathUsage;

  constructor(space: SearchSpace, rng: Rng) {
    this.#space = space;
    this.#rng = rng;
    this.#usage = new PathUsage(cellGenesOf(space, 'uniform'));
  }

  next(): ChoiceArchitecture {
    const path = sample(this.#space, this.#rng);
    this.#usage.add(path);
    return path;
  }

  facts(): SamplerFacts {
    return { balance: this.#usage.balance() };
  }
}
