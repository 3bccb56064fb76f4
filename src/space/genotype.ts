import { UserError } from '../base/user-error.js';
import type { ChoiceArchitecture } from './architecture.js';
import { describeCells } from './describe.js';
import type { DecisionSlot } from './layout.js';
import { cellTypesOf, layoutOf, slotNamed } from './layout.js';
import { whyIllegal } from './legal.js';
import { publishedName } from './published-names.js';
import type { CellType, SearchSpace, Wire } from './search-space.js';

/** Cell name → node name → edges `[source, op]`, by the space's own names: what `--json` prints. */
export type PlainCells = Readonly<
  Record<string, Readonly<Record<string, readonly (readonly [source: string, op: string])[]>>>
>;

/** An architecture in the space's own names. */
export function plainCells(space: SearchSpace, architecture: ChoiceArchitecture): PlainCells {
  const cells = describeCells(space, architecture).map(({ cell, nodes }) => {
    const names = nodeNames(cell);
    const plain = nodes.map((node) => {
      const edges = node.edges.map(({ from, op }) => [names[from] ?? '', op.name] as const);
      return [node.name, edges] as const;
    });
    return [cell.name, Object.fromEntries(plain)] as const;
  });
  return Object.fromEntries(cells);
}

/**
 * The genotype text of the DARTS code base, which other tools read:
 * `Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=range(2, 6), reduce=[…], reduce_concat=range(2, 6))`.
 */
export function genotypeText(space: SearchSpace, architecture: ChoiceArchitecture): string {
  const fields = describeCells(space, architecture).flatMap(({ cell, nodes }) => {
    const name = cell.name.toLowerCase();
    const pairs = nodes.flatMap(({ edges }) =>
      edges.map(({ from, op }) => `('${publishedName(op)}', ${from})`),
    );
    return [`${name}=[${pairs.join(', ')}]`, `${name}_concat=${rangeText(cell.output.nodes)}`];
  });
  return `Genotype(${fields.join(', ')})`;
}

/**
 * The architecture that a genotype text describes. Ops may be called by their published or by the space's name, the
 * pairs of a node may come in any order. Throws `UserError` where it is not in the space.
 */
export function parseGenotype(space: SearchSpace, text: string): ChoiceArchitecture {
  const layout = layoutOf(space);
  const values = new Map<string, readonly number[]>();
  for (const cell of cellTypesOf(space)) {
    const wires = cell.nodes.flatMap((node) => node.wires);
    const pairs = parsePairs(cell, text);
    const numPairs = wires.reduce((sum, wire) => sum + numEdges(wire, layout), 0);
    if (pairs.length !== numPairs) {
      throw mismatch(`cell ${cell.name} has ${numPairs} edges, the genotype names ${pairs.length}`);
    }
    for (const wire of wires) {
      const own = pairs.splice(0, numEdges(wire, layout));
      const options = own.map((pair) => optionOf(cell, wire, pair)).sort((a, b) => a - b);
      if (wire.decision !== undefined) values.set(wire.decision, options);
    }
  }
  return collect(space, layout, values);
}

interface Pair {
  readonly op: string;
  readonly from: number;
}

function parsePairs(cell: CellType, text: string): Pair[] {
  const name = cell.name.toLowerCase();
  const list = new RegExp(`(?:^|[^\\w])${name}\\s*=\\s*\\[([^\\]]*)\\]`, 'i').exec(text)?.[1];
  if (list === undefined) throw mismatch(`it has no list "${name}=[…]"`);
  return [...list.matchAll(/\(\s*['"]([^'"]+)['"]\s*,\s*(\d+)\s*\)/g)].map(([, op = '', from]) => ({
    op,
    from: Number(from),
  }));
}

function numEdges({ decision }: Wire, layout: readonly DecisionSlot[]): number {
  return decision === undefined ? 1 : slotNamed(layout, decision).length;
}

function optionOf(cell: CellType, wire: Wire, { op, from }: Pair): number {
  const candidates = wire.kind === 'choose' ? wire.candidates : [wire.from];
  const source = candidates.indexOf(from);
  if (source < 0) throw mismatch(`a node of cell ${cell.name} cannot read node ${from}`);
  const index = wire.ops.findIndex((choice) => publishedName(choice) === op || choice.name === op);
  if (index < 0) throw mismatch(`cell ${cell.name} has no op ${op}`);
  return source * wire.ops.length + index;
}

function collect(
  space: SearchSpace,
  layout: readonly DecisionSlot[],
  values: ReadonlyMap<string, readonly number[]>,
): ChoiceArchitecture {
  const all = layout.flatMap(({ decision }) => {
    const own = values.get(decision.name);
    if (own === undefined) throw mismatch(`${decision.name} is not a choice of a cell`);
    const reason = whyIllegal(decision, own);
    if (reason !== undefined) throw mismatch(`${decision.name}: ${reason}`);
    return own;
  });
  return { kind: 'choices', space: space.id, values: all };
}

function mismatch(what: string): UserError {
  return new UserError(
    `The genotype is not of this space: ${what}`,
    'Check that it was made for this space.',
  );
}

function nodeNames(cell: CellType): readonly string[] {
  return [...cell.inputs, ...cell.nodes].map(({ name }) => name);
}

/** `range(2, 6)` for consecutive nodes, else `[2, 4]`. */
function rangeText(nodes: readonly number[]): string {
  const first = nodes[0] ?? 0;
  const isRange = nodes.length > 1 && nodes.every((node, i) => node === first + i);
  return isRange ? `range(${first}, ${first + nodes.length})` : `[${nodes.join(', ')}]`;
}
