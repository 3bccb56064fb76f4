import type { CellSketch, CellSketchEdge, CellSketchNode } from '../protocol/drawing.js';
import { clip } from './metrics.js';

const LONGEST_NAME = 12;
const LONGEST_OP = 20;
const LONGEST_OUTPUT = 26;

/**
 * A cell for the terminal, at most 100 columns: one line per edge, edges of a node joined before it, nodes of the output
 * joined at the right.
 */
export function toText(cell: CellSketch): string {
  const widths = widthsOf(cell);
  const joined = cell.nodes.map((node) => cell.output.from.includes(node.name));
  const [first, last] = [joined.indexOf(true), joined.lastIndexOf(true)];
  const lines = cell.nodes.flatMap((node, i) => {
    const rail = i > first && i <= last ? '│' : '';
    const name = clip(node.name, LONGEST_NAME);
    const arms = armsOf(node, widths);
    return arms.map((arm, k) => {
      if (k < arms.length - 1) return `${arm}${' '.repeat(widths.node + 5)}${rail}`.trimEnd();
      if (joined[i] !== true) return `${arm}─▶ ${name.padEnd(widths.node)}  ${rail}`.trimEnd();
      const joint = `${arm}─▶ ${`${name} `.padEnd(widths.node + 1, '─')}─`;
      if (i < last) return `${joint}${i === first ? '┐' : '┤'}`;
      return `${joint}${first === last ? '─' : '┴'}─▶ ${outputLabel(cell)}`;
    });
  });
  if (last === -1) lines.push(` ─▶ ${outputLabel(cell)}`);
  return `${[clip(cell.name, 90), ...lines].join('\n')}\n`;
}

interface Widths {
  readonly source: number;
  readonly op: number;
  readonly node: number;
}

function widthsOf({ nodes }: CellSketch): Widths {
  const edges = nodes.flatMap((node) => node.edges);
  return {
    source: widest(edges.map((edge) => clip(edge.from, LONGEST_NAME))),
    op: widest(edges.map(opLabel)),
    node: widest(nodes.map((node) => clip(node.name, LONGEST_NAME))),
  };
}

/** Lines of the edges of a node, up to where they meet; a node without edges has one. */
function armsOf({ edges }: CellSketchNode, widths: Widths): readonly string[] {
  if (edges.length === 0) return [` ${' '.repeat(widths.source + widths.op + 10)} `];
  return edges.map((edge, k) => {
    const arm = ` ${clip(edge.from, LONGEST_NAME).padEnd(widths.source)} ──[ ${opLabel(edge).padEnd(widths.op)} ]──`;
    if (edges.length === 1) return `${arm}─`;
    if (k === 0) return `${arm}┐`;
    return `${arm}${k === edges.length - 1 ? '┴' : '┤'}`;
  });
}

function outputLabel({ output, inputs }: CellSketch): string {
  const passed = output.from.filter((name) => inputs.includes(name)).length;
  const also = passed === 0 ? '' : ` with ${passed} input${passed === 1 ? '' : 's'}`;
  return clip(`${output.merge}${also} ─▶ ${output.name}`, LONGEST_OUTPUT);
}

function opLabel({ op, stride }: CellSketchEdge): string {
  return `${clip(op, LONGEST_OP)}${stride === 2 ? ' ↓2' : ''}`;
}

function widest(labels: readonly string[]): number {
  return labels.reduce((most, label) => Math.max(most, Array.from(label).length), 0);
}
