import assert from 'node:assert/strict';
import { Rng } from '../../src/base/rng.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { differentiate } from '../../src/graph/differentiate.js';
import type { NetworkGraph, NodeId, OpAttributes, Shape, WeightKey } from '../../src/graph/network-graph.js';
import { sizeOf } from '../../src/graph/ops/shapes.js';
import { weightsOf } from '../../src/graph/weights.js';
import type { StatisticsMode, Values } from '../oracle/evaluation.js';
import { interpret } from '../oracle/interpreter.js';
import { key } from './random-graph.js';

const BATCH = 3;
const STEP = 1e-5;
const CLASSES = 3;

/** A tested part: from x to any value. */
type Part = (builder: GraphBuilder, x: NodeId) => NodeId;

interface Problem {
  readonly graph: NetworkGraph;
  readonly feeds: Record<string, Values>;
  readonly weights: Map<WeightKey, Values>;
}

/** `part`, weighted by a random feed so that every value has its own gradient, then a small classifier. */
function problem(inputShape: Shape, part: Part): Problem {
  const rng = Rng.fromSeed(17);
  const builder = new GraphBuilder();
  const feeds: Record<string, Values> = { x: normals(rng, BATCH * sizeOf(inputShape)) };
  const result = part(builder, builder.input('x', inputShape));
  const shape = builder.shape(result);
  const weighted = builder.add('mul', [result, builder.input('direction', shape)], {});
  feeds['direction'] = normals(rng, BATCH * sizeOf(shape));
  const pooled = shape.length === 3 ? builder.add('global_pool', [weighted], {}) : weighted;
  const head = { kernel: key('head'), bias: key('head bias') };
  const logits = builder.add('linear', [pooled], { out: CLASSES, bias: true }, head);
  const labels = builder.input('labels', []);
  feeds['labels'] = Float64Array.of(2, 0, 1);
  const loss = builder.add('cross_entropy', [logits, labels], { smoothing: 0.2 });
  const graph = builder.build({ loss });
  const weights = new Map(weightsOf(graph).map((weight) => [weight.key, normals(rng, sizeOf(weight.shape))]));
  return { graph, feeds, weights };
}

function normals(rng: Rng, length: number): Values {
  return Float64Array.from({ length }, () => rng.normal());
}

/** dLoss/dValues by central differences; `values` are moved and put back. */
function finiteDifferences(values: Values, loss: () => number): Values {
  return values.map((value, i) => {
    values[i] = value + STEP;
    const above = loss();
    values[i] = value - STEP;
    const below = loss();
    values[i] = value;
    return (above - below) / (2 * STEP);
  });
}

function relativeError(actual: Values, expected: Values): number {
  const norm = (values: Values): number => Math.hypot(...values);
  return norm(actual.map((value, i) => value - expected[i]!)) / Math.max(norm(actual), norm(expected), 1e-12);
}

function check(name: string, inputShape: Shape, part: Part, statistics?: StatisticsMode): void {
  it(name, () => {
    const { graph, feeds, weights } = problem(inputShape, part);
    const loss = (): number => interpret(graph, feeds, weights, statistics).get(graph.outputs['loss']!)![0]!;
    const training = differentiate(graph, { loss: 'loss', weights: true, inputs: ['x'] });
    const results = interpret(training, feeds, weights, statistics);
    const verify = (what: string, gradient: NodeId, values: Values): void => {
      const error = relativeError(results.get(gradient)!, finiteDifferences(values, loss));
      assert.ok(error <= 1e-6, `${what} of ${name}: relative error ${error}`);
    };
    assert.equal(training.weightGradients.size, weights.size);
    for (const [weight, gradient] of training.weightGradients) verify(weight, gradient, weights.get(weight)!);
    const gradient = training.inputGradients.get('x');
    if (inputShape.length > 0) verify('x', gradient!, feeds['x']!);
  });
}

const window = (kernel: number, stride = 1, padding = 0, dilation = 1): OpAttributes['depthwise'] => ({
  kernel,
  stride,
  padding,
  dilation,
});
const w = { kernel: key('w') };

describe('Gradients equal finite differences', () => {
  const windows = [
    window(1),
    window(3, 1, 1),
    window(3, 2, 1),
    window(3, 1, 0),
    window(5, 1, 2),
    window(5, 2, 4, 2),
    window(3, 1, 2, 2),
    window(3, 2, 2, 2),
    window(2, 2, 0),
    window(2, 1, 1),
    window(1, 2),
  ];
  for (const { kernel, stride, padding, dilation } of windows) {
    const attributes = window(kernel, stride, padding, dilation);
    const name = `${kernel}×${kernel}, stride ${stride}, padding ${padding}, dilation ${dilation}`;
    check(`conv ${name}`, [5, 7, 2], (b, x) => b.add('conv', [x], { ...attributes, out: 3, bias: false }, w));
    check(`depthwise ${name}`, [5, 7, 2], (b, x) => b.add('depthwise', [x], attributes, w));
    if (dilation > 1 || padding >= kernel) continue;
    check(`max_pool ${name}`, [5, 7, 2], (b, x) => b.add('max_pool', [x], { kernel, stride, padding }));
    check(`avg_pool ${name}`, [5, 7, 2], (b, x) => b.add('avg_pool', [x], { kernel, stride, padding }));
  }

  check('conv with bias', [4, 4, 2], (b, x) =>
    b.add('conv', [x], { ...window(3, 1, 1), out: 3, bias: true }, { ...w, bias: key('b') }),
  );
  for (const op of ['relu', 'tanh', 'sigmoid'] as const) check(op, [4, 3, 2], (b, x) => b.add(op, [x], {}));
  check('scale', [4, 3, 2], (b, x) => b.add('scale', [x], { factor: -0.5 }));
  check('mul', [4, 3, 2], (b, x) => b.add('mul', [x, b.add('tanh', [x], {})], {}));
  check('mul with itself', [4, 3, 2], (b, x) => b.add('mul', [x, x], {}));
  check('sub', [4, 3, 2], (b, x) => b.add('sub', [b.add('tanh', [x], {}), x], {}));
  check('add of the same value twice', [4, 3, 2], (b, x) => b.add('add', [x, b.add('relu', [x], {}), x], {}));
  check('mean', [4, 3, 2], (b, x) => b.add('mean', [x, b.add('relu', [x], {}), b.add('tanh', [x], {})], {}));
  check('concat', [4, 3, 2], (b, x) => b.add('concat', [b.add('tanh', [x], {}), x, x], {}));
  check('slice', [4, 3, 4], (b, x) => b.add('slice', [x], { from: 1, to: 3 }));
  check('slice of a vector', [4], (b, x) => b.add('slice', [x], { from: 3, to: 4 }));
  for (const [rows, columns] of [
    [1, 1],
    [-1, 2],
    [0, -3],
  ] as const) {
    check(`shift by ${rows}, ${columns}`, [4, 3, 2], (b, x) => b.add('shift', [x], { rows, columns }));
  }
  check('zero beside a value', [5, 5, 2], (b, x) =>
    b.add('add', [b.add('zero', [x], { stride: 2 }), b.add('avg_pool', [x], window(1, 2))], {}),
  );
  check('linear', [5], (b, x) => b.add('linear', [x], { out: 4, bias: true }, { ...w, bias: key('b') }));
  check('embedding', [], (b) =>
    b.add('embedding', [b.input('labels', [])], { vocabulary: 4, dim: 3 }, { kernel: key('table') }),
  );
  check('a weight used at three places', [4, 4, 2], (b, x) => {
    const step = (input: NodeId): NodeId =>
      b.add('depthwise', [b.add('tanh', [input], {})], window(3, 1, 1), w);
    return step(step(step(x)));
  });
});

describe('Gradients of batch normalisation equal finite differences', () => {
  const norm = (affine: boolean): Part => {
    const weights = affine ? { gamma: key('γ'), beta: key('β') } : {};
    return (b, x) =>
      b.add('batch_norm', [x], { affine, epsilon: 1e-3 }, { ...weights, statistics: key('s') });
  };
  const moments = { mean: Float64Array.of(0.3, -1), variance: Float64Array.of(0.5, 2) };
  const given: StatisticsMode = { kind: 'given', statistics: new Map([[key('s'), moments]]) };
  check('affine, batch statistics', [4, 3, 2], norm(true));
  check('not affine, batch statistics', [4, 3, 2], norm(false));
  check('of vectors', [2], norm(true));
  check('affine, given statistics', [4, 3, 2], norm(true), given);
  check('not affine, given statistics', [4, 3, 2], norm(false), given);
  check('affine, no statistics yet', [4, 3, 2], norm(true), { kind: 'given', statistics: new Map() });
});
