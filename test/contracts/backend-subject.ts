import { Rng } from '../../src/base/rng.js';
import type {
  Backend,
  BatchNormMode,
  Program,
  StatisticsStore,
  WeightStore,
} from '../../src/engine/backend/backend.js';
import { differentiate } from '../../src/graph/differentiate.js';
import type { NetworkGraph, NodeId, Shape, WeightKey } from '../../src/graph/network-graph.js';
import { weightsOf } from '../../src/graph/weights.js';
import type { StatisticsMode, Values } from '../oracle/evaluation.js';
import { interpret } from '../oracle/interpreter.js';

/** A backend under test. */
export interface BackendSubject {
  make(threads: number): Backend;
  /** Largest difference from the float64 oracle, relative to the largest value of a tensor. */
  readonly tolerance: number;
  /** The same for whole networks, where a sign or a maximum may turn over and normalising few values magnifies. */
  readonly networkTolerance: number;
  /** Access to all digits, where a backend computes in more than it shows. */
  readonly exact?: ExactAccess;
}

export interface ExactAccess {
  write(weights: WeightStore, key: WeightKey, shape: Shape, values: Values): void;
  read(weights: WeightStore, key: WeightKey): Values;
  gradient(weights: WeightStore, key: WeightKey): Values | undefined;
  outputs(program: Program): Readonly<Record<string, Values>>;
}

export interface Case {
  readonly graph: NetworkGraph;
  readonly batch: number;
  readonly seed?: number;
  /** Class labels and tokens are below this. */
  readonly classes?: number;
  readonly statistics?: StatisticsMode;
  readonly threads?: number;
}

export interface Inputs {
  readonly feeds: Readonly<Record<string, Float32Array | Int32Array>>;
  readonly weights: ReadonlyMap<WeightKey, { readonly shape: Shape; readonly values: Float64Array }>;
}

/** Normal feeds and weights; those of a fan-in f have variance 1/f; scales (γ) lie around 1. */
export function randomInputs({ graph, batch, seed = 1, classes = 3 }: Case): Inputs {
  const rng = Rng.fromSeed(seed);
  const feeds: Record<string, Float32Array | Int32Array> = {};
  for (const node of graph.nodes) {
    if (node.op !== 'input') continue;
    const count = batch * sizeOf(node.shape);
    feeds[node.attributes.name] =
      node.shape.length === 0
        ? Int32Array.from({ length: count }, () => rng.below(classes))
        : Float32Array.from({ length: count }, () => rng.normal());
  }
  const weights = new Map<WeightKey, { shape: Shape; values: Float64Array }>();
  for (const { key, shape, role } of weightsOf(graph)) {
    const scale = shape.length > 1 ? Math.sqrt(shape[0]! / sizeOf(shape)) : 0.3;
    const shift = role === 'gamma' ? 1 : 0;
    const values = Float64Array.from({ length: sizeOf(shape) }, () =>
      Math.fround(shift + scale * rng.normal()),
    );
    weights.set(key, { shape, values });
  }
  return { feeds, weights };
}

export function fillStore(subject: BackendSubject, store: WeightStore, { weights }: Inputs): void {
  for (const [key, { shape, values }] of weights) {
    if (subject.exact === undefined) store.write(key, shape, Float32Array.from(values));
    else subject.exact.write(store, key, shape, values);
  }
}

/** Everything a training run computes, by name: outputs, `d_…` of feeds, gradients by weight key. */
export type Results = ReadonlyMap<string, ArrayLike<number>>;

export function runOnSubject(subject: BackendSubject, testCase: Case): Results {
  using backend = subject.make(testCase.threads ?? 1);
  using weights = backend.createWeights();
  using statistics = backend.createStatistics();
  const inputs = randomInputs(testCase);
  fillStore(subject, weights, inputs);
  using program = backend.compile(testCase.graph, {
    batch: testCase.batch,
    outputs: Object.keys(testCase.graph.outputs),
    train: true,
    inputGradients: gradientFeeds(testCase.graph),
  });
  const mode = fillStatistics(statistics, testCase);
  const { outputs } = program.run(inputs.feeds, weights, { statistics: mode });
  const exact = subject.exact?.outputs(program);
  const results = new Map<string, ArrayLike<number>>(Object.entries(exact ?? outputs));
  for (const key of weights.keys()) {
    const gradient = subject.exact?.gradient(weights, key) ?? weights.readGradient(key);
    if (gradient !== undefined) results.set(key, gradient);
  }
  return results;
}

function fillStatistics(store: StatisticsStore, { statistics }: Case): BatchNormMode {
  if (statistics?.kind !== 'given') return { kind: 'batch' };
  for (const [key, { mean, variance }] of statistics.statistics) {
    store.write(key, Float32Array.from(mean), Float32Array.from(variance));
  }
  return { kind: 'given', from: store };
}

export function runOnOracle(testCase: Case): Results {
  const { graph, statistics } = testCase;
  const { feeds, weights } = randomInputs(testCase);
  const training = differentiate(graph, { loss: 'loss', weights: true, inputs: gradientFeeds(graph) });
  const plain = new Map([...weights].map(([key, { values }]) => [key, values] as const));
  const values = interpret(training, feeds, plain, statistics);
  const results = new Map<string, Values>();
  const take = (name: string, id: NodeId): unknown => results.set(name, values.get(id)!);
  for (const [name, id] of Object.entries(graph.outputs)) take(name, id);
  for (const [key, id] of training.weightGradients) take(key, id);
  for (const [feed, id] of training.inputGradients) take(`d_${feed}`, id);
  return results;
}

/** Feeds with a gradient: maps that reach the loss. */
function gradientFeeds(graph: NetworkGraph): readonly string[] {
  const names = graph.nodes.flatMap((node) =>
    node.op === 'input' && node.shape.length > 0 ? [node.attributes.name] : [],
  );
  return [...differentiate(graph, { loss: 'loss', weights: false, inputs: names }).inputGradients.keys()];
}

/** Largest difference of two results, relative to the largest value (or 1e-3 of the largest of all: rounding noise). */
export function worstError(
  actual: Results,
  expected: Results,
): { readonly name: string; readonly error: number } {
  let worst = { name: '', error: 0 };
  let largest = 0;
  for (const values of expected.values()) largest = Math.max(largest, largestOf(values));
  for (const [name, values] of expected) {
    const scale = Math.max(1e-3 * largest, largestOf(values));
    const error = differenceOf(actual.get(name), values) / scale;
    if (!(error <= worst.error)) worst = { name, error };
  }
  return worst;
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (const value of Array.from(values)) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function differenceOf(actual: ArrayLike<number> | undefined, expected: ArrayLike<number>): number {
  if (actual?.length !== expected.length) return NaN;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= difference)) difference = error;
  }
  return difference;
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}
