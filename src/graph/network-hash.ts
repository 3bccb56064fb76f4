import type { Brand } from '../base/brand.js';
import { sha256Hex } from '../base/hash.js';
import type { GraphNode, NetworkGraph, WeightKey } from './network-graph.js';
import { normalise } from './normal-form.js';

/** Names a network up to everything that does not change its function or cost. 64 hex digits. */
export type NetworkHash = Brand<string, 'NetworkHash'>;

/**
 * Canonical hash of the normal form: the order of nodes, the order of the inputs of commutative ops and the names of
 * weights do not matter; ops, attributes, shapes, names of feeds and outputs and *which* nodes share a weight do.
 *
 * Nodes and weight keys are coloured by their neighbourhoods until nothing changes (Weisfeiler & Leman 1968). Where two
 * vertices keep one colour they are taken as symmetric: one is singled out and colouring goes on. Graphs exist in which such vertices are
 * not symmetric; two copies of such a graph could get two hashes, never two different graphs one.
 */
export function networkHash(graph: NetworkGraph): NetworkHash {
  const normal = normalise(graph);
  const order = new Colouring(normal).canonicalOrder();
  return sha256Hex(serialise(normal, order)) as NetworkHash;
}

/** Ops whose inputs may be exchanged. */
const COMMUTATIVE: ReadonlySet<string> = new Set(['add', 'mul', 'mean']);

/** Vertices are the nodes, then the weight keys. A colour is a pair of 32-bit hashes. */
class Colouring {
  readonly #nodes: readonly GraphNode[];
  readonly #numVertices: number;
  /** By node: the vertices of its keys, and the hashes of the roles they are used in. */
  readonly #keys: (readonly number[])[] = [];
  readonly #roles: (readonly number[])[] = [];
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  readonly #sumLow: Int32Array;
  readonly #sumHigh: Int32Array;

  constructor(graph: NetworkGraph) {
    this.#nodes = graph.nodes;
    const vertices = new Map<WeightKey, number>();
    for (const node of graph.nodes) {
      const uses = Object.entries(node.weights);
      this.#roles.push(uses.map(([role]) => textHash(role, 3)));
      this.#keys.push(
        uses.map(([, key]) => {
          const vertex = vertices.get(key) ?? graph.nodes.length + vertices.size;
          vertices.set(key, vertex);
          return vertex;
        }),
      );
    }
    this.#numVertices = graph.nodes.length + vertices.size;
    this.#low = new Int32Array(this.#numVertices);
    this.#high = new Int32Array(this.#numVertices);
    this.#sumLow = new Int32Array(this.#numVertices);
    this.#sumHigh = new Int32Array(this.#numVertices);
    const outputs = outputNames(graph);
    for (const node of graph.nodes) {
      const label = `${labelOf(node)}|${outputs[node.id]!}`;
      this.#low[node.id] = textHash(label, 1);
      this.#high[node.id] = textHash(label, 2);
    }
  }

  /** The nodes, in an order that depends on the structure alone. */
  canonicalOrder(): readonly number[] {
    let numClasses = this.#refine(0);
    for (;;) {
      const order = this.#sorted();
      const tied = order.find((vertex, i) => i > 0 && this.#compare(order[i - 1]!, vertex) === 0);
      if (tied === undefined) return order.filter((vertex) => vertex < this.#nodes.length);
      this.#low[tied] = mix(this.#low[tied]!, numClasses);
      numClasses = this.#refine(numClasses);
    }
  }

  /** Colours until the number of classes stays. Returns it. */
  #refine(before: number): number {
    let numClasses = before;
    for (;;) {
      this.#sweepDown();
      this.#sweepUp();
      const order = this.#sorted();
      let count = 1;
      for (let i = 1; i < order.length; i++) if (this.#compare(order[i - 1]!, order[i]!) !== 0) count++;
      if (count <= numClasses) return numClasses;
      numClasses = count;
    }
  }

  /** From inputs and keys to results: every node takes in what it reads. */
  #sweepDown(): void {
    for (const node of this.#nodes) {
      const keys = this.#keys[node.id]!;
      const roles = this.#roles[node.id]!;
      for (const colours of [this.#low, this.#high]) {
        let sum = 0;
        node.inputs.forEach((input, i) => (sum = (sum + mix(colours[input]!, placeOf(node, i))) | 0));
        keys.forEach((key, i) => (sum = (sum + mix(colours[key]!, roles[i]!)) | 0));
        colours[node.id] = mix(colours[node.id]!, sum);
      }
    }
  }

  /** From results to inputs and keys: every vertex takes in who reads it. */
  #sweepUp(): void {
    this.#sumLow.fill(0);
    this.#sumHigh.fill(0);
    for (let id = this.#nodes.length - 1; id >= 0; id--) {
      const node = this.#nodes[id]!;
      this.#settle(id);
      node.inputs.forEach((input, i) => this.#collect(input, id, placeOf(node, i)));
      const roles = this.#roles[id]!;
      this.#keys[id]!.forEach((key, i) => this.#collect(key, id, roles[i]!));
    }
    for (let key = this.#nodes.length; key < this.#numVertices; key++) this.#settle(key);
  }

  #collect(vertex: number, reader: number, place: number): void {
    this.#sumLow[vertex]! += mix(this.#low[reader]!, place);
    this.#sumHigh[vertex]! += mix(this.#high[reader]!, place);
  }

  #settle(vertex: number): void {
    this.#low[vertex] = mix(this.#low[vertex]!, this.#sumLow[vertex]!);
    this.#high[vertex] = mix(this.#high[vertex]!, this.#sumHigh[vertex]!);
  }

  #sorted(): number[] {
    return Array.from({ length: this.#numVertices }, (_, vertex) => vertex).sort((a, b) =>
      this.#compare(a, b),
    );
  }

  #compare(a: number, b: number): number {
    const difference = this.#low[a]! - this.#low[b]!;
    return difference === 0 ? this.#high[a]! - this.#high[b]! : difference;
  }
}

/** One line per node, with everything that counts. */
function serialise(graph: NetworkGraph, order: readonly number[]): string {
  const ranks = new Int32Array(graph.nodes.length);
  order.forEach((id, rank) => (ranks[id] = rank));
  const numbers = new Map<WeightKey, number>();
  const outputs = outputNames(graph);
  const lines = order.map((id) => {
    const node = graph.nodes[id]!;
    const inputs = node.inputs.map((input) => ranks[input]!);
    if (COMMUTATIVE.has(node.op)) inputs.sort((a, b) => a - b);
    const weights = Object.entries(node.weights)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([role, key]) => {
        const number = numbers.get(key) ?? numbers.size;
        numbers.set(key, number);
        return `${role}=${number}`;
      });
    return `${labelOf(node)}|${inputs.join()}|${weights.join()}|${outputs[id]!}`;
  });
  return lines.join('\n');
}

function labelOf(node: GraphNode): string {
  const attributes = Object.entries(node.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${node.op}${JSON.stringify(attributes)}${node.shape.join('x')}`;
}

/** By node: the outputs it is. */
function outputNames(graph: NetworkGraph): readonly string[] {
  const names: string[][] = graph.nodes.map(() => []);
  for (const [name, id] of Object.entries(graph.outputs)) names[id]!.push(name);
  return names.map((of) => JSON.stringify(of.sort()));
}

function placeOf(node: GraphNode, index: number): number {
  return COMMUTATIVE.has(node.op) ? 1 : index + 2;
}

/** Mixes two 32-bit words; the rounds of MurmurHash3 (Appleby, public domain). */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0xcc9e2d51), 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) + 0x9e3779b9) | 0;
}

function textHash(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return hash;
}
