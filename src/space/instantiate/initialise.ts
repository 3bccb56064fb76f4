import { present } from '../../base/assert.js';
import type { Rng } from '../../base/rng.js';
import type { NetworkGraph, OpName, Shape, WeightKey } from '../../graph/network-graph.js';
import { sizeOf } from '../../graph/ops/shapes.js';
import { weightsOf } from '../../graph/weights.js';

/** A weight with what its initial values depend on. */
export interface WeightSpec {
  readonly key: WeightKey;
  readonly shape: Shape;
  /** `kernel`, `bias`, `gamma` or `beta`. */
  readonly role: string;
  /** The op that uses it first. */
  readonly op: OpName;
  /** Numbers that one result of the op is made of; 1 for γ and β. */
  readonly fanIn: number;
}

/** The weights of a network, each key once, in the order of their first use. */
export function weightSpecs(graph: NetworkGraph): readonly WeightSpec[] {
  const kernelOf = new Map<WeightKey, WeightKey>();
  for (const { weights } of graph.nodes) {
    const { kernel, bias } = weights;
    if (kernel !== undefined && bias !== undefined) kernelOf.set(bias, kernel);
  }
  const declared = weightsOf(graph);
  const shapes = new Map(declared.map(({ key, shape }) => [key, shape]));
  return declared.map((weight) => {
    const kernel = weight.role === 'kernel' ? weight.key : kernelOf.get(weight.key);
    const shape = kernel === undefined ? undefined : present(shapes.get(kernel), 'kernel of a bias');
    return { ...weight, fanIn: shape === undefined ? 1 : fanInOf(shape) };
  });
}

/**
 * Initial values, as PyTorch's defaults, which the DARTS family keeps: kernels and biases of convolutions and linears
 * U(−1/√fan_in, 1/√fan_in) (Kaiming with a = √5), embeddings U(−0.1, 0.1), γ 1, β 0. They depend on the key and the
 * stream's key alone, not on the order in which weights are made.
 */
export function initialValues(weight: WeightSpec, rng: Rng): Float32Array {
  const values = new Float32Array(sizeOf(weight.shape));
  if (weight.role === 'gamma') return values.fill(1);
  if (weight.role === 'beta') return values;
  const bound = weight.op === 'embedding' ? 0.1 : 1 / Math.sqrt(weight.fanIn);
  const stream = rng.fork(weight.key);
  for (let i = 0; i < values.length; i++) values[i] = bound * (2 * stream.uniform() - 1);
  return values;
}

/** Conv [out, in, k, k] and depthwise [C, k, k] read in·k·k and k·k numbers, linear [out, in] reads in. */
function fanInOf(kernel: Shape): number {
  return sizeOf(kernel.slice(1));
}
