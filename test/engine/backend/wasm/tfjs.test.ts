import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { createWasmBackend } from '../../../../src/engine/backend/wasm/backend.js';
import type { NetworkGraph, NodeId, WeightKey } from '../../../../src/graph/network-graph.js';
import { GraphBuilder } from '../../../../src/graph/builder.js';
import { randomInputs } from '../../../contracts/backend-subject.js';
import { conv, depthwise, key, norm } from '../../../contracts/backend-graphs.js';
import type { Build } from '../../../contracts/backend-graphs.js';

const BATCH = 3;

/** The op under test in TensorFlow.js. `weight` has our (PyTorch's) layout. */
type Peer = (x: tf.Tensor4D, weight: (name: string) => tf.Tensor) => tf.Tensor4D;

/**
 * A second oracle that shares no code with ours: TensorFlow.js on its `cpu` backend with its own gradients. Left out is
 * what it gets wrong or lacks: gradients of dilated convolutions, and of average pools at the border.
 */
describe('The wasm backend and TensorFlow.js', () => {
  before(async () => {
    await tf.setBackend('cpu');
  });

  check('conv 3×3', conv('w', 5, { kernel: 3 }), (x, weight) =>
    tf.conv2d(x, denseFilter(weight('w')), 1, 'same'),
  );

  check('conv 1×1 stride 2', conv('w', 9, { kernel: 1, stride: 2 }), (x, weight) =>
    tf.conv2d(x, denseFilter(weight('w')), 2, 'valid'),
  );

  check('conv 3×3 stride 2', conv('w', 8, { kernel: 3, stride: 2 }), (x, weight) =>
    tf.conv2d(padded(x, 1), denseFilter(weight('w')), 2, 'valid'),
  );

  check('depthwise 5×5', depthwise('w', { kernel: 5 }), (x, weight) =>
    tf.depthwiseConv2d(x, channelFilter(weight('w')), 1, 'same'),
  );

  check('depthwise 3×3 stride 2', depthwise('w', { kernel: 3, stride: 2 }), (x, weight) =>
    tf.depthwiseConv2d(padded(x, 1), channelFilter(weight('w')), 2, 'valid'),
  );

  check(
    'max_pool 3×3 stride 2',
    (builder, x) => builder.add('max_pool', [x], { kernel: 3, stride: 2, padding: 1 }),
    (x) =>
      tf.maxPool(
        x.pad(
          [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ],
          -1e9,
        ),
        3,
        2,
        'valid',
      ),
  );

  check(
    'avg_pool 2×2',
    (builder, x) => builder.add('avg_pool', [x], { kernel: 2, stride: 2, padding: 0 }),
    (x) => tf.avgPool(x, 2, 2, 'valid'),
  );

  check('batch_norm', norm('n'), (x, weight) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    const normalised = x.sub(mean).div(variance.add(1e-3).sqrt());
    return normalised.mul(weight('n γ')).add(weight('n β'));
  });

  check(
    'relu',
    (builder, x) => builder.add('relu', [x], {}),
    (x) => x.relu(),
  );
});

function check(name: string, build: Build, peer: Peer): void {
  it(`agree on ${name}, its gradients and those of the loss behind it`, () => {
    const graph = network(build);
    const inputs = randomInputs({ graph, batch: BATCH, seed: 4 });
    const ours = runOurs(graph, inputs);
    const theirs = runTheirs(inputs, peer);
    for (const [result, values] of theirs) {
      const mine = ours.get(result)!;
      const scale = Math.max(...Array.from(values, Math.abs));
      assert.equal(mine.length, values.length);
      for (const [i, value] of values.entries()) {
        assert.ok(Math.abs(mine[i]! - value) <= 1e-5 * scale, `${result}[${i}]: ${mine[i]}, not ${value}`);
      }
    }
  });
}

/** image → op → tanh → mean → linear → smoothed cross-entropy. */
function network(build: Build): NetworkGraph {
  const builder = new GraphBuilder();
  const image = builder.input('image', [6, 7, 8]);
  const y: NodeId = builder.add('tanh', [build(builder, image)], {});
  const pooled = builder.add('global_pool', [y], {});
  const head = { kernel: key('head'), bias: key('bias') };
  const logits = builder.add('linear', [pooled], { out: 3, bias: true }, head);
  const loss = builder.add('cross_entropy', [logits, builder.input('labels', [])], { smoothing: 0.2 });
  return builder.build({ loss });
}

type Inputs = ReturnType<typeof randomInputs>;

function runOurs(graph: NetworkGraph, { feeds, weights }: Inputs): ReadonlyMap<string, Float32Array> {
  using backend = createWasmBackend({ threads: 1 });
  using store = backend.createWeights();
  for (const [weightKey, { shape, values }] of weights)
    store.write(weightKey, shape, Float32Array.from(values));
  const request = { batch: BATCH, outputs: ['loss'], train: true, inputGradients: ['image'] };
  using program = backend.compile(graph, request);
  const { outputs } = program.run(feeds, store, { statistics: { kind: 'batch' } });
  const results = new Map(Object.entries(outputs));
  for (const weightKey of weights.keys()) results.set(weightKey, store.readGradient(weightKey)!);
  return results;
}

function runTheirs({ feeds, weights }: Inputs, peer: Peer): ReadonlyMap<string, Float32Array> {
  const names = [...weights.keys()];
  const image = tf.tensor4d(feeds['image'] as Float32Array, [BATCH, 6, 7, 8]);
  const labels = tf.oneHot(tf.tensor1d(feeds['labels'] as Int32Array, 'int32'), 3).cast('float32');
  const targets = labels.mul(0.8).add(0.2 / 3);
  const lossOf = (...tensors: tf.Tensor[]): tf.Scalar => {
    const weight = (name: string): tf.Tensor => tensors[1 + names.indexOf(name as WeightKey)]!;
    const y = peer(tensors[0] as tf.Tensor4D, weight);
    const pooled = tf.mean<tf.Tensor2D>(tf.tanh(y), [1, 2]);
    const logits = tf.matMul(pooled, weight('head') as tf.Tensor2D, false, true).add(weight('bias'));
    return targets.mul(tf.logSoftmax(logits)).sum(1).mean().neg().asScalar();
  };
  const values = names.map((name) => {
    const { shape, values: numbers } = weights.get(name)!;
    return tf.tensor(Float32Array.from(numbers), [...shape]);
  });
  const { value, grads } = tf.valueAndGrads(lossOf)([image, ...values]);
  const results = new Map([
    ['loss', value.dataSync<'float32'>()],
    ['d_image', grads[0]!.dataSync<'float32'>()],
  ]);
  for (const [i, name] of names.entries()) results.set(name, grads[i + 1]!.dataSync<'float32'>());
  return results;
}

/** [out, in, k, k] → [k, k, in, out]. */
function denseFilter(weight: tf.Tensor): tf.Tensor4D {
  return weight.transpose([2, 3, 1, 0]);
}

/** [C, k, k] → [k, k, C, 1]. */
function channelFilter(weight: tf.Tensor): tf.Tensor4D {
  return weight.transpose([1, 2, 0]).expandDims(3);
}

/** TensorFlow pads the end only where a stride leaves a remainder. */
function padded(x: tf.Tensor4D, by: number): tf.Tensor4D {
  return x.pad([
    [0, 0],
    [by, by],
    [by, by],
    [0, 0],
  ]);
}
