import assert from 'node:assert/strict';
import { Rng } from '../../../src/base/rng.js';
import { OutOfMemoryError, type Feeds } from '../../../src/engine/backend/backend.js';
import { calibrate } from '../../../src/engine/supernet/calibrate.js';
import { pathTrainingMacs } from '../../../src/engine/supernet/path-cost.js';
import { Supernet } from '../../../src/engine/supernet/supernet.js';
import { trainingMacs } from '../../../src/graph/cost.js';
import { weightsOf } from '../../../src/graph/weights.js';
import { sample } from '../../../src/space/sample.js';
import { WasmBackend } from '../../../src/engine/backend/wasm/backend.js';
import { en2asSpace, nasBench201Space, quickstartSpace } from '../../fixtures/spaces.js';
import { ToyBackend } from '../../fixtures/toy-backend.js';

describe('the cost of training a path', () => {
  it('is what differentiating the path gives', () => {
    for (const space of [en2asSpace(), quickstartSpace(), nasBench201Space()]) {
      const rng = Rng.fromSeed(3);
      using supernet = new Supernet(new ToyBackend(), space, space.scales[0]!, rng.fork('weights'));
      for (let i = 0; i < 10; i++) {
        const graph = supernet.network(sample(space, rng));
        assert.equal(pathTrainingMacs(graph), trainingMacs(graph), space.name);
      }
    }
  });
});

describe('a supernet', () => {
  it('holds every weight that a path names, made from its key alone', () => {
    const space = quickstartSpace();
    const make = (): Supernet => new Supernet(new ToyBackend(), space, space.scales[0]!, Rng.fromSeed(7));
    const [supernet, again] = [make(), make()];
    for (const key of supernet.keys) assert.deepEqual(supernet.weights.read(key), again.weights.read(key));
    const rng = Rng.fromSeed(1);
    for (let i = 0; i < 20; i++) {
      const path = supernet.network(sample(space, rng));
      for (const { key } of weightsOf(path)) assert.ok(supernet.weights.has(key), key);
    }
  });

  it('is refused at once where its weights alone are larger than the device', () => {
    const space = quickstartSpace();
    const scale = { ...space.scales[0]!, channels: 60_000 };
    using backend = new WasmBackend({ threads: 1 });
    const make = (): Supernet => new Supernet(backend, space, scale, Rng.fromSeed(1));
    assert.throws(make, OutOfMemoryError);
  });
});

describe('a path with a cell of none edges alone', () => {
  it('leaves out all that this cell cuts off', () => {
    const space = quickstartSpace();
    using supernet = new Supernet(new ToyBackend(), space, space.scales[0]!, Rng.fromSeed(7));
    // Option 0 of every pair: `none` from the first input. The last cell is a normal one.
    const values = [...sample(space, Rng.fromSeed(1)).values].map((value, i) => (i < 8 ? 0 : value));
    const graph = supernet.network({ kind: 'choices', space: space.id, values });
    assert.deepEqual(
      weightsOf(graph).map(({ op }) => op),
      ['linear', 'linear'],
    );
  });
});

describe('calibration', () => {
  it('leaves the mean over the batches as running statistics, whatever was there before', () => {
    using backend = new WasmBackend({ threads: 1, variant: 'plain' });
    const space = quickstartSpace();
    using supernet = new Supernet(backend, space, space.scales[0]!, Rng.fromSeed(7));
    const graph = supernet.network(sample(space, Rng.fromSeed(2)));
    using program = backend.compile(graph, { batch: 4, outputs: ['logits'], train: false });
    const batches = [0, 1, 2].map((index) => feeds(index));
    using statistics = backend.createStatistics();
    const stem = graph.nodes.find((node) => node.op === 'batch_norm')!.weights['statistics']!;
    const means = batches.map((batch) => {
      calibrate(program, supernet.weights, statistics, 1, () => batch);
      return statistics.read(stem);
    });
    calibrate(program, supernet.weights, statistics, 3, (index) => batches[index]!);
    const { mean, variance } = statistics.read(stem);
    mean.forEach((value, channel) => {
      const expected = means.reduce((sum, one) => sum + one.mean[channel]!, 0) / 3;
      assert.ok(Math.abs(value - expected) < 1e-5, `mean of channel ${channel}: ${value}, ${expected}`);
    });
    variance.forEach((value, channel) => {
      const expected = means.reduce((sum, one) => sum + one.variance[channel]!, 0) / 3;
      assert.ok(Math.abs(value - expected) < 1e-4 * expected, `variance of channel ${channel}`);
    });
  });
});

/** Four images of noise. */
function feeds(index: number): Feeds {
  const rng = Rng.fromSeed(100 + index);
  const image = Float32Array.from({ length: 4 * 28 * 28 }, () => rng.normal() + index);
  return { image, label: new Int32Array(4) };
}
