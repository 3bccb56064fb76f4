import assert from 'node:assert/strict';
import { ToyBackend } from '../../fixtures/toy-backend.js';
import { eventsOf, runToy, toyConfig } from '../../fixtures/toy-run.js';

describe('one-shot search', () => {
  it('trains a supernet, selects, retrains both winners and tests once', async () => {
    const host = await runToy(toyConfig(), new ToyBackend());
    const phases = eventsOf(host, 'phase').map(({ phase, total }) => `${phase} ${total}`);
    assert.deepEqual(phases, ['supernet 14', 'selection 7', 'retrain 2', 'baseline_retrain 2', 'test 2']);
    assert.deepEqual(
      eventsOf(host, 'supernet').map(({ step }) => step),
      [5, 10, 14],
    );
    assert.equal(host.events.at(-1)?.type, 'finished');
    assert.equal(eventsOf(host, 'tested').length, 2);
    assert.deepEqual(
      [...host.results.keys()],
      ['search-weights.safetensors', 'baseline-weights.safetensors'],
    );
  });

  it('numbers the trials of search and baseline together', async () => {
    const host = await runToy(toyConfig(), new ToyBackend());
    const trials = eventsOf(host, 'asked').flatMap(({ proposals }) =>
      proposals.map(({ trial }) => Number(trial)),
    );
    assert.deepEqual(trials, [...trials.keys()]);
    const told = eventsOf(host, 'told');
    assert.equal(told.filter(({ role }) => role === 'search').length, 7);
    assert.ok(told.filter(({ role }) => role === 'baseline').length >= 2);
  });

  it('spends no more on the baseline than on the search, at any time', async () => {
    const host = await runToy(toyConfig(), new ToyBackend());
    const costs = eventsOf(host, 'told').map(({ cost }) => cost);
    for (const { search, baseline } of costs) assert.ok(baseline <= search, `${baseline} > ${search}`);
  });

  it('goes on from every checkpoint with the very events of an uninterrupted run', async () => {
    const whole = await runToy(toyConfig(), new ToyBackend());
    assert.ok(whole.checkpoints.length > 15);
    for (const [i, resume] of whole.checkpoints.entries()) {
      const host = await runToy(toyConfig(), new ToyBackend(), { resume });
      assert.deepEqual(host.events, whole.events, `checkpoint ${i} after event ${resume.events.length - 1}`);
    }
  });

  it('goes on after a stop at every other breath with the very events of an uninterrupted run', async () => {
    const whole = await runToy(toyConfig(), new ToyBackend());
    for (let stopAt = 1; stopAt <= whole.numBreaths; stopAt += 2) {
      const stopped = await runToy(toyConfig(), new ToyBackend(), { stopAt });
      const resume = stopped.checkpoints.at(-1);
      const host = await runToy(toyConfig(), new ToyBackend(), resume === undefined ? {} : { resume });
      assert.deepEqual(host.events, whole.events, `stop at breath ${stopAt}`);
    }
  });

  it('gives back every program and store, finished or stopped', async () => {
    for (const stopAt of [3, 20, 60, Infinity]) {
      const backend = new ToyBackend();
      await runToy(toyConfig(), backend, { stopAt });
      assert.equal(backend.numLive, 0, `stop at breath ${stopAt}`);
    }
  });
});
