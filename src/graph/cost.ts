import { differentiate } from './differentiate.js';
import type { GraphNode, NetworkGraph, NodeOf, OpName } from './network-graph.js';
import { definitionOf } from './ops/index.js';
import { sizeOf } from './ops/shapes.js';
import { weightsOf } from './weights.js';

/** Exact cost of one image, told from the graph alone. */
export interface Cost {
  /** Trainable numbers; a shared key counts once; batch-norm statistics do not count. */
  readonly parameters: number;
  /** Multiply–accumulates of the forward pass. */
  readonly macs: number;
  /** float32 bytes of all results, feeds left out: what a backward pass without recomputation keeps. */
  readonly activationBytes: number;
}

export interface NodeCost {
  readonly macs: number;
  readonly activationBytes: number;
}

/** Cost of a forward graph. Nodes that do not reach an output count too: see `normalise`. */
export function cost(graph: NetworkGraph): Cost {
  let macs = 0;
  let activationBytes = 0;
  for (const node of nodeCosts(graph)) {
    macs += node.macs;
    activationBytes += node.activationBytes;
  }
  const parameters = weightsOf(graph).reduce((sum, weight) => sum + sizeOf(weight.shape), 0);
  return { parameters, macs, activationBytes };
}

/** Cost of each node, by id. */
export function nodeCosts(graph: NetworkGraph): readonly NodeCost[] {
  return graph.nodes.map((node) => ({
    macs: macsOf(graph, node),
    activationBytes: node.op === 'input' ? 0 : 4 * sizeOf(node.shape),
  }));
}

/** Multiply–accumulates per image of one training step: forward, and backward to all weights of the output `loss`. */
export function trainingMacs(graph: NetworkGraph): number {
  const training = differentiate(graph, { loss: 'loss', weights: true });
  return training.nodes.reduce((sum, node) => sum + macsOf(training, node), 0);
}

function macsOf<K extends OpName>(graph: NetworkGraph, node: GraphNode & NodeOf<K>): number {
  const inputs = node.inputs.map((id) => graph.nodes[id]!.shape);
  return definitionOf<K>(node.op).macs?.(inputs, node.attributes, node.shape) ?? 0;
}
