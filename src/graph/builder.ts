import type {
  GraphNode,
  NetworkGraph,
  NodeId,
  OpAttributes,
  OpName,
  Shape,
  WeightKey,
} from './network-graph.js';
import { shapeOf } from './ops/index.js';

/**
 * Makes a `NetworkGraph` node by node. Equal nodes (same op, inputs, attributes and weight keys) become one: a path
 * that takes the same edge twice computes it once.
 */
export class GraphBuilder {
  readonly #nodes: GraphNode[] = [];
  readonly #byKey = new Map<string, NodeId>();

  /** A feed. */
  input(name: string, shape: Shape): NodeId {
    return this.#push('input', [], { name }, {}, shape);
  }

  add<K extends OpName>(
    op: K,
    inputs: readonly NodeId[],
    attributes: OpAttributes[K],
    weights: Readonly<Record<string, WeightKey>> = {},
  ): NodeId {
    const shapes = inputs.map((id) => this.shape(id));
    return this.#push(op, inputs, attributes, weights, shapeOf(op, shapes, attributes));
  }

  shape(id: NodeId): Shape {
    return this.#nodes[id]!.shape;
  }

  build(outputs: Readonly<Record<string, NodeId>>): NetworkGraph {
    return { nodes: this.#nodes, outputs };
  }

  #push<K extends OpName>(
    op: K,
    inputs: readonly NodeId[],
    attributes: OpAttributes[K],
    weights: Readonly<Record<string, WeightKey>>,
    shape: Shape,
  ): NodeId {
    const key = `${op}|${inputs.join()}|${Object.values(attributes).join()}|${Object.values(weights).join()}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const id = this.#nodes.length;
    this.#nodes.push({ id, op, inputs, attributes, weights, shape } as unknown as GraphNode);
    this.#byKey.set(key, id);
    return id;
  }
}
