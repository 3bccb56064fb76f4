import assert from 'node:assert/strict';
import { leaderboard } from '../../../src/protocol/folds/leaderboard.js';
import { addToSummary, EMPTY_SUMMARY } from '../../../src/protocol/folds/summary.js';
import type { RunEvent, RunEventBody } from '../../../src/protocol/run-event.js';
import type { TrialId, TrialRole } from '../../../src/protocol/trial.js';
import type { SpaceId } from '../../../src/space/search-space.js';

const architecture = (value: number) =>
  ({ kind: 'choices', space: 'S' as SpaceId, values: [value] }) as const;

function trial(number: number, role: TrialRole, value: number | undefined): RunEventBody[] {
  const id = number as TrialId;
  return [
    {
      type: 'asked',
      role,
      proposals: [{ trial: id, architecture: architecture(number), epochs: 0, parents: [] }],
    },
    {
      type: 'told',
      role,
      cost: { search: 0, baseline: 0 },
      outcomes: [
        value === undefined
          ? { kind: 'failed', trial: id, reason: 'diverged', detail: 'The loss is not finite.' }
          : { kind: 'measured', trial: id, values: [value] },
      ],
    },
  ];
}

const EVENTS: readonly RunEvent[] = [
  { type: 'phase', phase: 'selection', total: 4, unit: 'trials' } as const,
  ...trial(0, 'search', 0.5),
  ...trial(1, 'baseline', 0.9),
  ...trial(2, 'search', 0.7),
  ...trial(3, 'search', undefined),
  ...trial(4, 'search', 0.7),
].map((body, seq) => ({ ...body, seq }));

describe('folds over events', () => {
  it('say where the run is and what is best, failed trials counted', () => {
    const summary = EVENTS.reduce(addToSummary, EMPTY_SUMMARY);
    assert.deepEqual(summary.position, { phase: 'selection', done: 4, total: 4 });
    assert.deepEqual(summary.best, { search: 0.7, baseline: 0.9 });
    assert.deepEqual(summary.trials, { search: 4, baseline: 1 });
  });

  it('rank measured trials by the goal, equal ones as they came', () => {
    const order = (goal: 'maximize' | 'minimize'): number[] =>
      leaderboard(EVENTS, goal).map((row) => row.trial);
    assert.deepEqual(order('maximize'), [1, 2, 4, 0]);
    assert.deepEqual(order('minimize'), [0, 2, 4, 1]);
  });
});
