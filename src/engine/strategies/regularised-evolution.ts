import type { StrategyConfig } from '../../protocol/run-config.js';
import type { Outcome, Proposal, TrialId } from '../../protocol/trial.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { mutate } from '../../space/mutate.js';
import { sample } from '../../space/sample.js';
import { lossOf } from './loss-of.js';
import type { Strategy, StrategyContext } from './strategy.js';

/**
 * Regularised (ageing) evolution: Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI
 * 2019, algorithm 1. The first `population` trials are random; then the best of `sample` members drawn with replacement
 * is mutated in one decision, and the oldest member dies for each that is born. Failed trials never join the population.
 * As in the paper, an architecture may be proposed again.
 */
export class RegularisedEvolution implements Strategy {
  readonly #context: StrategyContext;
  readonly #options: RegularisedEvolutionOptions;
  /** Oldest first. */
  readonly #population: Member[] = [];
  readonly #inFlight = new Map<TrialId, ChoiceArchitecture>();
  #numAsked = 0;

  constructor(context: StrategyContext, options: RegularisedEvolutionOptions) {
    this.#context = context;
    this.#options = options;
  }

  ask(limit: number): readonly Proposal[] {
    return Array.from({ length: limit }, () => this.#next());
  }

  tell(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      const architecture = this.#inFlight.get(outcome.trial);
      this.#inFlight.delete(outcome.trial);
      if (architecture === undefined || outcome.kind === 'failed') continue;
      const loss = lossOf(outcome, this.#context.objectives);
      this.#population.push({ trial: outcome.trial, architecture, loss });
      if (this.#population.length > this.#options.population) this.#population.shift();
    }
  }

  #next(): Proposal {
    const { space, rng, newTrial, epochs } = this.#context;
    const parent = this.#numAsked++ < this.#options.population ? undefined : this.#tournament();
    const architecture = parent === undefined ? sample(space, rng) : mutate(space, parent.architecture, rng);
    const trial = newTrial();
    this.#inFlight.set(trial, architecture);
    return { trial, architecture, epochs, parents: parent === undefined ? [] : [parent.trial] };
  }

  /** The best of `sample` members; undefined while all trials failed or are in flight. */
  #tournament(): Member | undefined {
    let best: Member | undefined;
    for (let i = 0; i < this.#options.sample && this.#population.length > 0; i++) {
      const rival = this.#context.rng.pick(this.#population);
      if (best === undefined || rival.loss < best.loss) best = rival;
    }
    return best;
  }
}

export type RegularisedEvolutionOptions = Extract<StrategyConfig, { readonly kind: 'regularised_evolution' }>;

interface Member {
  readonly trial: TrialId;
  readonly architecture: ChoiceArchitecture;
  readonly loss: number;
}
