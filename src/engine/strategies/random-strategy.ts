import type { Proposal } from '../../protocol/trial.js';
import { choiceKey } from '../../space/architecture.js';
import { sample } from '../../space/sample.js';
import type { Strategy, StrategyContext } from './strategy.js';

/**
 * Random search: architectures drawn uniformly from the space, each at most once. A space counts as exhausted once
 * `EXHAUSTED_AFTER` draws in a row bring nothing new.
 */
export class RandomStrategy implements Strategy {
  readonly #context: StrategyContext;
  readonly #seen = new Set<string>();

  constructor(context: StrategyContext) {
    this.#context = context;
  }

  ask(limit: number): readonly Proposal[] {
    const proposals: Proposal[] = [];
    while (proposals.length < limit) {
      const proposal = this.#next();
      if (proposal === undefined) break;
      proposals.push(proposal);
    }
    return proposals;
  }

  tell(): void {
    // Random search learns nothing.
  }

  #next(): Proposal | undefined {
    const { space, rng, newTrial, epochs } = this.#context;
    for (let draw = 0; draw < EXHAUSTED_AFTER; draw++) {
      const architecture = sample(space, rng);
      const key = choiceKey(architecture);
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      return { trial: newTrial(), architecture, epochs, parents: [] };
    }
    return undefined;
  }
}

const EXHAUSTED_AFTER = 10_000;
