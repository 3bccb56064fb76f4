import assert from 'node:assert/strict';
import { WasmBackend } from '../../../src/engine/backend/wasm/backend.js';
import { evaluationBatches } from '../../../src/engine/datasets/batches.js';
import { searchScale } from '../../../src/engine/search/run-plan.js';
import { Supernet } from '../../../src/engine/supernet/supernet.js';
import { Rng } from '../../../src/base/rng.js';
import { sample } from '../../../src/space/sample.js';
import { toyData } from '../../fixtures/toy-data.js';
import { eventsOf, runToy, TOY_ONE_SHOT, TOY_TRAINING, toyConfig } from '../../fixtures/toy-run.js';

describe('a search on the WebAssembly backend', () => {
  it('goes on from every checkpoint with the very events of an uninterrupted run', async () => {
    using backend = new WasmBackend({ threads: 1 });
    const whole = await runToy(toyConfig(), backend);
    assert.equal(whole.events.at(-1)?.type, 'finished');
    for (const [i, resume] of whole.checkpoints.entries()) {
      const host = await runToy(toyConfig(), backend, { resume });
      assert.deepEqual(host.events, whole.events, `checkpoint ${i}`);
      for (const [name, bytes] of whole.results) assert.deepEqual(host.results.get(name), bytes, name);
    }
  });

  it('gives back all device memory', async () => {
    using backend = new WasmBackend({ threads: 1 });
    const before = backend.liveBytes();
    await runToy(toyConfig(), backend);
    await runToy(toyConfig(), backend, { stopAt: 12 });
    assert.equal(backend.liveBytes(), before);
  });

  it('learns: retrained winners recognise most images of a simple task', async () => {
    using backend = new WasmBackend({ threads: 1 });
    const { supernet } = TOY_ONE_SHOT;
    const config = toyConfig({
      method: { ...TOY_ONE_SHOT, supernet: { ...supernet, steps: 60, checkpointEvery: 60, reportEvery: 20 } },
      retrain: { ...TOY_TRAINING, epochs: 6, batch: 16, augmentation: { crop: 0, flip: false, cutout: 0 } },
    });
    const host = await runToy(config, backend, { data: toyData({ train: 256, validation: 64, test: 64 }) });
    for (const { test, role } of eventsOf(host, 'tested')) {
      assert.ok(test.correct / test.of > 0.7, `${role}: ${test.correct} of ${test.of}`);
    }
  });

  it('trains paths that are cut off from the images', () => {
    using backend = new WasmBackend({ threads: 1 });
    const { space } = toyConfig();
    const { search: data } = toyData({ train: 8, validation: 8, test: 0 });
    using supernet = new Supernet(backend, space, searchScale(space), Rng.fromSeed(7));
    const values = sample(space, Rng.fromSeed(1)).values.map(() => 0);
    const graph = supernet.network({ kind: 'choices', space: space.id, values });
    using program = backend.compile(graph, { batch: 8, outputs: ['loss', 'logits'], train: true });
    const { images, labels } = evaluationBatches(data.train, data, 8).batch(0);
    const update = { learningRate: 0.1, momentum: 0.9, weightDecay: 0, clipNorm: 5 };
    const { outputs } = program.run({ image: images, label: labels }, supernet.weights, {
      statistics: { kind: 'batch' },
      update,
    });
    assert.ok(Number.isFinite(outputs['loss']![0]));
  });
});
