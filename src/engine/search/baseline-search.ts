import type { Rng } from '../../base/rng.js';
import type { BaselineConfig } from '../../protocol/run-config.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { UnbuildableError } from '../../space/instantiate/unbuildable-error.js';
import { sample } from '../../space/sample.js';
import { FullTrainingEvaluator } from '../training/full-training-evaluator.js';
import { searchScale } from './run-plan.js';
import type { SearchRun } from './search-run.js';
import { runTrial } from './trial-steps.js';

/**
 * Random search with full training beside a search, at no more than the search's cost. Its n-th architecture follows
 * from n alone (no `Strategy` is asked), so that one which does not fit into the budget yet can wait unasked.
 */
export class BaselineSearch {
  readonly #run: SearchRun;
  readonly #config: BaselineConfig;
  readonly #evaluator: FullTrainingEvaluator;
  readonly #rng: Rng;
  #numFailedInARow = 0;

  constructor(run: SearchRun, config: BaselineConfig) {
    const { space, objectives } = run.config;
    const { data, makeBatches } = run;
    this.#run = run;
    this.#config = config;
    this.#rng = run.rng.fork('baseline');
    this.#evaluator = new FullTrainingEvaluator(run.workplace(), {
      space,
      scale: searchScale(space),
      objectives,
      config: config.training,
      data,
      rng: run.rng.fork('baseline training'),
      makeBatches,
    });
  }

  /** Runs trials as long as the next one fits: the baseline's cost stays within `allowed` (images × MACs). */
  async spend(allowed: number): Promise<void> {
    while (this.#numFailedInARow < MAX_FAILED_IN_A_ROW) {
      const architecture = sample(
        this.#run.config.space,
        this.#rng.fork(this.#run.outcomes('baseline').length),
      );
      if (this.#run.state.cost.baseline + this.#costOf(architecture) > allowed) return;
      await this.#trial(architecture);
    }
  }

  async #trial(architecture: ChoiceArchitecture): Promise<void> {
    const { epochs } = this.#config.training;
    const proposal = { trial: this.#run.newTrial(), architecture, epochs, parents: [] };
    const { outcome } = await runTrial(this.#run, 'baseline', proposal, this.#evaluator);
    this.#numFailedInARow = outcome.kind === 'failed' ? this.#numFailedInARow + 1 : 0;
  }

  /** A trial that cannot be built costs nothing. */
  #costOf(architecture: ChoiceArchitecture): number {
    try {
      return this.#evaluator.costOf(architecture);
    } catch (error) {
      if (error instanceof UnbuildableError) return 0;
      throw error;
    }
  }
}

/** Failed trials may cost nothing, so the budget alone would not end a baseline that always fails. */
const MAX_FAILED_IN_A_ROW = 20;
