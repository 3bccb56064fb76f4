import type { GraphNode, NetworkGraph, NodeId } from './network-graph.js';

/**
 * The same function with nothing superfluous: `zero` summands are dropped (a sum of zeros alone is a `zero`), sums,
 * means and joins of one input vanish, equal nodes become one, and what does not reach an output goes. To be used
 * before `compile`: a `none` edge then costs nothing.
 *
 * A `zero` node of the result has no inputs, so that it keeps nothing alive; its shape stands on the node.
 */
export function normalise(graph: NetworkGraph): NetworkGraph {
  const { nodes: simplified, same } = simplify(graph);
  const alive = reaching(
    simplified,
    Object.values(graph.outputs).map((id) => same[id]!),
  );
  const renumbered: NodeId[] = [];
  const nodes: GraphNode[] = [];
  for (const node of simplified) {
    renumbered.push(nodes.length);
    if (alive[node.id] !== true) continue;
    nodes.push({ ...node, id: nodes.length, inputs: node.inputs.map((id) => renumbered[id]!) });
  }
  const outputs = Object.entries(graph.outputs).map(([name, id]) => [name, renumbered[same[id]!]!] as const);
  return { nodes, outputs: Object.fromEntries(outputs) };
}

/** Ops that, with one input, are that input. */
const COLLAPSIBLE: ReadonlySet<string> = new Set(['add', 'mean', 'concat']);

/** The nodes with their simplified inputs, old ids, and by id the node that has the same value. */
function simplify(graph: NetworkGraph): { nodes: readonly GraphNode[]; same: readonly NodeId[] } {
  const same: NodeId[] = [];
  const byKey = new Map<string, NodeId>();
  const nodes = graph.nodes.map((original): GraphNode => {
    const node = withInputs(original, simplifiedInputs(graph, original, same));
    if (node.inputs.length === 1 && COLLAPSIBLE.has(node.op)) {
      same.push(node.inputs[0]!);
      return node;
    }
    const key = keyOf(node);
    const known = byKey.get(key) ?? node.id;
    byKey.set(key, known);
    same.push(known);
    return node;
  });
  return { nodes, same };
}

function simplifiedInputs(graph: NetworkGraph, node: GraphNode, same: readonly NodeId[]): readonly NodeId[] {
  if (node.op === 'zero') return [];
  const inputs = node.inputs.map((id) => same[id]!);
  if (node.op !== 'add') return inputs;
  const summands = inputs.filter((id) => graph.nodes[id]!.op !== 'zero');
  return summands.length > 0 ? summands : inputs.slice(0, 1);
}

/** A `zero` without inputs has no use for its stride: equal shapes are equal zeros. */
function withInputs(node: GraphNode, inputs: readonly NodeId[]): GraphNode {
  return node.op === 'zero' ? { ...node, inputs, attributes: { stride: 1 } } : { ...node, inputs };
}

function keyOf(node: GraphNode): string {
  const attributes = Object.values(node.attributes).join();
  return `${node.op}|${node.inputs.join()}|${attributes}|${Object.values(node.weights).join()}|${node.shape.join()}`;
}

/** By node: whether one of `outputs` depends on it. */
function reaching(nodes: readonly GraphNode[], outputs: readonly NodeId[]): readonly boolean[] {
  const alive = new Array<boolean>(nodes.length).fill(false);
  for (const id of outputs) alive[id] = true;
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (alive[id] !== true) continue;
    for (const input of nodes[id]!.inputs) alive[input] = true;
  }
  return alive;
}
