import assert from 'node:assert/strict';
import { Evolution } from '../../../src/engine/strategies/evolution.js';
import { makeStrategy } from '../../../src/engine/strategies/make-strategy.js';
import { RegularisedEvolution } from '../../../src/engine/strategies/regularised-evolution.js';
import type { StrategyConfig } from '../../../src/protocol/run-config.js';
import type { Proposal } from '../../../src/protocol/trial.js';
import type { Architecture } from '../../../src/space/architecture.js';
import { contextOf, describeStrategyContract, measured, play } from '../../contracts/strategy-contract.js';
import { en2asSpace, nasBench201Space } from '../../fixtures/spaces.js';

const CONFIGS: readonly StrategyConfig[] = [
  { kind: 'random' },
  { kind: 'regularised_evolution', population: 10, sample: 4 },
  { kind: 'evolution', population: 10, parents: 4, crossover: 0.6, mutationRate: 0.2 },
];

for (const config of CONFIGS)
  describeStrategyContract(config.kind, (context) => makeStrategy(config, context));

describe('strategies', () => {
  it('of evolution find better architectures than random search in as many trials', () => {
    const best = CONFIGS.map((config) => {
      const calls = play((context) => makeStrategy(config, context), en2asSpace(), 4, 300);
      return Math.max(
        ...calls.flatMap(({ outcomes }) =>
          outcomes.flatMap((one) => (one.kind === 'measured' ? one.values[0]! : [])),
        ),
      );
    });
    const [random, ageing, truncating] = best;
    assert.ok(ageing! > random! + 0.1 && truncating! > random! + 0.1, best.join(' '));
  });

  it('of random search never repeat an architecture and end when there is none left', () => {
    const space = nasBench201Space();
    const small = {
      ...space,
      decisions: space.decisions.map((decision, i) =>
        i < 4 && decision.kind === 'categorical'
          ? { ...decision, options: decision.options.slice(0, 1) }
          : decision,
      ),
    };
    const strategy = makeStrategy({ kind: 'random' }, contextOf(small, 1));
    assert.equal(new Set(strategy.ask(100).map(({ architecture }) => valuesOf(architecture))).size, 25);
    assert.equal(strategy.ask(1).length, 0);
  });
});

describe('regularised evolution', () => {
  it('starts at random, then mutates the best of a tournament in one decision', () => {
    // All ten members take part in every tournament, often enough that the best is always among them.
    const options = { kind: 'regularised_evolution', population: 10, sample: 200 } as const;
    const strategy = new RegularisedEvolution(contextOf(en2asSpace(), 1), options);
    const asked: Proposal[] = [];
    for (let i = 0; i < 11; i++) {
      const proposals = strategy.ask(1);
      asked.push(...proposals);
      strategy.tell(proposals.map(measured));
    }
    const values = asked.slice(0, 10).map((proposal) => valueOf(proposal));
    const best = asked[values.indexOf(Math.max(...values))]!;
    assert.ok(asked.slice(0, 10).every(({ parents }) => parents.length === 0));
    assert.deepEqual(asked[10]!.parents, [best.trial]);
    assert.equal(numChangedNodes(best.architecture, asked[10]!.architecture), 1);
  });

  it('lets the oldest die, however good it is', () => {
    const options = { kind: 'regularised_evolution', population: 5, sample: 100 } as const;
    const strategy = new RegularisedEvolution(contextOf(en2asSpace(), 1), options);
    const parents: number[] = [];
    for (let i = 0; i < 12; i++) {
      const [proposal] = strategy.ask(1);
      parents.push(...proposal!.parents);
      // Every trial is worse than the one before: the best is always the oldest.
      strategy.tell([{ kind: 'measured', trial: proposal!.trial, values: [1 - i / 100] }]);
    }
    assert.deepEqual(parents, [0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('evolution', () => {
  const OPTIONS = {
    kind: 'evolution',
    population: 6,
    parents: 2,
    crossover: 0.5,
    mutationRate: 0.2,
  } as const;

  it('waits for the whole generation before the next', () => {
    const strategy = new Evolution(contextOf(en2asSpace(), 1), OPTIONS);
    const first = strategy.ask(10);
    assert.equal(first.length, 6);
    strategy.tell(first.slice(0, 5).map(measured));
    assert.equal(strategy.ask(1).length, 0);
    strategy.tell(first.slice(5).map(measured));
    assert.equal(strategy.ask(10).length, 6);
  });

  it('takes parents among the best survivors: half of the children cross two, half mutate one', () => {
    const strategy = new Evolution(contextOf(en2asSpace(), 1), OPTIONS);
    const first = strategy.ask(6);
    strategy.tell(first.map(measured));
    const best = [...first]
      .sort((a, b) => (valueOf(a) === valueOf(b) ? a.trial - b.trial : valueOf(b) - valueOf(a)))
      .slice(0, 2);
    const children = strategy.ask(6);
    assert.deepEqual(
      children.map(({ parents }) => parents.length),
      [2, 2, 2, 1, 1, 1],
    );
    const allowed = best.map(({ trial }) => trial);
    assert.ok(children.every(({ parents }) => parents.every((parent) => allowed.includes(parent))));
    for (const { architecture } of children.slice(0, 3)) {
      const nodes = best.map((parent) => nodesOf(parent.architecture));
      nodesOf(architecture).forEach((node, i) => assert.ok(node === nodes[0]![i] || node === nodes[1]![i]));
    }
  });

  it('never proposes an architecture twice', () => {
    const calls = play((context) => new Evolution(context, OPTIONS), en2asSpace(), 2, 200);
    const keys = calls.flatMap(({ proposals }) =>
      proposals.map(({ architecture }) => valuesOf(architecture)),
    );
    assert.equal(new Set(keys).size, 200);
  });
});

function valueOf(proposal: Proposal): number {
  const outcome = measured(proposal);
  assert.equal(outcome.kind, 'measured');
  return outcome.values[0]!;
}

function valuesOf(architecture: Architecture): string {
  assert.equal(architecture.kind, 'choices');
  return architecture.values.join();
}

/** The two options of each node of EN²AS' two cells. */
function nodesOf(architecture: Architecture): string[] {
  assert.equal(architecture.kind, 'choices');
  const { values } = architecture;
  return Array.from({ length: values.length / 2 }, (_, i) => values.slice(2 * i, 2 * i + 2).join());
}

function numChangedNodes(a: Architecture, b: Architecture): number {
  const nodes = nodesOf(b);
  return nodesOf(a).filter((node, i) => node !== nodes[i]).length;
}
