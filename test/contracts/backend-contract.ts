import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Backend, SgdUpdate, WeightStore } from '../../src/engine/backend/backend.js';
import type { NetworkGraph, WeightKey } from '../../src/graph/network-graph.js';
import { networkOf, steps } from '../graph/random-graph.js';
import { referenceNetwork } from '../engine/backend/reference-network.js';
import { batchMoments } from '../oracle/normalisation.js';
import { interpret } from '../oracle/interpreter.js';
import {
  chain,
  classifier,
  conv,
  embeddingClassifier,
  key,
  norm,
  opCases,
  relu,
  twoHeads,
} from './backend-graphs.js';
import type { BackendSubject, Case } from './backend-subject.js';
import { fillStore, randomInputs, runOnOracle, runOnSubject, worstError } from './backend-subject.js';

const UPDATE: SgdUpdate = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01, clipNorm: Infinity };
const OPS = ['sep3', 'dil3', 'sep5', 'dil5', 'max', 'avg', 'skip', 'none'] as const;

/** What every backend must do. The oracle is a plain interpreter in float64. */
export function describeBackendContract(name: string, subject: BackendSubject): void {
  describe(`${name} fulfils the backend contract`, () => {
    describeResults(subject);
    describeBatchNorm(subject);
    describeUpdates(subject);
    describeStores(subject);
  });
}

function checkCase(subject: BackendSubject, testCase: Case, tolerance = subject.tolerance): void {
  const { name, error } = worstError(runOnSubject(subject, testCase), runOnOracle(testCase));
  assert.ok(error <= tolerance, `${name} differs by ${error}`);
}

function describeResults(subject: BackendSubject): void {
  for (const [channels, batch] of [
    [3, 3],
    [8, 13],
    [12, 1],
  ] as const) {
    for (const [op, build] of Object.entries(opCases(channels))) {
      it(`computes ${op} of ${channels} channels, batch ${batch}, and its gradients`, () => {
        checkCase(subject, { graph: classifier([6, 5, channels], build), batch });
      });
    }
  }

  it('computes an embedding and its gradient', () => {
    checkCase(subject, { graph: embeddingClassifier(), batch: 13 });
  });

  it('adds the losses of two heads', () => checkCase(subject, { graph: twoHeads(), batch: 5 }));

  it('computes random networks with shared weights, dead ends and zeros', () => {
    const property = fc.property(steps, fc.constantFrom(1, 3, 8, 13), (network, batch) => {
      checkCase(subject, { graph: networkOf(network), batch }, subject.networkTolerance);
    });
    fc.assert(property, { seed: 11, numRuns: 150 });
  });

  it('computes random cells of odd sizes', () => {
    const property = fc.property(
      fc.array(fc.constantFrom(...OPS), { minLength: 8, maxLength: 8 }),
      fc.constantFrom(3, 8, 12),
      fc.constantFrom(9, 12),
      fc.constantFrom(2, 9),
      (ops, channels, size, batch) => {
        const graph = referenceNetwork({ channels, cells: 3, size, ops, stemMultiplier: 1 });
        checkCase(subject, { graph, batch, classes: 10 }, subject.networkTolerance);
      },
    );
    fc.assert(property, { seed: 12, numRuns: 12 });
  });

  it('leaves out what no output needs', () => {
    using backend = subject.make(1);
    using weights = backend.createWeights();
    const graph = twoHeads();
    const inputs = randomInputs({ graph, batch: 2 });
    for (const [weightKey, { shape, values }] of inputs.weights) {
      if (weightKey !== 'aux') weights.write(weightKey, shape, Float32Array.from(values));
    }
    using program = backend.compile(graph, { batch: 2, outputs: ['main'], train: false });
    const { outputs } = program.run(inputs.feeds, weights, { statistics: { kind: 'batch' } });
    assert.deepEqual(Object.keys(outputs), ['main']);
    assert.throws(() => {
      using all = backend.compile(graph, { batch: 2, outputs: ['loss'], train: false });
      all.run(inputs.feeds, weights, { statistics: { kind: 'batch' } });
    }, /aux/);
  });

  it('gives equal bits for 1, 2 and 3 threads', () => {
    const graph = referenceNetwork({ channels: 8, cells: 2, size: 8 });
    const bits = [1, 2, 3].map((threads) => {
      const results = runOnSubject(subject, { graph, batch: 13, classes: 10, threads });
      return [...results].map(([result, values]) => [result, Array.from(values)] as const);
    });
    assert.deepEqual(bits[1], bits[0]);
    assert.deepEqual(bits[2], bits[0]);
  });
}

function describeBatchNorm(subject: BackendSubject): void {
  const graph = classifier([5, 4, 9], chain(norm('n'), relu, conv('c', 5, { kernel: 3 }), norm('m'), relu));
  const statistics = new Map([
    [
      key('n s'),
      {
        mean: Float64Array.from({ length: 9 }, (_, i) => i / 8 - 0.5),
        variance: new Float64Array(9).fill(2),
      },
    ],
  ]);

  it('takes given statistics, and mean 0 and variance 1 where there are none', () => {
    checkCase(subject, { graph, batch: 5, statistics: { kind: 'given', statistics } });
  });

  it('moves running statistics as PyTorch does', () => {
    using backend = subject.make(1);
    using weights = backend.createWeights();
    using running = backend.createStatistics();
    const batch = 3;
    const inputs = randomInputs({ graph, batch });
    fillStore(subject, weights, inputs);
    running.write(key('n s'), new Float32Array(9).fill(1), new Float32Array(9).fill(3));
    using program = backend.compile(graph, { batch, outputs: ['loss'], train: true });
    program.run(inputs.feeds, weights, { statistics: { kind: 'batch', into: running, momentum: 0.25 } });
    const front = graph.nodes.find((node) => node.weights['kernel'] === 'front')!;
    const values = interpret(
      graph,
      inputs.feeds,
      new Map([...inputs.weights].map(([k, { values: v }]) => [k, v])),
    );
    const { mean, variance } = batchMoments(values.get(front.id)!, 9);
    const count = batch * 20;
    const moved = running.read(key('n s'));
    for (let c = 0; c < 9; c++) {
      closeTo(moved.mean[c]!, 0.75 + 0.25 * mean[c]!);
      closeTo(moved.variance[c]!, 0.75 * 3 + (0.25 * variance[c]! * count) / (count - 1));
    }
    assert.deepEqual([...running.keys()].sort(), ['m s', 'n s']);
  });

  it('leaves running statistics alone without `into`', () => {
    using backend = subject.make(1);
    using weights = backend.createWeights();
    using running = backend.createStatistics();
    const inputs = randomInputs({ graph, batch: 2 });
    fillStore(subject, weights, inputs);
    running.write(key('n s'), new Float32Array(9), new Float32Array(9).fill(1));
    using program = backend.compile(graph, { batch: 2, outputs: ['loss'], train: true });
    program.run(inputs.feeds, weights, { statistics: { kind: 'batch', into: running } });
    const moved = running.read(key('n s'));
    program.run(inputs.feeds, weights, { statistics: { kind: 'batch' } });
    program.run(inputs.feeds, weights, { statistics: { kind: 'given', from: running } });
    assert.deepEqual(running.read(key('n s')), moved);
    assert.notDeepEqual(moved.mean, new Float32Array(9));
  });
}

function describeUpdates(subject: BackendSubject): void {
  const graph = classifier([5, 4, 9], chain(norm('n'), relu, conv('c', 5, { kernel: 3 })));
  const elsewhere = key('elsewhere');

  for (const clipNorm of [Infinity, 0.05]) {
    it(`updates by momentum and weight decay, gradients clipped at ${clipNorm}`, () => {
      using backend = subject.make(1);
      using weights = backend.createWeights();
      const testCase = { graph, batch: 4 };
      const inputs = randomInputs(testCase);
      fillStore(subject, weights, inputs);
      const gradients = gradientsOf(runOnOracle(testCase), weights);
      const norm2 = [...gradients.values()].flat().reduce((total, g) => total + g * g, 0);
      using program = backend.compile(graph, { batch: 4, outputs: ['loss'], train: true });
      for (const weightKey of weights.keys()) {
        weights.writeMomentum(
          weightKey,
          new Float32Array(inputs.weights.get(weightKey)!.values.length).fill(0.5),
        );
      }
      const update = { ...UPDATE, clipNorm };
      const { gradientNorm } = program.run(inputs.feeds, weights, { statistics: { kind: 'batch' }, update });
      closeTo(gradientNorm, Math.sqrt(norm2));
      const factor = Math.min(1, clipNorm / (Math.sqrt(norm2) + 1e-6));
      for (const [weightKey, { values }] of inputs.weights) {
        const [after, momentum] = [weights.read(weightKey), weights.readMomentum(weightKey)];
        for (const [i, w] of values.entries()) {
          const v = 0.9 * 0.5 + gradients.get(weightKey)![i]! * factor + 0.01 * w;
          closeTo(momentum[i]!, v);
          closeTo(after[i]!, w - 0.1 * v);
        }
      }
    });
  }

  it('touches no weight that is not in the network', () => {
    using backend = subject.make(2);
    using weights = backend.createWeights();
    const inputs = randomInputs({ graph, batch: 4 });
    fillStore(subject, weights, inputs);
    weights.write(elsewhere, [3], Float32Array.of(1, 2, 3));
    weights.writeMomentum(elsewhere, Float32Array.of(4, 5, 6));
    using program = backend.compile(graph, { batch: 4, outputs: ['loss'], train: true });
    program.run(inputs.feeds, weights, { statistics: { kind: 'batch' }, update: UPDATE });
    assert.deepEqual(weights.read(elsewhere), Float32Array.of(1, 2, 3));
    assert.deepEqual(weights.readMomentum(elsewhere), Float32Array.of(4, 5, 6));
    assert.equal(weights.readGradient(elsewhere), undefined);
  });

  it('computes gradients without changing a weight when there is no update', () => {
    using backend = subject.make(1);
    using weights = backend.createWeights();
    const inputs = randomInputs({ graph, batch: 4 });
    fillStore(subject, weights, inputs);
    using program = backend.compile(graph, { batch: 4, outputs: ['loss'], train: true });
    assert.equal(weights.readGradient(key('c')), undefined);
    const { gradientNorm } = program.run(inputs.feeds, weights, { statistics: { kind: 'batch' } });
    assert.equal(gradientNorm, 0);
    assert.notEqual(weights.readGradient(key('c')), undefined);
    for (const [weightKey, { values }] of inputs.weights) {
      assert.deepEqual(weights.read(weightKey), Float32Array.from(values));
      assert.ok(weights.readMomentum(weightKey).every((v) => v === 0));
    }
  });

  it('learns a batch by heart', () => {
    using backend = subject.make(2);
    using weights = backend.createWeights();
    const network = referenceNetwork({ channels: 8, cells: 2, size: 8 });
    const inputs = randomInputs({ graph: network, batch: 10, classes: 10 });
    fillStore(subject, weights, inputs);
    using program = backend.compile(network, { batch: 10, outputs: ['loss'], train: true });
    let loss = Infinity;
    for (let step = 0; step < 60; step++) {
      const { outputs } = program.run(inputs.feeds, weights, {
        statistics: { kind: 'batch' },
        update: { ...UPDATE, learningRate: 0.05, weightDecay: 0 },
      });
      loss = outputs['loss']![0]!;
    }
    assert.ok(loss < 0.1, `The loss is ${loss}`);
  });
}

function describeStores(subject: BackendSubject): void {
  it('keeps memory flat over 500 steps on changing paths', () => {
    using backend = subject.make(2);
    using weights = backend.createWeights();
    const networks = OPS.map((op, i) => {
      const ops = Array.from({ length: 8 }, (_, edge) => OPS[(i * 3 + edge * 5) % OPS.length]!);
      return referenceNetwork({
        channels: 4,
        cells: 1,
        size: 5,
        ops: [op, ...ops.slice(1)],
        stemMultiplier: 1,
      });
    });
    for (const graph of networks) fillStore(subject, weights, randomInputs({ graph, batch: 3, classes: 10 }));
    const before = backend.liveBytes();
    for (let step = 0; step < 500; step++) trainOnce(backend, networks[step % networks.length]!, weights);
    assert.equal(backend.liveBytes(), before);
  });

  it('gives back all memory of what is disposed', () => {
    using backend = subject.make(1);
    const before = backend.liveBytes();
    {
      using weights = backend.createWeights();
      using statistics = backend.createStatistics();
      weights.write(key('w'), [100], new Float32Array(100));
      statistics.write(key('s'), new Float32Array(9), new Float32Array(9));
      using copy = weights.snapshot();
      assert.ok(backend.liveBytes() > before);
      assert.equal(copy.keys().length, 1);
    }
    assert.equal(backend.liveBytes(), before);
  });

  it('copies values and momenta into a snapshot', () => {
    using backend = subject.make(1);
    using weights = backend.createWeights();
    weights.write(key('w'), [2, 2], Float32Array.of(1, 2, 3, 4));
    weights.writeMomentum(key('w'), Float32Array.of(5, 6, 7, 8));
    using copy = weights.snapshot();
    weights.write(key('w'), [2, 2], new Float32Array(4));
    assert.deepEqual(copy.read(key('w')), Float32Array.of(1, 2, 3, 4));
    assert.deepEqual(copy.readMomentum(key('w')), Float32Array.of(5, 6, 7, 8));
    assert.deepEqual(copy.shape(key('w')), [2, 2]);
    assert.ok(weights.readMomentum(key('w')).every((v) => v === 0));
  });
}

function trainOnce(backend: Backend, graph: NetworkGraph, weights: WeightStore): void {
  const inputs = randomInputs({ graph, batch: 3, classes: 10 });
  using program = backend.compile(graph, { batch: 3, outputs: ['loss'], train: true });
  const { outputs } = program.run(inputs.feeds, weights, {
    statistics: { kind: 'batch' },
    update: { ...UPDATE, clipNorm: 1 },
  });
  assert.ok(Number.isFinite(outputs['loss']![0]!));
}

function gradientsOf(
  results: ReadonlyMap<string, ArrayLike<number>>,
  weights: WeightStore,
): ReadonlyMap<WeightKey, readonly number[]> {
  return new Map(weights.keys().map((weightKey) => [weightKey, Array.from(results.get(weightKey)!)]));
}

function closeTo(actual: number, expected: number): void {
  assert.ok(
    Math.abs(actual - expected) <= 2e-5 * Math.max(1, Math.abs(expected)),
    `${actual} instead of ${expected}`,
  );
}
