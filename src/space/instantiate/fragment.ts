import { GraphBuilder } from '../../graph/builder.js';
import type { NodeId, OpName, Shape, WeightKey } from '../../graph/network-graph.js';

/**
 * A piece of a network with one input, recorded once and stamped into graph after graph: the weights, attributes and
 * shapes of its nodes are shared by all of them.
 */
export interface Fragment {
  readonly inputShape: Shape;
  /** In topological order. */
  readonly nodes: readonly FragmentNode[];
  /** Index in `nodes`; −1: the input itself. */
  readonly result: number;
  /** Whether the result is a `zero` op. */
  readonly isZero: boolean;
}

export interface FragmentNode {
  readonly op: OpName;
  /** Indices in `nodes`; −1: the fragment's input. */
  readonly inputs: readonly number[];
  readonly attributes: object;
  readonly weights: Readonly<Record<string, WeightKey>>;
  readonly shape: Shape;
  /**
   * Number of the computation: equal numbers on equal inputs give equal results. −1 for nodes with weights or several
   * inputs, which are not looked up.
   */
  readonly computation: number;
}

/** Numbers computations without weights, per instantiator. */
export type Computations = Map<string, number>;

/** Records what `expand` emits behind an input of `inputShape`. */
export function recordFragment(
  inputShape: Shape,
  computations: Computations,
  expand: (builder: GraphBuilder, input: NodeId) => NodeId,
): Fragment {
  const builder = new GraphBuilder();
  const input = builder.input('fragment', inputShape);
  const result = expand(builder, input) - 1;
  const nodes = builder
    .build({})
    .nodes.slice(1)
    .map(({ op, inputs, attributes, weights, shape }) => ({
      op,
      inputs: inputs.map((id) => id - 1),
      attributes,
      weights,
      shape,
      computation: numberOf(computations, op, inputs, attributes, weights),
    }));
  return { inputShape, nodes, result, isZero: nodes[result]?.op === 'zero' };
}

function numberOf(
  computations: Computations,
  op: OpName,
  inputs: readonly NodeId[],
  attributes: object,
  weights: object,
): number {
  if (inputs.length !== 1 || Object.keys(weights).length > 0) return -1;
  const text = `${op} ${JSON.stringify(attributes)}`;
  const number = computations.get(text) ?? computations.size;
  computations.set(text, number);
  return number;
}
