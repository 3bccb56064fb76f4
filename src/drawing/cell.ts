import { present } from '../base/assert.js';
import type { CellSketch, Drawing } from '../protocol/drawing.js';
import type { FlowEdge, FlowNode } from './flow.js';
import { flow } from './flow.js';
import { framed } from './frame.js';
import { METRICS, clip, textWidth } from './metrics.js';

const LONGEST_NAME = 24;

/** A cell, left to right: inputs, intermediate nodes with one pill per edge, output. */
export function drawCell(cell: CellSketch): Drawing {
  const ids = new Map<string, string>();
  const nodes: FlowNode[] = [];
  const edges: FlowEdge[] = [];
  const idOf = (name: string): string => present(ids.get(name), `node ${name} of cell ${cell.name}`);
  cell.inputs.forEach((name, i) => {
    ids.set(name, `i${i}`);
    nodes.push(port(`i${i}`, name));
  });
  cell.nodes.forEach(({ name, edges: arriving }, i) => {
    const id = `n${i}`;
    for (const { from, op, family, stride } of arriving) {
      const label = `${clip(op, LONGEST_NAME)}${stride === 2 ? ' ↓2' : ''}`;
      edges.push({ id: `e${edges.length}`, from: idOf(from), to: id, pill: { label, family } });
    }
    ids.set(name, id);
    nodes.push(circle(id, name));
  });
  nodes.push(port('out', cell.output.name));
  for (const from of cell.output.from) {
    edges.push({ id: `e${edges.length}`, from: idOf(from), to: 'out' });
  }
  const caption = clip(cell.name, 60);
  return framed(flow(nodes, edges, { right: true, sources: cell.inputs.map((_, i) => `i${i}`) }), {
    title: `Cell ${caption}`,
    caption,
    description: describeCell(cell),
  });
}

/** What the picture shows, one sentence per node. */
function describeCell({ name, nodes, output }: CellSketch): string {
  const sentences = nodes.map((node) => {
    const terms = node.edges.map(({ from, op, stride }) => {
      const halved = stride === 2 ? ' with stride 2' : '';
      return `${op} of ${from}${halved}`;
    });
    return `Node ${node.name} is ${terms.join(' plus ')}.`;
  });
  const last = `${output.name} is the ${output.merge} of ${output.from.join(', ')}.`;
  return clip(`Cell ${name}. ${sentences.join(' ')} ${last}`, 4000);
}

function port(id: string, name: string): FlowNode {
  const label = clip(name, LONGEST_NAME);
  const width = Math.max(METRICS.port, textWidth(label) + METRICS.pillPadding);
  return { id, shape: 'port', width, height: METRICS.port * 0.8, label };
}

function circle(id: string, name: string): FlowNode {
  const label = clip(name, LONGEST_NAME);
  const width = Math.max(METRICS.circle, textWidth(label) + METRICS.pillPadding);
  return { id, shape: 'circle', width, height: METRICS.circle, label };
}
