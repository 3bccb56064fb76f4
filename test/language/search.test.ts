import assert from 'node:assert/strict';
import { compileText } from '../../src/language/index.js';
import type { RunConfig } from '../../src/protocol/run-config.js';
import { ONE_SHOT, searchText } from './check.js';
import { exampleText } from './examples.js';

async function configOf(text: string): Promise<Omit<RunConfig, 'space'>> {
  const { searches, diagnostics } = await compileText(text);
  assert.deepEqual(diagnostics, []);
  const { space: _, ...config } = searches[0]?.config ?? assert.fail('no search');
  return config;
}

describe('language: lowering of searches', () => {
  it('fills in every default of a one-shot search', async () => {
    assert.deepEqual(await configOf(searchText(ONE_SHOT)), {
      schema: 1,
      name: 'T',
      data: {
        name: 'digits',
        train: 0.6,
        validation: 0.2,
        test: 0.2,
        limit: 0,
        augmentation: { crop: 0, flip: false, cutout: 0 },
      },
      objectives: [{ name: 'val_accuracy', goal: 'maximize', unit: 'ratio', source: 'validation' }],
      seed: 1,
      device: 'auto',
      threads: 0,
      method: {
        kind: 'one_shot',
        supernet: {
          learningRate: 0.025,
          finalLearningRate: 0.001,
          momentum: 0.9,
          weightDecay: 3e-4,
          clipNorm: 5,
          steps: 100,
          batch: 64,
          reportEvery: 50,
          checkpointEvery: 200,
        },
        sampler: { kind: 'uniform' },
        selection: {
          strategy: { kind: 'random' },
          trials: 100,
          batch: 250,
          images: 0,
          calibrationBatches: 4,
          finalists: 10,
        },
      },
    });
  });

  it('gives the published EN²AS protocol: 39,062 steps, warm-up 1,000, retraining with cutout', async () => {
    const { method, retrain } = await configOf(exampleText('en2as-cifar10'));
    assert.ok(method.kind === 'one_shot');
    assert.equal(method.supernet.steps, 39_062);
    assert.deepEqual(method.sampler, {
      kind: 'novelty',
      mode: 'repaired',
      population: 1000,
      sigma: 1,
      alpha: 1,
      k: 10,
      noises: 10,
      warmup: 1000,
    });
    assert.deepEqual(method.selection.strategy, {
      kind: 'evolution',
      population: 100,
      parents: 50,
      crossover: 0.6,
      mutationRate: 0.2,
    });
    assert.equal(retrain?.epochs, 600);
    assert.deepEqual(retrain.augmentation, { crop: 4, flip: true, cutout: 16 });
  });

  it('makes a quick start that trains at least 1,500 novelty steps and has a baseline', async () => {
    const { method, baseline, retrain } = await configOf(exampleText('en2as-digits'));
    assert.ok(method.kind === 'one_shot' && method.sampler.kind === 'novelty');
    assert.ok(method.supernet.steps - method.sampler.warmup >= 1500);
    assert.equal(method.selection.strategy.kind, 'evolution');
    assert.deepEqual(baseline?.strategy, { kind: 'random' });
    assert.ok(retrain !== undefined);
  });

  it('makes black-box searches, with trials from the budget or the strategy', async () => {
    const settings = ['train: sgd(epochs: 2)', 'select: regularised_evolution(population: 8, sample: 3)'];
    const { method } = await configOf(searchText([...settings, 'budget: 20 trials']));
    assert.ok(method.kind === 'black_box');
    assert.equal(method.trials, 20);
    assert.deepEqual(method.strategy, { kind: 'regularised_evolution', population: 8, sample: 3 });
    assert.equal(method.training.epochs, 2);
    const without = await configOf(searchText(settings));
    assert.ok(without.method.kind === 'black_box');
    assert.equal(without.method.trials, 200);
  });

  it('names the part that is not built yet', async () => {
    assert.deepEqual((await configOf(exampleText('rnn-ptb'))).method, {
      kind: 'not_built_yet',
      part: 'the data set ptb',
    });
    assert.deepEqual((await configOf(exampleText('nago'))).method, {
      kind: 'not_built_yet',
      part: 'strategy bohb',
    });
    const gradient = searchText(['train: differentiable', 'select: random']);
    assert.deepEqual((await configOf(gradient)).method, {
      kind: 'not_built_yet',
      part: 'training differentiable',
    });
  });

  it('keeps all seeds, the device, the threads and the folder', async () => {
    const text = searchText(
      [...ONE_SHOT, 'seeds: 3, 4', 'device: wasm', 'threads: 2'],
      'idx(folder: "data/mine", limit: 1000)',
    );
    const { searches } = await compileText(text);
    const [search] = searches;
    assert.deepEqual(search?.seeds, [3, 4]);
    const { seed, device, threads, data } = search.config;
    assert.deepEqual(
      { seed, device, threads, folder: data.folder, limit: data.limit },
      { seed: 3, device: 'wasm', threads: 2, folder: 'data/mine', limit: 1000 },
    );
  });

  it('turns epochs into steps, rounded down, of the images that train', async () => {
    const steps = async (data: string): Promise<number> => {
      const { method } = await configOf(
        searchText(['train: supernet(batch: 50)', 'select: random', 'budget: 1.5 epochs'], data),
      );
      assert.ok(method.kind === 'one_shot');
      return method.supernet.steps;
    };
    assert.equal(await steps('digits(train: 0.5)'), 150);
    assert.equal(await steps('digits(train: 0.5, limit: 210)'), 3);
  });
});
