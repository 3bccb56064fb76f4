import type { RunEventBody } from '../../protocol/run-event.js';
import type { TrialRole } from '../../protocol/trial.js';
import type { RunData } from '../datasets/data.js';
import { retrain } from './retrain-phase.js';
import type { SearchRun } from './search-run.js';
import type { Winner } from './test-once.js';
import { testOnce } from './test-once.js';

/** What every search ends with: the winners of search and baseline are retrained alike and tested once. */
export async function finishRun(
  run: SearchRun,
  heldOut: RunData['heldOut'],
  winners: readonly Winner[],
  because: ReasonToFinish,
): Promise<void> {
  const config = run.config.retrain;
  if (config !== undefined) {
    for (const { role, architecture } of winners) await retrain(run, role, architecture, config);
    await testOnce(run, heldOut, winners, config.batch);
  }
  await run.emit({ type: 'finished', because });
}

/** The winners that there are: the baseline has none if not one of its trials fitted into the budget. */
export function winnersOf(run: SearchRun): readonly Winner[] {
  const roles: readonly TrialRole[] = ['search', 'baseline'];
  return roles.flatMap((role) => {
    const selected = run.selected(role);
    return selected === undefined ? [] : { role, architecture: selected.architecture };
  });
}

/** Why a search of `numTrials` trials ended. */
export function reasonToFinish(run: SearchRun, numTrials: number): ReasonToFinish {
  return run.outcomes('search').length < numTrials ? 'space-exhausted' : 'budget-spent';
}

type ReasonToFinish = Extract<RunEventBody, { readonly type: 'finished' }>['because'];
