import { present } from '../base/assert.js';
import type { DrawnEdge, DrawnNode, OpFamily, Pill, Point } from '../protocol/drawing.js';
import type { Anchor, Outline } from './curves.js';
import { anchors, headed, route, swap, transpose } from './curves.js';
import type { Layout, LayoutLink, LayoutVertex, Passage } from './layered.js';
import { layered } from './layered.js';
import { METRICS, textWidth } from './metrics.js';

export type FlowNode = Omit<DrawnNode, 'x' | 'y'>;

export interface FlowEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly pill?: { readonly label: string; readonly family: OpFamily };
}

export interface Flow {
  readonly direction: 'right' | 'down';
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
}

/**
 * Gives positions to nodes and edges that flow to the right, the `sources` in the first column, or down (then edges have
 * no pills). From (0, 0) on.
 */
export function flow(
  nodes: readonly FlowNode[],
  edges: readonly FlowEdge[],
  direction: { readonly right: boolean; readonly sources: readonly string[] },
): Flow {
  const { right, sources } = direction;
  const pills = edges.flatMap((edge) =>
    edge.pill === undefined ? [] : [pillVertex(edge.id, edge.pill.label)],
  );
  const vertices = [...nodes.map((node) => nodeVertex(node, right)), ...pills];
  const layout = layered(vertices, edges.flatMap(linksOf), {
    columnGap: right ? METRICS.columnGap : METRICS.layerGap,
    slant: right ? 0.28 : 0.05,
    rowGap: METRICS.rowGap,
    sources,
  });
  const drawnNodes = nodes.map((node): DrawnNode => {
    const [x, y] = place(layout, node.id, right);
    return { ...node, x, y };
  });
  const lines = new Lines(nodes, edges, layout, right);
  const drawnEdges = edges.map((edge) => lines.draw(edge));
  const [width, height] = right ? [layout.length, layout.breadth] : [layout.breadth, layout.length];
  return { direction: right ? 'right' : 'down', width, height, nodes: drawnNodes, edges: drawnEdges };
}

/** Lines between nodes whose places are known. */
class Lines {
  readonly #layout: Layout;
  readonly #right: boolean;
  readonly #starts = new Map<string, Anchor>();
  readonly #ends = new Map<string, Anchor>();

  constructor(nodes: readonly FlowNode[], edges: readonly FlowEdge[], layout: Layout, right: boolean) {
    this.#layout = layout;
    this.#right = right;
    for (const node of nodes) {
      const { length, breadth } = nodeVertex(node, right);
      const centre = present(layout.centres.get(node.id), node.id);
      const outline = { round: node.shape === 'circle' && length === breadth, centre, length, breadth };
      const leaving = edges.filter((edge) => edge.from === node.id);
      const arriving = edges.filter((edge) => edge.to === node.id);
      this.#spread(leaving, outline, 1);
      this.#spread(arriving, outline, -1);
    }
  }

  draw(edge: FlowEdge): DrawnEdge {
    const { end, arrow } = headed(present(this.#ends.get(edge.id), edge.id), METRICS.arrow);
    const start = present(this.#starts.get(edge.id), edge.id);
    const curve = route(start, this.#passages(edge), end);
    const { id, from, to } = edge;
    if (!this.#right) {
      return {
        id,
        from,
        to,
        curve: transpose(curve),
        arrow: [swap(arrow[0]), swap(arrow[1]), swap(arrow[2])],
      };
    }
    return edge.pill === undefined
      ? { id, from, to, curve, arrow }
      : { id, from, to, curve, arrow, pill: this.#pill(edge.id, edge.pill) };
  }

  #spread(edges: readonly FlowEdge[], outline: Outline, side: 1 | -1): void {
    const height = (edge: FlowEdge): number => {
      const passages = this.#passages(edge);
      const nearest = side === 1 ? passages[0] : passages.at(-1);
      const other = present(this.#layout.centres.get(side === 1 ? edge.to : edge.from), edge.id);
      return nearest?.y ?? other[1];
    };
    const sorted = edges.map((edge) => ({ edge, y: height(edge) })).sort((a, b) => a.y - b.y);
    const places = anchors(outline, sorted.length, side);
    sorted.forEach(({ edge }, i) => (side === 1 ? this.#starts : this.#ends).set(edge.id, places[i]!));
  }

  /** All columns that an edge crosses; its pill is one of them. */
  #passages(edge: FlowEdge): readonly Passage[] {
    const { passages, centres } = this.#layout;
    const before = passages.get(linkId(edge.id, 'before')) ?? [];
    if (edge.pill === undefined) return before;
    const [x, y] = present(centres.get(edge.id), edge.id);
    const half = pillVertex(edge.id, edge.pill.label).length / 2;
    return [
      ...before,
      { from: x - half, to: x + half, y },
      ...(passages.get(linkId(edge.id, 'after')) ?? []),
    ];
  }

  #pill(id: string, { label, family }: { label: string; family: OpFamily }): Pill {
    const [x, y] = present(this.#layout.centres.get(id), id);
    const { length, breadth } = pillVertex(id, label);
    return { x, y, width: length, height: breadth, label, family };
  }
}

function linksOf(edge: FlowEdge): readonly LayoutLink[] {
  const { id, from, to } = edge;
  if (edge.pill === undefined) return [{ id: linkId(id, 'before'), from, to, weight: 1 }];
  return [
    { id: linkId(id, 'before'), from, to: id, weight: 1 },
    { id: linkId(id, 'after'), from: id, to, weight: 4 },
  ];
}

function linkId(edge: string, part: 'before' | 'after'): string {
  return `${edge} ${part}`;
}

function nodeVertex({ id, width, height }: FlowNode, right: boolean): LayoutVertex {
  return right ? { id, length: width, breadth: height } : { id, length: height, breadth: width };
}

function pillVertex(id: string, label: string): LayoutVertex {
  return { id, length: textWidth(label) + 2 * METRICS.pillPadding, breadth: METRICS.pillHeight };
}

function place({ centres }: Layout, id: string, right: boolean): Point {
  const centre = present(centres.get(id), id);
  return right ? centre : swap(centre);
}
