import { assert } from '../../base/assert.js';
import type { OneShotConfig } from '../../protocol/run-config.js';
import type { TrialId } from '../../protocol/trial.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { toLosses } from '../../space/objective.js';
import { lossOf } from '../strategies/loss-of.js';
import { makeStrategy } from '../strategies/make-strategy.js';
import type { Supernet } from '../supernet/supernet.js';
import { InheritedEvaluator } from '../training/inherited-evaluator.js';
import { BaselineSearch } from './baseline-search.js';
import type { SearchRun } from './search-run.js';
import { allFailedError, replay, runTrial, selectBest } from './trial-steps.js';

/**
 * Selects the best path with inherited weights. The baseline runs beside it: after i of n trials it may have spent the
 * share i/n of the supernet's cost and all that selection took so far, so that at the end both have cost the same.
 */
export async function selectPath(
  run: SearchRun,
  { selection }: OneShotConfig,
  supernet: Supernet,
): Promise<void> {
  const { space, objectives, baseline } = run.config;
  const newTrial = (): TrialId => run.newTrial();
  const rng = run.rng.fork('selection');
  const strategy = makeStrategy(selection.strategy, { space, objectives, rng, epochs: 0, newTrial });
  replay(run, strategy);
  using evaluator = new InheritedEvaluator(run.workplace(), supernet, {
    config: selection,
    data: run.data,
    objectives,
  });
  const rival = baseline === undefined ? undefined : new BaselineSearch(run, baseline);
  const supernetCost = run.state.supernet?.cost ?? 0;

  await run.enter('selection', selection.trials, 'trials');
  while (run.selected('search') === undefined) {
    const numDone = run.outcomes('search').length;
    const share = numDone / selection.trials;
    tellProgress(run, numDone, supernetCost);
    await rival?.spend(run.state.cost.search - (1 - share) * supernetCost);
    const proposal = numDone < selection.trials ? strategy.ask(1)[0] : undefined;
    if (proposal === undefined) {
      await selectFinalist(run, selection.finalists, evaluator);
    } else {
      const { outcome } = await runTrial(run, 'search', proposal, evaluator);
      strategy.tell([outcome]);
    }
  }
  await rival?.spend(run.state.cost.search);
  await selectBest(run, 'baseline');
}

/** Scores the best trials again, on the whole validation split, and selects the best of them (of equals the older). */
async function selectFinalist(
  run: SearchRun,
  numFinalists: number,
  evaluator: InheritedEvaluator,
): Promise<void> {
  let best: Finalist | undefined;
  for (const trial of finalists(run, numFinalists)) {
    const architecture = run.architectureOf(trial);
    assert(architecture.kind === 'choices', 'Paths of a supernet are choices');
    const { values, measurement, cost } = await evaluator.rescore(architecture);
    run.spend('search', cost);
    const loss = toLosses(run.config.objectives, values)[0]!;
    if (Number.isFinite(loss) && (best === undefined || loss < best.loss)) {
      best = { trial, architecture, loss, correct: measurement.correct, of: measurement.of };
    }
  }
  if (best === undefined) throw allFailedError(run);
  const { trial, architecture, correct, of } = best;
  const validation = { correct, of, weights: 'inherited' } as const;
  await run.emit({ type: 'selected', role: 'search', trial, architecture, validation });
  await run.checkpoint();
}

interface Finalist {
  readonly trial: TrialId;
  readonly architecture: ChoiceArchitecture;
  readonly loss: number;
  readonly correct: number;
  readonly of: number;
}

/** The trials with the least loss, best first, of equals the older. */
function finalists(run: SearchRun, count: number): readonly TrialId[] {
  return run
    .outcomes('search')
    .flatMap((outcome) =>
      outcome.kind === 'measured'
        ? { trial: outcome.trial, loss: lossOf(outcome, run.config.objectives) }
        : [],
    )
    .sort((a, b) => (a.loss === b.loss ? a.trial - b.trial : a.loss - b.loss))
    .slice(0, Math.max(1, count))
    .map(({ trial }) => trial);
}

function tellProgress(run: SearchRun, numDone: number, supernetCost: number): void {
  const { search, baseline } = run.state.cost;
  run.progress.at(numDone, (search - supernetCost + baseline) / Math.max(1, run.progress.phaseCost));
}
