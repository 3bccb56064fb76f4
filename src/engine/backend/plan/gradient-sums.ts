import type { GraphNode, NodeId, OpName, TrainingGraph } from '../../../graph/network-graph.js';
import type { Uses } from './uses.js';

/**
 * Gradients of one tensor come from several ops and are added up; a relu in front of them masks each summand as well as
 * it masks the sum. So a sum (a tree of `add` and `relu_grad` nodes that nobody else reads) becomes one buffer, its
 * *root*, to which each summand's kernel adds, masking while it writes.
 */
export interface GradientSums {
  /** By node: the root into whose buffer it is written; −1: its own buffer (or none). */
  readonly home: Int32Array;
  /** By node with a home: the relu result that masks it; −1: none. */
  readonly mask: Int32Array;
  /** Nodes that need no step: inner nodes of the trees. */
  readonly absorbed: Uint8Array;
  readonly roots: ReadonlyMap<NodeId, Root>;
}

export interface Root {
  /** Summands that are read where they lie, each perhaps masked. */
  readonly terms: readonly Term[];
  /** A slice of a gradient whose memory takes the sum: the other summands are added to it. −1: none. */
  readonly base: NodeId;
}

export interface Term {
  readonly node: NodeId;
  /** A relu result; −1: none. */
  readonly mask: NodeId;
}

/** Ops that can add to a buffer, and of these the ones that can mask while they do. */
const ADDS: ReadonlySet<OpName> = new Set([
  'conv_input_grad',
  'depthwise_input_grad',
  'linear_input_grad',
  'max_pool_grad',
  'avg_pool_grad',
  'spread',
  'shift',
  'scale',
  'mul',
  'tanh_grad',
  'sigmoid_grad',
]);
const MASKS: ReadonlySet<OpName> = new Set([
  'conv_input_grad',
  'depthwise_input_grad',
  'max_pool_grad',
  'avg_pool_grad',
  'spread',
]);

export function findGradientSums(graph: TrainingGraph, uses: Uses): GradientSums {
  return new SumFinder(graph, uses).find();
}

class SumFinder {
  readonly #graph: TrainingGraph;
  readonly #uses: Uses;
  readonly #home: Int32Array;
  readonly #mask: Int32Array;
  readonly #absorbed: Uint8Array;
  readonly #roots = new Map<NodeId, Root>();
  readonly #slices: ReadonlyMap<NodeId, readonly Slice[]>;
  readonly #weightSums: ReadonlySet<NodeId>;

  constructor(graph: TrainingGraph, uses: Uses) {
    const count = graph.nodes.length;
    this.#graph = graph;
    this.#uses = uses;
    this.#home = new Int32Array(count).fill(-1);
    this.#mask = new Int32Array(count).fill(-1);
    this.#absorbed = new Uint8Array(count);
    this.#slices = slicesBySource(graph, uses);
    this.#weightSums = new Set(graph.weightGradients.values());
  }

  find(): GradientSums {
    const { nodes, numForward } = this.#graph;
    for (let id = nodes.length - 1; id >= numForward; id--) {
      if (this.#uses.needed[id] === 0 || this.#absorbed[id] === 1) continue;
      if (isInner(nodes[id]!) && !this.#weightSums.has(id)) this.#grow(id);
    }
    return { home: this.#home, mask: this.#mask, absorbed: this.#absorbed, roots: this.#roots };
  }

  #grow(root: NodeId): void {
    const terms: Term[] = [];
    const direct: NodeId[] = [];
    this.#expand(root, { root, mask: -1, terms, direct });
    const base = this.#findBase(terms, direct);
    this.#roots.set(root, { terms: terms.filter((term) => term.node !== base), base });
  }

  #expand(id: NodeId, tree: Tree): void {
    const node = this.#graph.nodes[id]!;
    if (node.op === 'add') {
      for (const input of node.inputs) this.#place(input, tree);
    } else {
      this.#place(node.inputs[0]!, { ...tree, mask: node.inputs[1]! });
    }
  }

  #place(id: NodeId, tree: Tree): void {
    const node = this.#graph.nodes[id]!;
    const isSole = this.#uses.counts[id] === 1 && id >= this.#graph.numForward;
    if (isSole && isInner(node) && (node.op === 'add' || tree.mask < 0)) {
      this.#absorbed[id] = 1;
      this.#expand(id, tree);
    } else if (isSole && (tree.mask < 0 ? ADDS : MASKS).has(node.op)) {
      this.#home[id] = tree.root;
      this.#mask[id] = tree.mask;
      tree.direct.push(id);
    } else {
      tree.terms.push({ node: id, mask: tree.mask });
    }
  }

  /**
   * A slice may take the sum if nothing else reads it, its source is read by disjoint slices only (so that the slice
   * owns its part of the source's buffer), and every kernel that adds comes after it.
   */
  #findBase(terms: readonly Term[], direct: readonly NodeId[]): NodeId {
    for (const { node: id, mask } of terms) {
      const node = this.#graph.nodes[id]!;
      if (node.op !== 'slice' || mask >= 0 || this.#uses.counts[id] !== 1) continue;
      if (direct.some((other) => other < id) || !this.#isOwned(node.inputs[0]!)) continue;
      return id;
    }
    return -1;
  }

  /** Whether the node has a buffer of its own that only disjoint slices read: the gradient of a concat. */
  #isOwned(source: NodeId): boolean {
    const node = this.#graph.nodes[source]!;
    if (source < this.#graph.numForward || !(isInner(node) || ADDS.has(node.op))) return false;
    const slices = this.#slices.get(source) ?? [];
    if (this.#uses.counts[source] !== slices.length) return false;
    const sorted = slices.toSorted((a, b) => a.from - b.from);
    return sorted.every(({ from }, i) => i === 0 || sorted[i - 1]!.to <= from);
  }
}

interface Slice {
  readonly from: number;
  readonly to: number;
}

function slicesBySource(graph: TrainingGraph, uses: Uses): ReadonlyMap<NodeId, readonly Slice[]> {
  const slices = new Map<NodeId, Slice[]>();
  for (let id = graph.numForward; id < graph.nodes.length; id++) {
    const node = graph.nodes[id]!;
    if (node.op !== 'slice' || uses.needed[id] === 0) continue;
    const source = node.inputs[0]!;
    const known = slices.get(source);
    if (known === undefined) slices.set(source, [node.attributes]);
    else known.push(node.attributes);
  }
  return slices;
}

interface Tree {
  readonly root: NodeId;
  readonly mask: NodeId;
  readonly terms: Term[];
  readonly direct: NodeId[];
}

/** Scalars (sums of losses) are computed by the host. Weights' gradients are summed elsewhere. */
function isInner(node: GraphNode): boolean {
  return node.op === 'relu_grad' || (node.op === 'add' && node.shape.length > 0);
}
