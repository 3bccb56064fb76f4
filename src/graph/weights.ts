import { assert } from '../base/assert.js';
import type { GraphNode, NetworkGraph, NodeOf, OpName, Shape, WeightKey } from './network-graph.js';
import { definitionOf } from './ops/index.js';
import { sameShape } from './ops/shapes.js';

/** A trainable weight as its first user declares it. */
export interface WeightDeclaration {
  readonly key: WeightKey;
  readonly shape: Shape;
  /** `kernel`, `bias`, `gamma` or `beta`. */
  readonly role: string;
  readonly op: OpName;
}

/** The trainable weights of a graph, each key once, in the order of their first use. */
export function weightsOf(graph: NetworkGraph): readonly WeightDeclaration[] {
  const declared = new Map<WeightKey, WeightDeclaration>();
  for (const node of graph.nodes) {
    for (const [role, shape] of Object.entries(weightShapes(graph, node))) {
      const key = node.weights[role];
      assert(key !== undefined, `Node ${node.id} (${node.op}) names no ${role}`);
      const known = declared.get(key);
      if (known === undefined) declared.set(key, { key, shape, role, op: node.op });
      else assert(sameShape(known.shape, shape), `Weight ${key} is used with two shapes`);
    }
  }
  return [...declared.values()];
}

function weightShapes<K extends OpName>(
  graph: NetworkGraph,
  node: GraphNode & NodeOf<K>,
): Readonly<Record<string, Shape>> {
  const inputs = node.inputs.map((id) => graph.nodes[id]!.shape);
  return definitionOf<K>(node.op).weights?.(inputs, node.attributes) ?? {};
}
