import assert from 'node:assert/strict';
import type { BlackBoxConfig, RunConfig } from '../../../src/protocol/run-config.js';
import { UserError } from '../../../src/base/user-error.js';
import { driverFor } from '../../../src/engine/search/driver-for.js';
import { nasBench201Space } from '../../fixtures/spaces.js';
import { ToyBackend } from '../../fixtures/toy-backend.js';
import { eventsOf, runToy, TOY_TRAINING, toyConfig } from '../../fixtures/toy-run.js';

const METHOD: BlackBoxConfig = {
  kind: 'black_box',
  strategy: { kind: 'regularised_evolution', population: 3, sample: 2 },
  trials: 6,
  training: TOY_TRAINING,
};

describe('black-box search', () => {
  it('trains every trial, selects the best and tests it once', async () => {
    const host = await runToy(toyConfig({ method: METHOD }), new ToyBackend());
    const phases = eventsOf(host, 'phase').map(({ phase }) => phase);
    assert.deepEqual(phases, ['search', 'retrain', 'baseline_retrain', 'test']);
    const best = Math.max(...searchValues(host));
    const { trial, validation } = eventsOf(host, 'selected').find(({ role }) => role === 'search')!;
    assert.equal(validation.correct / validation.of, best);
    assert.equal(valueOf(host, trial), best);
  });

  it('goes on from every checkpoint with the very events of an uninterrupted run', async () => {
    const config = toyConfig({ method: METHOD });
    const whole = await runToy(config, new ToyBackend());
    for (const [i, resume] of whole.checkpoints.entries()) {
      const host = await runToy(config, new ToyBackend(), { resume });
      assert.deepEqual(host.events, whole.events, `checkpoint ${i}`);
    }
  });

  it('ends with the winner of the search where there is no retraining and no baseline', async () => {
    const { retrain, baseline, ...rest } = toyConfig({ method: METHOD });
    assert.ok(retrain !== undefined && baseline !== undefined);
    const host = await runToy(rest, new ToyBackend());
    assert.equal(host.events.at(-2)?.type, 'selected');
    assert.equal(host.events.at(-1)?.type, 'finished');
  });

  it('says so when the space is exhausted', async () => {
    const space = nasBench201Space({ channels: 4, cells: 1 });
    const decisions = space.decisions.map((decision, i) =>
      i < 5 && decision.kind === 'categorical'
        ? { ...decision, options: decision.options.slice(0, 1) }
        : decision,
    );
    const small = { ...space, decisions, task: { kind: 'classes', count: 4 } } as const;
    const image = { kind: 'image', height: 8, width: 8, channels: 1 } as const;
    const config = toyConfig({
      space: { ...small, input: image },
      method: { ...METHOD, strategy: { kind: 'random' }, trials: 50 },
    });
    const host = await runToy(config, new ToyBackend());
    assert.equal(eventsOf(host, 'told').filter(({ role }) => role === 'search').length, 5);
    const last = host.events.at(-1);
    assert.equal(last?.type === 'finished' && last.because, 'space-exhausted');
  });

  it('refuses what this version cannot run, saying what it can', () => {
    const refused: readonly Partial<RunConfig>[] = [
      { method: { kind: 'not_built_yet', part: 'bohb' } },
      { objectives: [{ name: 'latency', goal: 'minimize', unit: 'ms', source: 'device' }] },
    ];
    for (const changes of refused) {
      assert.throws(
        () => driverFor(toyConfig(changes)),
        (error) =>
          error instanceof UserError && /bohb|latency/.test(error.message) && error.remedy.length > 20,
      );
    }
  });
});

describe('retraining alone', () => {
  it('trains the given architecture and tests it', async () => {
    const { baseline, ...rest } = toyConfig();
    assert.ok(baseline !== undefined);
    const found = await runToy(toyConfig(), new ToyBackend());
    const { architecture } = eventsOf(found, 'selected')[0]!;
    assert.equal(architecture.kind, 'choices');
    const config: RunConfig = { ...rest, method: { kind: 'retrain', architecture, from: 'a run' } };
    const host = await runToy(config, new ToyBackend());
    const types = host.events.map(({ type }) => type);
    assert.deepEqual(types, ['started', 'phase', 'retrain', 'retrain', 'phase', 'tested', 'finished']);
    for (const resume of host.checkpoints) {
      assert.deepEqual((await runToy(config, new ToyBackend(), { resume })).events, host.events);
    }
  });
});

type Host = Awaited<ReturnType<typeof runToy>>;

function searchValues(host: Host): number[] {
  return eventsOf(host, 'told')
    .filter(({ role }) => role === 'search')
    .flatMap(({ outcomes }) => outcomes.flatMap((one) => (one.kind === 'measured' ? one.values[0]! : [])));
}

function valueOf(host: Host, trial: number): number | undefined {
  const outcomes = eventsOf(host, 'told').flatMap((event) => event.outcomes);
  const outcome = outcomes.find((one) => one.trial === trial);
  return outcome?.kind === 'measured' ? outcome.values[0] : undefined;
}
