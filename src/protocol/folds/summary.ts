import type { Objective } from '../../space/objective.js';
import type { Phase, RunEvent, Score } from '../run-event.js';
import type { TrialRole } from '../trial.js';

/** A run in a line: where it is, what is best so far, what was tested. */
export interface RunSummary {
  /** Of the first objective. */
  readonly goal: Objective['goal'];
  readonly position?: { readonly phase: Phase; readonly done: number; readonly total: number };
  /** Best first objective among finished trials. */
  readonly best: Partial<Readonly<Record<TrialRole, number>>>;
  readonly trials: Readonly<Record<TrialRole, number>>;
  readonly tested: Partial<Readonly<Record<TrialRole, Score>>>;
  readonly isFinished: boolean;
}

export const EMPTY_SUMMARY: RunSummary = {
  goal: 'maximize',
  best: {},
  trials: { search: 0, baseline: 0 },
  tested: {},
  isFinished: false,
};

export function addToSummary(summary: RunSummary, event: RunEvent): RunSummary {
  switch (event.type) {
    case 'phase':
      return { ...summary, position: { phase: event.phase, done: 0, total: event.total } };
    case 'supernet':
      return moved(summary, event.step);
    case 'retrain':
      return moved(summary, event.epoch);
    case 'told':
      return event.outcomes.reduce(
        (known, outcome) =>
          told(known, event.role, outcome.kind === 'measured' ? outcome.values[0] : undefined),
        summary,
      );
    case 'tested':
      return testedOne(summary, event.role, event.test);
    case 'finished':
      return { ...summary, isFinished: true };
    case 'started':
      return { ...summary, goal: event.config.objectives[0]?.goal ?? 'maximize' };
    case 'asked':
    case 'trial_progress':
    case 'selected':
      return summary;
  }
}

function moved(summary: RunSummary, done: number): RunSummary {
  return summary.position === undefined ? summary : { ...summary, position: { ...summary.position, done } };
}

function told(summary: RunSummary, role: TrialRole, value: number | undefined): RunSummary {
  const trials = { ...summary.trials, [role]: summary.trials[role] + 1 };
  const best = summary.best[role];
  const improves = value !== undefined && (best === undefined || isBetter(summary.goal, value, best));
  const counted = { ...summary, trials, best: improves ? { ...summary.best, [role]: value } : summary.best };
  return role === 'search' ? moved(counted, trials.search) : counted;
}

function testedOne(summary: RunSummary, role: TrialRole, score: Score): RunSummary {
  const tested = { ...summary.tested, [role]: score };
  return moved({ ...summary, tested }, Object.keys(tested).length);
}

/** Whether `value` is strictly better than `other`. */
export function isBetter(goal: Objective['goal'], value: number, other: number): boolean {
  return goal === 'maximize' ? value > other : value < other;
}
