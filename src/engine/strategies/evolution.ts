import type { StrategyConfig } from '../../protocol/run-config.js';
import type { Outcome, Proposal, TrialId } from '../../protocol/trial.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { choiceKey } from '../../space/architecture.js';
import { crossover } from '../../space/crossover.js';
import { mutateGenes } from '../../space/mutate.js';
import { sample } from '../../space/sample.js';
import { lossOf } from './loss-of.js';
import type { Strategy, StrategyContext } from './strategy.js';

/**
 * (μ+λ) evolution with truncation, as EN²AS selects with inherited weights (ENNAS.py; Guo et al. 2020, algorithm 1):
 * a generation of `population` random trials; then from the best `parents` of the survivors as many children, the share
 * `crossover` of them by uniform crossover, the others by changing each gene with probability `mutationRate`; the best
 * `population` of old and new survive. Deviations: crossover makes one child of two different parents (the released
 * code's second child is its parent by mistake), and no architecture is proposed twice (after `MAX_TRIES` children that
 * were there before, a random one is taken).
 */
export class Evolution implements Strategy {
  readonly #context: StrategyContext;
  readonly #options: EvolutionOptions;
  readonly #seen = new Set<string>();
  readonly #inFlight = new Map<TrialId, ChoiceArchitecture>();
  /** Best first, of equals the older; fixed while a generation is under way. */
  #survivors: readonly Member[] = [];
  #children: Member[] = [];
  #numAsked = 0;

  constructor(context: StrategyContext, options: EvolutionOptions) {
    this.#context = context;
    this.#options = options;
  }

  ask(limit: number): readonly Proposal[] {
    if (this.#numAsked === this.#options.population && this.#inFlight.size === 0) this.#endGeneration();
    const proposals: Proposal[] = [];
    while (proposals.length < limit && this.#numAsked < this.#options.population) {
      const proposal = this.#next();
      if (proposal === undefined) break;
      proposals.push(proposal);
    }
    return proposals;
  }

  tell(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      const architecture = this.#inFlight.get(outcome.trial);
      this.#inFlight.delete(outcome.trial);
      if (architecture === undefined || outcome.kind === 'failed') continue;
      const loss = lossOf(outcome, this.#context.objectives);
      this.#children.push({ trial: outcome.trial, architecture, loss });
    }
  }

  /** Outcomes may come in any order: trials decide among equals. */
  #endGeneration(): void {
    const all = [...this.#survivors, ...this.#children].sort((a, b) =>
      a.loss === b.loss ? a.trial - b.trial : a.loss - b.loss,
    );
    this.#survivors = all.slice(0, this.#options.population);
    this.#children = [];
    this.#numAsked = 0;
  }

  #next(): Proposal | undefined {
    const child = this.#newChild() ?? this.#newRandom();
    if (child === undefined) return undefined;
    this.#seen.add(choiceKey(child.architecture));
    this.#numAsked++;
    const trial = this.#context.newTrial();
    this.#inFlight.set(trial, child.architecture);
    return { trial, architecture: child.architecture, epochs: this.#context.epochs, parents: child.parents };
  }

  #newChild(): Child | undefined {
    const parents = this.#survivors.slice(0, this.#options.parents);
    for (let i = 0; i < MAX_TRIES && parents.length > 0; i++) {
      const child = this.#child(parents);
      if (!this.#seen.has(choiceKey(child.architecture))) return child;
    }
    return undefined;
  }

  #child(parents: readonly Member[]): Child {
    const { space, rng } = this.#context;
    const { population, mutationRate } = this.#options;
    const numCrossed = Math.round(this.#options.crossover * population);
    const first = rng.pick(parents);
    if (this.#numAsked >= numCrossed || parents.length < 2) {
      const architecture = mutateGenes(space, first.architecture, mutationRate, rng);
      return { architecture, parents: [first.trial] };
    }
    const second = rng.pick(parents.filter((parent) => parent !== first));
    const architecture = crossover(space, first.architecture, second.architecture, rng);
    return { architecture, parents: [first.trial, second.trial] };
  }

  #newRandom(): Child | undefined {
    const { space, rng } = this.#context;
    for (let draw = 0; draw < EXHAUSTED_AFTER; draw++) {
      const architecture = sample(space, rng);
      if (!this.#seen.has(choiceKey(architecture))) return { architecture, parents: [] };
    }
    return undefined;
  }
}

export type EvolutionOptions = Extract<StrategyConfig, { readonly kind: 'evolution' }>;

const MAX_TRIES = 50;
/** Draws in a row that bring nothing new: the space counts as exhausted. */
const EXHAUSTED_AFTER = 10_000;

interface Child {
  readonly architecture: ChoiceArchitecture;
  readonly parents: readonly TrialId[];
}

interface Member {
  readonly trial: TrialId;
  readonly architecture: ChoiceArchitecture;
  readonly loss: number;
}
