import type { BlackBoxConfig } from '../../protocol/run-config.js';
import type { TrialId } from '../../protocol/trial.js';
import { makeStrategy } from '../strategies/make-strategy.js';
import { FullTrainingEvaluator } from '../training/full-training-evaluator.js';
import { BaselineSearch } from './baseline-search.js';
import { finishRun, reasonToFinish, winnersOf } from './finish-run.js';
import type { DriverContext } from './run-host.js';
import { searchScale } from './run-plan.js';
import { SearchRun } from './search-run.js';
import { allFailedError, replay, runTrial, selectBest } from './trial-steps.js';

/** Black-box search: ask a strategy, train in full, tell; beside it the baseline; then retrain the winners, test once. */
export async function blackBoxSearch(context: DriverContext, method: BlackBoxConfig): Promise<void> {
  const run = new SearchRun(context);
  await run.start(context.data.facts);
  await searchTrials(run, method);
  await finishRun(run, context.data.heldOut, winnersOf(run), reasonToFinish(run, method.trials));
}

async function searchTrials(
  run: SearchRun,
  { strategy: chosen, trials, training }: BlackBoxConfig,
): Promise<void> {
  const { space, objectives, baseline } = run.config;
  const { data, makeBatches } = run;
  const newTrial = (): TrialId => run.newTrial();
  const context = { space, objectives, rng: run.rng.fork('strategy'), epochs: training.epochs, newTrial };
  const strategy = makeStrategy(chosen, context);
  replay(run, strategy);
  const evaluator = new FullTrainingEvaluator(run.workplace(), {
    space,
    scale: searchScale(space),
    objectives,
    config: training,
    data,
    rng: run.rng.fork('trials'),
    makeBatches,
  });
  const rival = baseline === undefined ? undefined : new BaselineSearch(run, baseline);

  await run.enter('search', trials, 'trials');
  while (run.selected('search') === undefined) {
    const numDone = run.outcomes('search').length;
    run.progress.at(numDone);
    await rival?.spend(run.state.cost.search);
    const proposal = numDone < trials ? strategy.ask(1)[0] : undefined;
    if (proposal === undefined) {
      if (run.state.best.search === undefined) throw allFailedError(run);
      await selectBest(run, 'search');
    } else {
      const { outcome } = await runTrial(run, 'search', proposal, evaluator);
      strategy.tell([outcome]);
    }
  }
  await selectBest(run, 'baseline');
}
