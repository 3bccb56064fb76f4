import type { Architecture } from '../../space/architecture.js';
import type { RunEvent } from '../run-event.js';
import type { TrialId, TrialRole } from '../trial.js';
import { isBetter, type RunSummary } from './summary.js';

/** A finished trial. */
export interface LeaderboardRow {
  readonly trial: TrialId;
  readonly role: TrialRole;
  /** First objective, in its own unit. */
  readonly value: number;
  readonly architecture: Architecture;
}

/** Measured trials, best first; equal ones in the order they were asked. Failed trials have no rank. */
export function leaderboard(events: Iterable<RunEvent>, goal: RunSummary['goal']): LeaderboardRow[] {
  const asked = new Map<TrialId, Architecture>();
  const rows: LeaderboardRow[] = [];
  for (const event of events) {
    if (event.type === 'asked') for (const one of event.proposals) asked.set(one.trial, one.architecture);
    if (event.type !== 'told') continue;
    for (const outcome of event.outcomes) {
      const architecture = asked.get(outcome.trial);
      const value = outcome.kind === 'measured' ? outcome.values[0] : undefined;
      if (architecture === undefined || value === undefined) continue;
      rows.push({ trial: outcome.trial, role: event.role, value, architecture });
    }
  }
  return rows.sort((a, b) =>
    a.value === b.value ? a.trial - b.trial : isBetter(goal, a.value, b.value) ? -1 : 1,
  );
}
