import type { ChoiceArchitecture } from './architecture.js';
import type { CellDescription } from './describe.js';
import { describeCells } from './describe.js';
import { publishedName } from './published-names.js';
import type { SearchSpace } from './search-space.js';

/**
 * The text by which NAS-Bench-201 names a cell: `|op~source|` per edge, nodes joined by `+`, e.g.
 * `|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+…`. Dong & Yang, ICLR 2020; `genotypes.Structure.tostr`.
 */
export function nasBench201Name(space: SearchSpace, architecture: ChoiceArchitecture): string {
  return nodesOf(space, architecture)
    .map(({ edges }) => `|${edges.map(({ from, op }) => `${publishedName(op)}~${from}`).join('|')}|`)
    .join('+');
}

/**
 * The published form of a cell in which cells of equal function are (mostly) equal: `Structure.to_unique_str(True)`.
 * `none` and edges from a node that is exactly `#` are `#`, skips are what they read, the summands of a node are
 * sorted. It has 6,466 distinct values over the 15,625 cells. It does not drop zeros from sums, so that some cells of
 * equal function stay apart, and it joins cells of different parameter counts: no key for costs or accuracies.
 */
export function nasBench201String(space: SearchSpace, architecture: ChoiceArchitecture): string {
  const texts = ['0'];
  for (const { edges } of nodesOf(space, architecture)) {
    const summands = edges.map(({ from, op }) => edgeText(publishedName(op), texts[from] ?? ''));
    texts.push(summands.sort(byCodeUnits).join('+'));
  }
  return texts.at(-1) ?? '';
}

function nodesOf(space: SearchSpace, architecture: ChoiceArchitecture): CellDescription['nodes'] {
  return describeCells(space, architecture).flatMap(({ nodes }) => nodes);
}

function edgeText(op: string, source: string): string {
  if (op === 'none' || source === '#') return '#';
  return op === 'skip_connect' ? source : `(${source})@${op}`;
}

/** Python's order of strings. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
