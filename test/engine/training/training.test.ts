import assert from 'node:assert/strict';
import { Rng } from '../../../src/base/rng.js';
import { UserError } from '../../../src/base/user-error.js';
import type { WeightKey } from '../../../src/graph/network-graph.js';
import type { Backend } from '../../../src/engine/backend/backend.js';
import { OutOfMemoryError } from '../../../src/engine/backend/backend.js';
import { plainTrainingBatches } from '../../../src/engine/datasets/batches.js';
import { FullTrainingEvaluator } from '../../../src/engine/training/full-training-evaluator.js';
import { countCorrect } from '../../../src/engine/training/measure.js';
import { NetworkTraining, sgdUpdate } from '../../../src/engine/training/network-training.js';
import { checkObjectives, objectiveValues } from '../../../src/engine/training/objective-values.js';
import { packWeights, unpackWeights } from '../../../src/engine/training/packed-weights.js';
import { cosineRate } from '../../../src/engine/training/schedule.js';
import { StandaloneNetworks } from '../../../src/engine/training/standalone-networks.js';
import { WorkMeter } from '../../../src/engine/training/work-meter.js';
import type { Workplace } from '../../../src/engine/training/workplace.js';
import type { TrialId } from '../../../src/protocol/trial.js';
import type { ChoiceArchitecture } from '../../../src/space/architecture.js';
import type { Objective } from '../../../src/space/objective.js';
import { sample } from '../../../src/space/sample.js';
import { ToyBackend } from '../../fixtures/toy-backend.js';
import { toyData } from '../../fixtures/toy-data.js';
import { TOY_TRAINING, toyConfig } from '../../fixtures/toy-run.js';

const { space } = toyConfig();
const { search: DATA } = toyData({ train: 33, validation: 20, test: 0 });
const PATH = sample(space, Rng.fromSeed(1));
const OBJECTIVES: readonly Objective[] = [
  { name: 'val_accuracy', goal: 'maximize', unit: 'ratio', source: 'validation' },
  { name: 'params', goal: 'minimize', unit: 'count', source: 'analytic' },
];

describe('the cosine schedule', () => {
  const CASES = [
    [0, 0.1],
    [25, 0.01 + (0.09 * (1 + Math.SQRT1_2)) / 2],
    [50, 0.055],
    [100, 0.01],
  ] as const;
  for (const [step, rate] of CASES) {
    it(`is ${rate.toFixed(4)} after ${step} of 100 steps from .1 to .01`, () => {
      assert.ok(Math.abs(cosineRate(0.1, 0.01, step, 100) - rate) < 1e-12);
    });
  }
});

describe('right answers', () => {
  const CASES: readonly (readonly [string, number[], number[], number])[] = [
    ['are those of the largest logit', [1, 2, 3, 0, 0, 9, 1, 0, 0], [2, 1, 0], 2],
    ['are those of the first of equal logits', [5, 5, 5], [0], 1],
    ['are none where a logit is not a number', [NaN, 1, 0, 0, NaN, 0], [0, 1], 0],
  ];
  for (const [what, logits, labels, expected] of CASES) {
    it(what, () => assert.equal(countCorrect(Float32Array.from(logits), Int32Array.from(labels)), expected));
  }
});

describe('an update', () => {
  it('is not clipped where the largest norm is 0', () => {
    assert.equal(sgdUpdate({ ...TOY_TRAINING, clipNorm: 0 }, 0.1).clipNorm, Infinity);
    assert.equal(sgdUpdate({ ...TOY_TRAINING, clipNorm: 5 }, 0.1).clipNorm, 5);
  });
});

describe('training from scratch', () => {
  it('goes on from any step as if it had not been interrupted', async () => {
    const whole = await train(3);
    for (let step = 1; step < 12; step++) {
      const { position, bytes } = await interrupted(step);
      const rest = await train(3, (training) => training.restore(position, bytes));
      assert.deepEqual(rest, whole, `step ${step}`);
    }
  });

  it('counts its steps by whole batches of the training split', () => {
    using training = newTraining(workplaceOf(new ToyBackend()));
    assert.equal(training.stepsPerEpoch, 4);
  });
});

describe('the full-training evaluator', () => {
  it('measures a trial and tells its cost beforehand', async () => {
    const evaluator = evaluatorOn(new ToyBackend());
    const epochs: number[] = [];
    const { outcome, cost, measurement } = await evaluator.evaluate(proposalOf(PATH), (epoch) => {
      epochs.push(epoch);
      return Promise.resolve();
    });
    assert.deepEqual(epochs, [1, 2]);
    assert.equal(cost, evaluator.costOf(PATH));
    assert.equal(outcome.kind, 'measured');
    assert.equal(outcome.values[0], measurement!.correct / 20);
  });

  it('reports a loss that is not finite as a failed trial', async () => {
    const { outcome, cost } = await evaluatorOn(brokenBackend('nan')).evaluate(proposalOf(PATH), () =>
      Promise.resolve(),
    );
    assert.ok(outcome.kind === 'failed' && outcome.reason === 'diverged');
    assert.ok(cost > 0);
  });

  it('reports a network that does not fit into memory as a failed trial', async () => {
    const { outcome } = await evaluatorOn(brokenBackend('memory')).evaluate(proposalOf(PATH), () =>
      Promise.resolve(),
    );
    assert.ok(outcome.kind === 'failed' && outcome.reason === 'out-of-memory');
  });

  it('does not take a bug of ours for a failed trial', async () => {
    const evaluator = evaluatorOn(brokenBackend('bug'));
    await assert.rejects(
      evaluator.evaluate(proposalOf(PATH), () => Promise.resolve()),
      /a bug/,
    );
  });
});

describe('objectives', () => {
  it('are measured in their order', () => {
    const { inference } = networks().build(PATH);
    const [accuracy, parameters] = objectiveValues(OBJECTIVES, { correct: 3, of: 4, loss: 1 }, inference);
    assert.equal(accuracy, 0.75);
    assert.ok(parameters! > 100 && Number.isInteger(parameters));
  });

  it('that nothing measures are refused', () => {
    const latency: Objective = { name: 'latency', goal: 'minimize', unit: 'ms', source: 'device' };
    assert.throws(() => checkObjectives([...OBJECTIVES, latency]), UserError);
    checkObjectives(OBJECTIVES);
  });
});

describe('packed weights', () => {
  it('hold weights, momenta and running statistics', () => {
    const backend = new ToyBackend();
    const [key, norm] = ['conv.kernel', 'bn.statistics'] as WeightKey[];
    const [weights, statistics] = [backend.createWeights(), backend.createStatistics()];
    weights.write(key!, [2], Float32Array.from([1, 2]));
    weights.writeMomentum(key!, Float32Array.from([3, 4]));
    statistics.write(norm!, Float32Array.from([5]), Float32Array.from([1]));
    const bytes = packWeights({ keys: [key!], weights, momenta: true, statistics, metadata: {} });
    const [again, statisticsAgain] = [backend.createWeights(), backend.createStatistics()];
    unpackWeights(bytes, 'a file', again, statisticsAgain);
    assert.deepEqual([...again.read(key!), ...again.readMomentum(key!)], [1, 2, 3, 4]);
    assert.deepEqual([...statisticsAgain.read(norm!).mean], [5]);
  });
});

describe('the work meter', () => {
  it('tells images per second and the shares outside the kernels', () => {
    let nowMs = 0;
    const meter = new WorkMeter(() => nowMs);
    meter.time('plan', () => (nowMs += 10));
    meter.time('load', () => (nowMs += 30));
    nowMs += 160;
    meter.addImages(50);
    assert.deepEqual(meter.take(), { imagesPerSecond: 250, overhead: { plan: 0.05, sample: 0, load: 0.15 } });
    assert.deepEqual(meter.take(), { imagesPerSecond: 0, overhead: { plan: 0, sample: 0, load: 0 } });
  });
});

function workplaceOf(backend: Backend, pause: Workplace['pause'] = () => Promise.resolve()): Workplace {
  return { backend, meter: new WorkMeter(() => 0), pause };
}

function networks(): StandaloneNetworks {
  return new StandaloneNetworks(space, space.scales[0]!, TOY_TRAINING.smoothing);
}

function newTraining(workplace: Workplace): NetworkTraining {
  return new NetworkTraining(workplace, {
    network: networks().build(PATH),
    config: { ...TOY_TRAINING, epochs: 3 },
    data: DATA,
    rng: Rng.fromSeed(4),
    makeBatches: plainTrainingBatches,
  });
}

/** What a training of some epochs reports, and its last weights. */
async function train(numEpochs: number, begin?: (training: NetworkTraining) => void): Promise<unknown> {
  using training = newTraining(workplaceOf(new ToyBackend()));
  begin?.(training);
  const last: unknown[] = [];
  for (let epoch = Math.max(1, Math.ceil(training.position.step / 4)); epoch <= numEpochs; epoch++) {
    last.splice(0, 2, await training.trainEpoch(epoch), await training.validate());
  }
  return [...last, training.save()];
}

/** A training that was stopped before step `step` + 1. */
async function interrupted(
  step: number,
): Promise<{ position: NetworkTraining['position']; bytes: Uint8Array }> {
  let numPauses = 0;
  const pause = (): Promise<void> =>
    numPauses++ === step ? Promise.reject(new Error('stop')) : Promise.resolve();
  using training = newTraining(workplaceOf(new ToyBackend(), pause));
  await assert.rejects(async () => {
    for (let epoch = 1; ; epoch++) await training.trainEpoch(epoch);
  }, /stop/);
  return { position: training.position, bytes: training.save() };
}

function evaluatorOn(backend: Backend): FullTrainingEvaluator {
  return new FullTrainingEvaluator(workplaceOf(backend), {
    space,
    scale: space.scales[0]!,
    objectives: OBJECTIVES,
    config: TOY_TRAINING,
    data: DATA,
    rng: Rng.fromSeed(2),
    makeBatches: plainTrainingBatches,
  });
}

function proposalOf(architecture: ChoiceArchitecture): {
  trial: TrialId;
  architecture: ChoiceArchitecture;
  epochs: number;
  parents: [];
} {
  return { trial: 0 as TrialId, architecture, epochs: TOY_TRAINING.epochs, parents: [] };
}

/** A backend whose losses are NaN, that has no memory, or that is broken. */
function brokenBackend(how: 'nan' | 'memory' | 'bug'): Backend {
  const backend = new ToyBackend();
  const compile = backend.compile.bind(backend);
  backend.compile = (graph, request) => {
    if (how === 'memory') throw new OutOfMemoryError(2 ** 30, 2 ** 20);
    if (how === 'bug') throw new Error('a bug');
    const program = compile(graph, request);
    const run: typeof program.run = (...given) => {
      const result = program.run(...given);
      return { ...result, outputs: { ...result.outputs, loss: Float32Array.from([NaN]) } };
    };
    return { ...program, run };
  };
  return backend;
}
