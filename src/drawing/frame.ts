import type { DrawnEdge, DrawnNode, DrawnText, Drawing, Point } from '../protocol/drawing.js';
import type { Flow } from './flow.js';
import { METRICS, textWidth } from './metrics.js';

/** Puts margins around a flow and its caption above it. `notes` are in the flow's coordinates. */
export function framed(
  content: Flow,
  words: { readonly title: string; readonly caption: string; readonly description: string },
  notes: readonly DrawnText[] = [],
): Drawing {
  const { margin, captionHeight, captionSize } = METRICS;
  const by: Point = [margin, margin + captionHeight];
  const caption: DrawnText = {
    x: margin,
    y: margin + captionSize,
    text: words.caption,
    anchor: 'start',
    role: 'caption',
  };
  const width = Math.max(content.width, textWidth(words.caption, captionSize) * 1.1);
  return {
    width: Math.ceil(width + 2 * margin),
    height: Math.ceil(content.height + 2 * margin + captionHeight),
    direction: content.direction,
    title: words.title,
    description: words.description,
    nodes: content.nodes.map((node): DrawnNode => ({ ...node, ...moved([node.x, node.y], by) })),
    edges: content.edges.map((edge) => movedEdge(edge, by)),
    texts: [caption, ...notes.map((note): DrawnText => ({ ...note, ...moved([note.x, note.y], by) }))],
  };
}

function movedEdge(edge: DrawnEdge, by: Point): DrawnEdge {
  const shift = ([x, y]: Point): Point => [x + by[0], y + by[1]];
  const { curve, arrow, pill } = edge;
  const shifted = {
    ...edge,
    curve: {
      start: shift(curve.start),
      pieces: curve.pieces.map(([a, b, c]) => [shift(a), shift(b), shift(c)] as const),
    },
    arrow: [shift(arrow[0]), shift(arrow[1]), shift(arrow[2])] as const,
  };
  return pill === undefined ? shifted : { ...shifted, pill: { ...pill, ...moved([pill.x, pill.y], by) } };
}

function moved([x, y]: Point, by: Point): { x: number; y: number } {
  return { x: x + by[0], y: y + by[1] };
}
