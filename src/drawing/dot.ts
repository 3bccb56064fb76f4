import type { DrawnEdge, DrawnNode, Drawing } from '../protocol/drawing.js';
import { FAMILIES, ON_LIGHT } from './palette.js';

/** The drawing for Graphviz, which lays it out itself. */
export function toDot({ title, direction, nodes, edges }: Drawing): string {
  const lines = [
    `digraph ${quoted(title)} {`,
    `  rankdir=${direction === 'right' ? 'LR' : 'TB'};`,
    '  node [fontname="Helvetica", fontsize=12];',
    '  edge [fontname="Helvetica", fontsize=11];',
    ...nodes.map((node) => `  ${quoted(node.id)} [${nodeAttributes(node)}];`),
    ...edges.map((edge) => `  ${quoted(edge.from)} -> ${quoted(edge.to)} [${edgeAttributes(edge)}];`),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function nodeAttributes({ shape, label, detail, family }: DrawnNode): string {
  const words = detail === undefined ? label : `${label}\n${detail}`;
  const outline = shape === 'circle' ? 'shape=ellipse' : 'shape=box, style="rounded"';
  if (family === undefined) return `label=${quoted(words)}, ${outline}`;
  const { colour, text } = FAMILIES[family];
  return `label=${quoted(words)}, shape=box, style="rounded,filled", fillcolor="${colour}", fontcolor="${text}"`;
}

function edgeAttributes({ pill }: DrawnEdge): string {
  if (pill === undefined) return `color="${ON_LIGHT.faint}"`;
  const { colour, dash } = FAMILIES[pill.family];
  const style = dash.length === 0 ? 'solid' : dash[0]! < 3 ? 'dotted' : 'dashed';
  return `label=${quoted(pill.label)}, color="${colour}", style=${style}, penwidth=1.6`;
}

/** A DOT string: `"` and `\` are escaped, a line break becomes `\n`. */
function quoted(words: string): string {
  return `"${words.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
