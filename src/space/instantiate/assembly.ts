import { present } from '../../base/assert.js';
import type {
  GraphNode,
  NetworkGraph,
  NodeId,
  OpAttributes,
  OpName,
  Shape,
  WeightKey,
} from '../../graph/network-graph.js';
import { shapeOf } from '../../graph/ops/index.js';
import type { Fragment } from './fragment.js';

/** Larger than the number of nodes of any graph. */
const MAX_NODES = 2 ** 24;

/** A graph in the making: stamps fragments, adds single nodes. Faster than `GraphBuilder`, which compares every node. */
export class Assembly {
  readonly #nodes: GraphNode[] = [];
  /** computation · MAX_NODES + input → node, so that e.g. the relu of two edges from one source is computed once. */
  readonly #known = new Map<number, NodeId>();
  /** Absolute ids of the fragment being stamped. */
  readonly #ids: NodeId[] = [];

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

  /** Appends a fragment behind `input`; the node of its result. */
  stamp(fragment: Fragment, input: NodeId): NodeId {
    const { nodes, result } = fragment;
    if (result < 0) return input;
    const ids = this.#ids;
    for (let i = 0; i < nodes.length; i++) {
      const node = present(nodes[i], 'node');
      const inputs: NodeId[] = [];
      for (const index of node.inputs) inputs.push(index < 0 ? input : present(ids[index], 'id'));
      if (node.computation < 0) {
        ids[i] = this.#push(node.op, inputs, node.attributes, node.weights, node.shape);
        continue;
      }
      const key = node.computation * MAX_NODES + present(inputs[0], 'input');
      let id = this.#known.get(key);
      if (id === undefined) {
        id = this.#push(node.op, inputs, node.attributes, node.weights, node.shape);
        this.#known.set(key, id);
      }
      ids[i] = id;
    }
    return present(ids[result], 'result');
  }

  shape(id: NodeId): Shape {
    return present(this.#nodes[id], 'node').shape;
  }

  isZero(id: NodeId): boolean {
    return present(this.#nodes[id], 'node').op === 'zero';
  }

  /** `dead: 'drop'` leaves out what no output reads. Feeds stay. */
  build(outputs: Readonly<Record<string, NodeId>>, dead: 'keep' | 'drop'): NetworkGraph {
    const nodes = this.#nodes;
    if (dead === 'keep') return { nodes, outputs };
    const isLive = liveNodes(nodes, Object.values(outputs));
    if (!isLive.includes(0)) return { nodes, outputs };
    return compact(nodes, outputs, isLive);
  }

  #push(
    op: OpName,
    inputs: readonly NodeId[],
    attributes: object,
    weights: Readonly<Record<string, WeightKey>>,
    shape: Shape,
  ): NodeId {
    const id = this.#nodes.length;
    this.#nodes.push({ id, op, inputs, attributes, weights, shape } as unknown as GraphNode);
    return id;
  }
}

/** 1 for every node that an output reads, and for feeds. */
function liveNodes(nodes: readonly GraphNode[], outputs: readonly NodeId[]): Uint8Array {
  const isLive = new Uint8Array(nodes.length);
  for (const id of outputs) isLive[id] = 1;
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = present(nodes[id], 'node');
    if (node.op === 'input') isLive[id] = 1;
    if (isLive[id] === 1) for (const input of node.inputs) isLive[input] = 1;
  }
  return isLive;
}

function compact(
  nodes: readonly GraphNode[],
  outputs: Readonly<Record<string, NodeId>>,
  isLive: Uint8Array,
): NetworkGraph {
  const moved = new Int32Array(nodes.length);
  const at = (id: NodeId): NodeId => present(moved[id], 'node');
  const kept: GraphNode[] = [];
  for (const node of nodes) {
    if (isLive[node.id] === 0) continue;
    moved[node.id] = kept.length;
    const { op, attributes, weights, shape } = node;
    kept.push({ id: kept.length, op, inputs: node.inputs.map(at), attributes, weights, shape } as GraphNode);
  }
  const renamed = Object.entries(outputs).map(([name, id]) => [name, at(id)] as const);
  return { nodes: kept, outputs: Object.fromEntries(renamed) };
}
