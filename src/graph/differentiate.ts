import { assert, present } from '../base/assert.js';
import type {
  GraphNode,
  NetworkGraph,
  NodeId,
  NodeOf,
  OpAttributes,
  OpName,
  Shape,
  TrainingGraph,
  WeightKey,
} from './network-graph.js';
import type { GradientTape } from './op.js';
import { definitionOf, shapeOf } from './ops/index.js';

export interface DifferentiateOptions {
  /** Output of the graph that is differentiated: a scalar. */
  readonly loss: string;
  /** Weights whose gradients are wanted: all, none or these. */
  readonly weights: boolean | ReadonlySet<WeightKey>;
  /** Feeds whose gradients are wanted. */
  readonly inputs?: readonly string[];
}

/**
 * The graph with its backward pass in primitives (reverse mode). Only nodes between the loss and something wanted get
 * a gradient; a weight or feed that does not reach the loss is absent from the results. Linear in the size of the graph.
 */
export function differentiate(graph: NetworkGraph, options: DifferentiateOptions): TrainingGraph {
  const loss = present(graph.outputs[options.loss], `output ${options.loss}`);
  assert(graph.nodes[loss]!.shape.length === 0, `The loss ${options.loss} is not a scalar`);
  const pass = new BackwardPass(graph, options);
  pass.run(loss);
  return {
    nodes: pass.nodes,
    outputs: graph.outputs,
    numForward: graph.nodes.length,
    weightGradients: pass.weightGradients(),
    inputGradients: pass.inputGradients(),
  };
}

class BackwardPass implements GradientTape {
  readonly nodes: GraphNode[];
  readonly #forward: readonly GraphNode[];
  readonly #weights: boolean | ReadonlySet<WeightKey>;
  readonly #inputs: ReadonlySet<string>;
  /** By forward node: whether something wanted lies at or before it. */
  readonly #wanted: boolean[];
  /** By forward node: the gradients that its readers handed on. */
  readonly #parts: (NodeId[] | undefined)[];
  readonly #weightParts = new Map<WeightKey, NodeId[]>();
  readonly #inputGradients = new Map<string, NodeId>();

  constructor(graph: NetworkGraph, options: DifferentiateOptions) {
    this.nodes = graph.nodes.slice();
    this.#forward = graph.nodes;
    this.#weights = options.weights;
    this.#inputs = new Set(options.inputs);
    this.#parts = new Array<NodeId[] | undefined>(graph.nodes.length).fill(undefined);
    this.#wanted = [];
    for (const node of graph.nodes) this.#wanted.push(this.#isWanted(node));
  }

  run(loss: NodeId): void {
    if (!this.wants(loss)) return;
    this.#parts[loss] = [this.emit('one', [], {})];
    for (let id = loss; id >= 0; id--) {
      const parts = this.#parts[id];
      if (parts === undefined) continue;
      const node = this.#forward[id]!;
      const dy = this.#sum(parts);
      if (node.op === 'input') this.#inputGradients.set(node.attributes.name, dy);
      else this.#differentiateNode(node, dy);
    }
  }

  weightGradients(): ReadonlyMap<WeightKey, NodeId> {
    const gradients = new Map<WeightKey, NodeId>();
    for (const [key, parts] of this.#weightParts) gradients.set(key, this.#sum(parts));
    return gradients;
  }

  inputGradients(): ReadonlyMap<string, NodeId> {
    return this.#inputGradients;
  }

  shapeOf(id: NodeId): Shape {
    return this.nodes[id]!.shape;
  }

  wants(input: NodeId): boolean {
    return this.#wanted[input]!;
  }

  wantsWeight(key: WeightKey): boolean {
    return typeof this.#weights === 'boolean' ? this.#weights : this.#weights.has(key);
  }

  emit<K extends OpName>(
    op: K,
    inputs: readonly NodeId[],
    attributes: OpAttributes[K],
    weights: Readonly<Record<string, WeightKey>> = {},
  ): NodeId {
    const id = this.nodes.length;
    const shape = shapeOf(
      op,
      inputs.map((input) => this.shapeOf(input)),
      attributes,
    );
    this.nodes.push({ id, op, inputs, attributes, weights, shape } as unknown as GraphNode);
    return id;
  }

  addInput(input: NodeId, gradient: NodeId): void {
    const parts = this.#parts[input];
    if (parts === undefined) this.#parts[input] = [gradient];
    else parts.push(gradient);
  }

  addWeight(key: WeightKey, gradient: NodeId): void {
    const parts = this.#weightParts.get(key);
    if (parts === undefined) this.#weightParts.set(key, [gradient]);
    else parts.push(gradient);
  }

  #differentiateNode<K extends OpName>(node: NodeOf<K>, dy: NodeId): void {
    definitionOf(node.op).gradient?.(node, dy, this);
  }

  #isWanted(node: GraphNode): boolean {
    if (node.op === 'input') return this.#inputs.has(node.attributes.name);
    if (definitionOf(node.op).gradient === undefined) return false;
    for (const input of node.inputs) if (this.#wanted[input] === true) return true;
    if (this.#weights === false) return false;
    for (const role in node.weights) {
      if (role !== 'statistics' && this.wantsWeight(node.weights[role]!)) return true;
    }
    return false;
  }

  #sum(parts: readonly NodeId[]): NodeId {
    return parts.length === 1 ? parts[0]! : this.emit('add', parts, {});
  }
}
