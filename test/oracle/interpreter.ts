import type { NetworkGraph, NodeId, NodeOf, OpName, WeightKey } from '../../src/graph/network-graph.js';
import { InvariantError, present } from '../../src/base/assert.js';
import { CONVOLUTION } from './convolution.js';
import { DENSE } from './dense.js';
import { ELEMENTWISE } from './elementwise.js';
import { NORMALISATION } from './normalisation.js';
import type { Evaluation, Rules, StatisticsMode, Values } from './evaluation.js';
import { POOLING } from './pooling.js';

const RULES: Rules<OpName> = {
  ...CONVOLUTION,
  ...DENSE,
  ...ELEMENTWISE,
  ...NORMALISATION,
  ...POOLING,
};

/**
 * Runs a graph, forward and gradient nodes alike, with plain loops in float64: slow, and simple enough to be believed.
 * Results have the layout (B, …shape); weight gradients have the weight's (PyTorch's) layout, losses one element.
 */
export function interpret(
  graph: NetworkGraph,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
  weights: ReadonlyMap<WeightKey, ArrayLike<number>>,
  statistics: StatisticsMode = { kind: 'batch' },
): Map<NodeId, Values> {
  const values = new Map<NodeId, Values>();
  const batch = batchOf(graph, feeds);
  for (const node of graph.nodes) {
    const evaluation: Evaluation = {
      node,
      graph,
      batch,
      statistics,
      feed: (name) => Float64Array.from(present(feeds[name], `feed ${name}`)),
      value: (i) => present(values.get(node.inputs[i]!), `input ${i}`),
      shape: (i) => graph.nodes[node.inputs[i]!]!.shape,
      weight: (role) => Float64Array.from(present(weights.get(node.weights[role]!), `weight ${role}`)),
    };
    values.set(node.id, evaluate(node, evaluation));
  }
  return values;
}

function evaluate<K extends OpName>(node: NodeOf<K>, evaluation: Evaluation): Values {
  return RULES[node.op](evaluation as unknown as Evaluation<K>);
}

function batchOf(graph: NetworkGraph, feeds: Readonly<Record<string, ArrayLike<number>>>): number {
  for (const node of graph.nodes) {
    if (node.op !== 'input') continue;
    const size = node.shape.reduce((product, length) => product * length, 1);
    return present(feeds[node.attributes.name], `feed ${node.attributes.name}`).length / size;
  }
  throw new InvariantError('The graph reads no feed');
}
