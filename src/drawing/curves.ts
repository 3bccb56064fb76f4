import type { Curve, Point } from '../protocol/drawing.js';
import type { Passage } from './layered.js';

/** Where a line leaves or meets an outline, and the direction (unit vector) in which it goes there. */
export interface Anchor {
  readonly at: Point;
  readonly direction: Point;
}

/** Outline of a node, as lines see it. */
export interface Outline {
  readonly round: boolean;
  readonly centre: Point;
  readonly length: number;
  readonly breadth: number;
}

/** Largest angle between the flow and a line at a circle. */
const SPREAD = Math.PI / 4.2;

/** `count` anchors on the side where lines leave (`side` = 1) or arrive (−1), from top to bottom. */
export function anchors(outline: Outline, count: number, side: 1 | -1): readonly Anchor[] {
  const reach = Math.min(1, (count - 1) / 3);
  return Array.from({ length: count }, (_, i) => {
    const t = count === 1 ? 0 : ((2 * i) / (count - 1) - 1) * reach;
    return outline.round ? onCircle(outline, t * SPREAD, side) : onSide(outline, t, side);
  });
}

/** A line through its passages: straight across each, a smooth S between them. */
export function route(start: Anchor, passages: readonly Passage[], end: Anchor): Curve {
  const pieces: (readonly [Point, Point, Point])[] = [];
  let from = start;
  for (const { from: left, to: right, y } of passages) {
    pieces.push(bend(from, { at: [left, y], direction: ALONG }));
    if (right > left) pieces.push(straight([left, y], [right, y]));
    from = { at: [right, y], direction: ALONG };
  }
  pieces.push(bend(from, end));
  return { start: start.at, pieces };
}

/** Moves the end of a line back by `length` and puts an arrow head there. */
export function headed({ at, direction }: Anchor, length: number): { end: Anchor; arrow: Arrow } {
  const base = step(at, direction, -length);
  const across: Point = [-direction[1], direction[0]];
  const arrow: Arrow = [at, step(base, across, length * 0.45), step(base, across, -length * 0.45)];
  return { end: { at: step(at, direction, 1 - length), direction }, arrow };
}

export type Arrow = readonly [tip: Point, corner: Point, corner: Point];

/** The same line with x and y exchanged: for drawings that flow down. */
export function transpose({ start, pieces }: Curve): Curve {
  return { start: swap(start), pieces: pieces.map(([a, b, c]) => [swap(a), swap(b), swap(c)] as const) };
}

const ALONG: Point = [1, 0];

export function swap([x, y]: Point): Point {
  return [y, x];
}

function bend(from: Anchor, to: Anchor): readonly [Point, Point, Point] {
  const pull = Math.max(0.5 * Math.abs(to.at[0] - from.at[0]), 4);
  return [step(from.at, from.direction, pull), step(to.at, to.direction, -pull), to.at];
}

function straight(from: Point, to: Point): readonly [Point, Point, Point] {
  const third = (to[0] - from[0]) / 3;
  return [step(from, ALONG, third), step(to, ALONG, -third), to];
}

function step([x, y]: Point, [dx, dy]: Point, by: number): Point {
  return [x + dx * by, y + dy * by];
}

function onCircle({ centre, length }: Outline, angle: number, side: 1 | -1): Anchor {
  const radius = length / 2;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return {
    at: [centre[0] + side * radius * cosine, centre[1] + radius * sine],
    direction: [cosine, side * sine],
  };
}

function onSide({ centre, length, breadth }: Outline, t: number, side: 1 | -1): Anchor {
  return { at: [centre[0] + (side * length) / 2, centre[1] + t * 0.32 * breadth], direction: ALONG };
}
