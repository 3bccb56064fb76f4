import type { Objective } from '../../space/objective.js';
import type { RunEvent } from '../run-event.js';
import type { TrialId, TrialRole } from '../trial.js';
import { isBetter } from './summary.js';

/** What a run's charts show: reduced event by event, so that a page that watches adds a point at a time. */
export interface Curves {
  /** Of the first objective. */
  readonly goal: Objective['goal'];
  /** Best first objective so far against the cost of its own side; a point per improvement. */
  readonly best: Readonly<Record<TrialRole, readonly BestPoint[]>>;
  readonly supernet: readonly SupernetPoint[];
  readonly retrain: Readonly<Record<TrialRole, readonly EpochPoint[]>>;
}

export interface BestPoint {
  /** Images × MACs spent by search or baseline when the trial was told. */
  readonly cost: number;
  readonly value: number;
  readonly trial: TrialId;
}

export interface SupernetPoint {
  readonly step: number;
  /** In nats. */
  readonly trainLoss: number;
  /** Shares in [0, 1]. */
  readonly trainAccuracy: number;
  readonly pathAccuracy: number;
}

export interface EpochPoint {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

export const EMPTY_CURVES: Curves = {
  goal: 'maximize',
  best: { search: [], baseline: [] },
  supernet: [],
  retrain: { search: [], baseline: [] },
};

export function addToCurves(curves: Curves, event: RunEvent): Curves {
  switch (event.type) {
    case 'started':
      return { ...curves, goal: event.config.objectives[0]?.goal ?? curves.goal };
    case 'supernet': {
      const { step, trainLoss, trainAccuracy, pathAccuracy } = event;
      return { ...curves, supernet: [...curves.supernet, { step, trainLoss, trainAccuracy, pathAccuracy }] };
    }
    case 'told':
      return withBest(curves, event);
    case 'retrain': {
      const { role, epoch, trainLoss, validationLoss, validationAccuracy } = event;
      const points = [...curves.retrain[role], { epoch, trainLoss, validationLoss, validationAccuracy }];
      return { ...curves, retrain: { ...curves.retrain, [role]: points } };
    }
    case 'phase':
    case 'asked':
    case 'trial_progress':
    case 'selected':
    case 'tested':
    case 'finished':
      return curves;
  }
}

function withBest(curves: Curves, { role, outcomes, cost }: Extract<RunEvent, { type: 'told' }>): Curves {
  const points = outcomes.reduce<readonly BestPoint[]>((known, outcome) => {
    const value = outcome.kind === 'measured' ? outcome.values[0] : undefined;
    const best = known.at(-1);
    const improves = value !== undefined && (best === undefined || isBetter(curves.goal, value, best.value));
    return improves ? [...known, { cost: cost[role], value, trial: outcome.trial }] : known;
  }, curves.best[role]);
  return points === curves.best[role] ? curves : { ...curves, best: { ...curves.best, [role]: points } };
}
