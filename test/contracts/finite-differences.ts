import { Rng } from '../../src/base/rng.js';
import type { Program, WeightStore } from '../../src/engine/backend/backend.js';
import type { WeightKey } from '../../src/graph/network-graph.js';
import type { BackendSubject, Case, ExactAccess, Inputs } from './backend-subject.js';
import { fillStore, randomInputs } from './backend-subject.js';

/**
 * The better of two counts. The smaller the step, the fewer signs and maxima turn over on the way (there the loss has a
 * kink, and differences are wrong); the larger, the more of a loss's 16 digits are left.
 */
const STEPS = [1e-6, 1e-7];

/**
 * Largest difference between a directional derivative of the loss by the backend's own gradient and by central
 * differences of its own loss, along one random direction for each weight; relative to the gradient's norm (or 1e-3 of
 * the largest one). Needs a backend in float64.
 */
export function finiteDifferenceError(
  subject: BackendSubject & { readonly exact: ExactAccess },
  testCase: Case,
): { readonly name: string; readonly error: number } {
  using backend = subject.make(1);
  using weights = backend.createWeights();
  const inputs = randomInputs(testCase);
  fillStore(subject, weights, inputs);
  const { graph, batch } = testCase;
  using program = backend.compile(graph, { batch, outputs: ['loss'], train: true });
  const context: Context = { access: subject.exact, program, weights, inputs };
  lossOf(context);
  const gradients = new Map(
    weights.keys().map((key) => [key, subject.exact.gradient(weights, key)!.slice()] as const),
  );
  const norms = new Map([...gradients].map(([key, values]) => [key, Math.hypot(...values)] as const));
  const floor = 1e-3 * Math.max(...norms.values());
  const rng = Rng.fromSeed(31);
  let worst = { name: '', error: 0 };
  for (const [key, gradient] of gradients) {
    const direction = Float64Array.from(gradient, () => rng.normal());
    const expected = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    const differences = STEPS.map((step) => Math.abs(derivative(context, key, direction, step) - expected));
    const error = Math.min(...differences) / Math.max(norms.get(key)!, floor);
    if (!(error <= worst.error)) worst = { name: key, error };
  }
  return worst;
}

interface Context {
  readonly access: ExactAccess;
  readonly program: Program;
  readonly weights: WeightStore;
  readonly inputs: Inputs;
}

function derivative(context: Context, key: WeightKey, direction: Float64Array, step: number): number {
  const { access, weights, inputs } = context;
  const { shape, values } = inputs.weights.get(key)!;
  const lossAt = (distance: number): number => {
    const moved = values.map((value, i) => value + distance * direction[i]!);
    access.write(weights, key, shape, moved);
    return lossOf(context);
  };
  const difference = lossAt(step) - lossAt(-step);
  access.write(weights, key, shape, values);
  return difference / (2 * step);
}

function lossOf({ access, program, weights, inputs }: Context): number {
  program.run(inputs.feeds, weights, { statistics: { kind: 'batch' } });
  return access.outputs(program)['loss']![0]!;
}
