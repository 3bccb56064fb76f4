import dagre from '@dagrejs/dagre';
import { present } from '../base/assert.js';
import { Rng } from '../base/rng.js';
import type { Point } from '../protocol/drawing.js';

export interface LayoutVertex {
  readonly id: string;
  /** Size along the flow and across it. */
  readonly length: number;
  readonly breadth: number;
}

export interface LayoutLink {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** How much this link is kept short and straight. */
  readonly weight: number;
}

export interface LayoutOptions {
  /** Least room between columns; lines that change height by `d` get `slant`·d (within bounds). */
  readonly columnGap: number;
  readonly slant: number;
  readonly rowGap: number;
  /** Vertices that stand in the first column; the first of them above the last where possible. */
  readonly sources: readonly string[];
}

/** Positions along the flow (x) and across it (y), from 0 on. */
export interface Layout {
  readonly length: number;
  readonly breadth: number;
  readonly centres: ReadonlyMap<string, Point>;
  /** Link → where it passes the columns between its ends. */
  readonly passages: ReadonlyMap<string, readonly Passage[]>;
}

/** A link crosses a column as a straight line at `y` from `from` to `to`, so that it touches nothing in it. */
export interface Passage {
  readonly from: number;
  readonly to: number;
  readonly y: number;
}

/** Result of one attempt: columns are numbered, their places still open. */
interface Placement {
  /** Half of the length of the longest vertex, by column. */
  readonly halves: readonly number[];
  readonly vertices: ReadonlyMap<string, Spot>;
  /** Link → all its spots, ends included. */
  readonly paths: ReadonlyMap<string, readonly Spot[]>;
}

interface Spot {
  readonly column: number;
  readonly y: number;
}

/** What is used of dagre, whose own types do not resolve in native modules. */
interface Dagre {
  readonly graphlib: { readonly Graph: new (options: { multigraph: boolean }) => DagreGraph };
  readonly layout: (graph: DagreGraph) => void;
}

interface DagreEdge {
  readonly weight: number;
  /** In columns. */
  readonly minlen: number;
}

interface DagreGraph {
  setGraph(options: Readonly<Record<string, string | number>>): void;
  setNode(id: string, size: { readonly width: number; readonly height: number }): void;
  setEdge(from: string, to: string, options: DagreEdge, name: string): void;
  node(id: string): { readonly x: number; readonly y: number };
  edge(
    from: string,
    to: string,
    name: string,
  ): { readonly points: readonly { readonly x: number; readonly y: number }[] };
}

const { graphlib, layout } = dagre as unknown as Dagre;

const ROOT = '\u0000root';
const MOST_EXTRA_GAP = 70;
/** Attempts with other orders of the same graph: dagre's heuristic depends on it. Larger graphs get one. */
const ATTEMPTS = 8;
const LARGEST_RETRIED = 60;

/**
 * Layers a directed acyclic graph (Sugiyama's method, by dagre) from left to right. Of several attempts the one with
 * the fewest crossings and the least change of height is taken. The same graph always gets the same layout.
 */
export function layered(
  vertices: readonly LayoutVertex[],
  links: readonly LayoutLink[],
  options: LayoutOptions,
): Layout {
  const rng = Rng.fromSeed(0);
  let best = attempt(vertices, links, options);
  const numAttempts = vertices.length <= LARGEST_RETRIED ? ATTEMPTS : 1;
  for (let i = 1; i < numAttempts && untidiness(best) >= 1; i++) {
    const next = attempt(shuffled(vertices, rng), shuffled(links, rng), options);
    if (untidiness(next) < untidiness(best)) best = next;
  }
  return spaced(vertices, upright(best, options.sources), options);
}

function shuffled<T>(items: readonly T[], rng: Rng): readonly T[] {
  return [...rng.permutation(items.length)].map((i) => items[i]!);
}

function attempt(
  vertices: readonly LayoutVertex[],
  links: readonly LayoutLink[],
  options: LayoutOptions,
): Placement {
  const { columnGap, rowGap, sources } = options;
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', ranksep: columnGap, nodesep: rowGap, edgesep: rowGap });
  graph.setNode(ROOT, { width: 0, height: 0 });
  for (const { id, length, breadth } of vertices) graph.setNode(id, { width: length, height: breadth });
  for (const id of sources) graph.setEdge(ROOT, id, { weight: 1000, minlen: 1 }, 'root');
  for (const id of rootless(vertices, links, sources))
    graph.setEdge(ROOT, id, { weight: 0, minlen: 2 }, 'root');
  for (const { id, from, to, weight } of links) graph.setEdge(from, to, { weight, minlen: 1 }, id);
  layout(graph);

  const centres = vertices.map(({ id }) => graph.node(id));
  const places = [...new Set(centres.map(({ x }) => Math.round(x)))].sort((a, b) => a - b);
  const spotAt = ({ x, y }: { x: number; y: number }): Spot => ({ column: places.indexOf(Math.round(x)), y });
  const halves = places.map(() => 0);
  const spots = new Map<string, Spot>();
  vertices.forEach(({ id, length }, i) => {
    const spot = spotAt(centres[i]!);
    spots.set(id, spot);
    halves[spot.column] = Math.max(halves[spot.column]!, length / 2);
  });
  const paths = new Map<string, readonly Spot[]>();
  for (const { id, from, to } of links) {
    const { points } = graph.edge(from, to, id);
    const inner = points.slice(1, -1).map(spotAt);
    const known = inner.filter(({ column }) => column >= 0);
    paths.set(id, [present(spots.get(from), from), ...known, present(spots.get(to), to)]);
  }
  return { halves, vertices: spots, paths };
}

/** Vertices that nothing leads to, apart from the sources: they stand right of these. */
function rootless(
  vertices: readonly LayoutVertex[],
  links: readonly LayoutLink[],
  sources: readonly string[],
): readonly string[] {
  const led = new Set([...sources, ...links.map((link) => link.to)]);
  return vertices.map(({ id }) => id).filter((id) => !led.has(id));
}

/** Changes of height between one column and the next, by column. */
function slopesOf({ halves, paths }: Placement): readonly (readonly [left: number, right: number][])[] {
  const slopes: [number, number][][] = halves.map(() => []);
  for (const spots of paths.values()) {
    for (let i = 1; i < spots.length; i++) slopes[spots[i - 1]!.column]!.push([spots[i - 1]!.y, spots[i]!.y]);
  }
  return slopes;
}

/** Number of crossings, plus the changes of height in thousands of px. */
function untidiness(placement: Placement): number {
  let sum = 0;
  for (const slopes of slopesOf(placement)) {
    slopes.forEach(([left, right], i) => {
      sum += Math.abs(right - left) / 1000;
      for (const [otherLeft, otherRight] of slopes.slice(0, i)) {
        if ((left - otherLeft) * (right - otherRight) < 0) sum++;
      }
    });
  }
  return sum;
}

/** Upside down where that brings the first source above the last. */
function upright(placement: Placement, sources: readonly string[]): Placement {
  const heights = sources.map((id) => present(placement.vertices.get(id), id).y);
  if (heights.length < 2 || heights[0]! <= heights.at(-1)!) return placement;
  const flip = ({ column, y }: Spot): Spot => ({ column, y: -y });
  return {
    halves: placement.halves,
    vertices: new Map([...placement.vertices].map(([id, spot]) => [id, flip(spot)])),
    paths: new Map([...placement.paths].map(([id, spots]) => [id, spots.map(flip)])),
  };
}

/** Puts the columns where slanting lines have room. */
function spaced(vertices: readonly LayoutVertex[], placement: Placement, options: LayoutOptions): Layout {
  const { halves } = placement;
  const xs: number[] = [];
  let x = 0;
  slopesOf(placement).forEach((slopes, column) => {
    xs.push(x + halves[column]!);
    const steepest = slopes.reduce((most, [left, right]) => Math.max(most, Math.abs(right - left)), 0);
    x += 2 * halves[column]! + options.columnGap + Math.min(options.slant * steepest, MOST_EXTRA_GAP);
  });
  const length = xs.at(-1)! + halves.at(-1)!;
  const [top, bottom] = extent(vertices, placement);
  const centres = new Map<string, Point>();
  for (const [id, { column, y }] of placement.vertices) centres.set(id, [xs[column]!, y - top]);
  const passages = new Map<string, readonly Passage[]>();
  for (const [id, spots] of placement.paths) {
    const inner = spots.slice(1, -1).map(({ column, y }): Passage => {
      return { from: xs[column]! - halves[column]!, to: xs[column]! + halves[column]!, y: y - top };
    });
    passages.set(id, inner);
  }
  return { length, breadth: bottom - top, centres, passages };
}

function extent(
  vertices: readonly LayoutVertex[],
  placement: Placement,
): readonly [top: number, bottom: number] {
  let [top, bottom] = [Infinity, -Infinity];
  const cover = (y: number, breadth: number): void => {
    top = Math.min(top, y - breadth / 2);
    bottom = Math.max(bottom, y + breadth / 2);
  };
  for (const { id, breadth } of vertices) cover(present(placement.vertices.get(id), id).y, breadth);
  for (const { y } of [...placement.paths.values()].flat()) cover(y, 2);
  return [top, bottom];
}
