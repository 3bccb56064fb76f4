import type { GraphNode, NetworkGraph } from '../graph/network-graph.js';
import { formatShape, sameShape } from '../graph/ops/shapes.js';
import type { Drawing, OpFamily } from '../protocol/drawing.js';
import type { FlowEdge, FlowNode } from './flow.js';
import { flow } from './flow.js';
import { framed } from './frame.js';
import { METRICS, clip, textWidth } from './metrics.js';

/** A graph of primitive ops, from top to bottom; shapes stand where they change. */
export function drawGraph(graph: NetworkGraph, name: string): Drawing {
  const nodes: FlowNode[] = graph.nodes.map((node) => opBox(graph, node));
  const edges: FlowEdge[] = [];
  const connect = (from: string, to: string): void => {
    edges.push({ id: `e${edges.length}`, from, to });
  };
  for (const node of graph.nodes) for (const input of node.inputs) connect(`n${input}`, `n${node.id}`);
  Object.entries(graph.outputs).forEach(([output, id], i) => {
    nodes.push(box(`out${i}`, 'port', output, undefined));
    connect(`n${id}`, `out${i}`);
  });
  const caption = clip(name, 60);
  const outputs = Object.keys(graph.outputs).join(', ');
  const description = clip(`Network of ${graph.nodes.length} ops. Outputs: ${outputs}.`, 4000);
  return framed(flow(nodes, edges, { right: false, sources: [] }), {
    title: `Network ${caption}`,
    caption,
    description,
  });
}

function opBox(graph: NetworkGraph, node: GraphNode): FlowNode {
  const before = node.inputs[0] === undefined ? undefined : graph.nodes[node.inputs[0]]!.shape;
  const detail = before !== undefined && sameShape(before, node.shape) ? undefined : formatShape(node.shape);
  if (node.op === 'input') return box(`n${node.id}`, 'port', node.attributes.name, detail);
  return { ...box(`n${node.id}`, 'box', labelOf(node), detail), family: familyOf(node) };
}

function box(id: string, shape: 'port' | 'box', name: string, detail: string | undefined): FlowNode {
  const label = clip(name, 28);
  const widest = Math.max(textWidth(label), textWidth(detail ?? '', METRICS.detailSize));
  const size = { width: Math.max(METRICS.port, widest + 2 * METRICS.pillPadding), height: METRICS.boxHeight };
  return detail === undefined ? { id, shape, label, ...size } : { id, shape, label, detail, ...size };
}

function labelOf(node: GraphNode): string {
  const words = node.op.replaceAll('_', ' ');
  if (!('kernel' in node.attributes)) return words;
  const { kernel, stride } = node.attributes;
  const dilation = 'dilation' in node.attributes ? node.attributes.dilation : 1;
  return `${words} ${kernel}×${kernel}${dilation > 1 ? ` dil ${dilation}` : ''}${stride > 1 ? ` ↓${stride}` : ''}`;
}

function familyOf({ op }: GraphNode): OpFamily {
  if (op.startsWith('conv')) return 'conv';
  if (op.startsWith('depthwise')) return 'sep_conv';
  if (op.startsWith('max_pool')) return 'max_pool';
  if (op.startsWith('avg_pool') || op === 'global_pool' || op === 'spread') return 'avg_pool';
  if (/^(relu|tanh|sigmoid)/.test(op)) return 'activation';
  return op === 'zero' ? 'none' : 'plain';
}
