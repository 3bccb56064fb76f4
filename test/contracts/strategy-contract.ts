import assert from 'node:assert/strict';
import { Rng } from '../../src/base/rng.js';
import type { Strategy, StrategyContext } from '../../src/engine/strategies/strategy.js';
import type { Outcome, Proposal, TrialId } from '../../src/protocol/trial.js';
import { choiceKey } from '../../src/space/architecture.js';
import { parseArchitecture } from '../../src/space/legal.js';
import type { Objective } from '../../src/space/objective.js';
import type { SearchSpace } from '../../src/space/search-space.js';
import { dartsSpace, en2asSpace, nasBench201Space } from '../fixtures/spaces.js';

const ACCURACY: Objective = { name: 'val_accuracy', goal: 'maximize', unit: 'ratio', source: 'validation' };

const AT_MOST_FOUR_SKIPS = {
  metric: { kind: 'count', op: 'skip' },
  comparison: '<=',
  limit: 4,
  text: 'count(skip) <= 4',
} as const;

const SPACES: Readonly<Record<string, SearchSpace>> = {
  'NAS-Bench-201': nasBench201Space(),
  'EN²AS': en2asSpace(),
  'DARTS with a rule': dartsSpace({ rules: [AT_MOST_FOUR_SKIPS] }),
};

/** What every strategy must do. `make` is called with contexts that differ in space and seed. */
export function describeStrategyContract(name: string, make: (context: StrategyContext) => Strategy): void {
  describe(`${name} as a strategy`, () => {
    for (const [title, space] of Object.entries(SPACES)) {
      it(`proposes legal architectures under new numbers (${title})`, () => {
        const proposals = play(make, space, 1, 60).flatMap((call) => call.proposals);
        assert.equal(proposals.length, 60);
        proposals.forEach((proposal, i) => checkProposal(space, proposal, proposals.slice(0, i)));
      });
    }

    it('proposes the same when the same calls are made again', () => {
      const space = en2asSpace();
      assert.deepEqual(play(make, space, 5, 80), play(make, space, 5, 80));
    });

    it('proposes something else under another seed', () => {
      const space = en2asSpace();
      assert.notDeepEqual(play(make, space, 5, 10), play(make, space, 6, 10));
    });

    it('takes in several trials at once and in any order', () => {
      const strategy = make(contextOf(en2asSpace(), 2));
      for (let round = 0; round < 20; round++) {
        const proposals = strategy.ask(4);
        assert.ok(proposals.length >= 1 && proposals.length <= 4, 'nothing is in flight');
        strategy.tell(proposals.map((proposal) => measured(proposal)).reverse());
      }
    });

    it('goes on when every trial fails', () => {
      const strategy = make(contextOf(en2asSpace(), 2));
      for (let round = 0; round < 50; round++) {
        const proposals = strategy.ask(1);
        assert.equal(proposals.length, 1);
        strategy.tell(proposals.map(({ trial }) => failed(trial)));
      }
    });
  });
}

interface Call {
  readonly proposals: readonly Proposal[];
  readonly outcomes: readonly Outcome[];
}

/** Asks one by one; every seventh trial fails. */
export function play(
  make: (context: StrategyContext) => Strategy,
  space: SearchSpace,
  seed: number,
  numTrials: number,
): readonly Call[] {
  const strategy = make(contextOf(space, seed));
  return Array.from({ length: numTrials }, (_, i) => {
    const proposals = strategy.ask(1);
    const outcomes = proposals.map((proposal) => (i % 7 === 6 ? failed(proposal.trial) : measured(proposal)));
    strategy.tell(outcomes);
    return { proposals, outcomes };
  });
}

export function contextOf(space: SearchSpace, seed: number): StrategyContext {
  let numTrials = 0;
  const newTrial = (): TrialId => numTrials++ as TrialId;
  return { space, objectives: [ACCURACY], rng: Rng.fromSeed(seed), epochs: 0, newTrial };
}

/** A made accuracy: the share of even values. */
export function measured({ trial, architecture }: Proposal): Outcome {
  assert.equal(architecture.kind, 'choices');
  const { values } = architecture;
  return {
    kind: 'measured',
    trial,
    values: [values.filter((value) => value % 2 === 0).length / values.length],
  };
}

function failed(trial: TrialId): Outcome {
  return { kind: 'failed', trial, reason: 'diverged', detail: 'The loss is not finite.' };
}

function checkProposal(space: SearchSpace, proposal: Proposal, before: readonly Proposal[]): void {
  const { architecture, trial, parents } = proposal;
  assert.equal(architecture.kind, 'choices');
  assert.equal(parseArchitecture(space, architecture).ok, true, choiceKey(architecture));
  const known = before.map((other) => other.trial);
  assert.ok(!known.includes(trial), `trial ${trial} is new`);
  assert.ok(
    parents.every((parent) => known.includes(parent)),
    `parents ${parents.join()} were proposed before`,
  );
}
