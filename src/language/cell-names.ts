import type { Cell, NodeDecl, NodeRef } from './generated/ast.js';
import { isInput } from './generated/ast.js';
import type { Reporter } from './reporter.js';

/** More nodes than this in one cell are a slip of the keyboard. */
const MOST_NODES = 256;

/** A node of a cell with its index; inputs count first. */
export interface NumberedNode {
  readonly declaration: NodeDecl;
  readonly index: number;
  /** E.g. `x1` for the first of `x[1..4]`, `y` for a single node. */
  readonly name: string;
  /** E.g. `x[1]`. */
  readonly label: string;
}

/** Which index each name in a cell stands for. */
export interface CellNames {
  readonly cell: Cell;
  readonly numInputs: number;
  readonly nodes: readonly NumberedNode[];
  /** `s0`, `x1`. */
  shortName(index: number): string;
  /** `s0`, `x[1]`. */
  longName(index: number): string;
}

/** Numbers inputs and nodes of a cell; undefined after its mistakes were reported. */
export function numberNodes(cell: Cell, reporter: Reporter): CellNames | undefined {
  const numInputs = cell.inputs.length;
  const nodes: NumberedNode[] = [];
  for (const declaration of cell.nodes) {
    const { range, name } = declaration;
    if (range === undefined) {
      nodes.push({ declaration, index: numInputs + nodes.length, name, label: name });
      continue;
    }
    const high = range.high ?? range.low;
    if (!checkRange(range, high, reporter)) return undefined;
    for (let i = range.low; i <= high; i++) {
      nodes.push({
        declaration,
        index: numInputs + nodes.length,
        name: `${name}${i}`,
        label: `${name}[${i}]`,
      });
    }
  }
  const names = [...cell.inputs.map((input) => input.name), ...nodes.map((node) => node.name)];
  if (!checkNames(cell, names, reporter)) return undefined;
  const labels = [...cell.inputs.map((input) => input.name), ...nodes.map((node) => node.label)];
  const shortName = (index: number): string => names[index] ?? `#${index}`;
  const longName = (index: number): string => labels[index] ?? `#${index}`;
  return { cell, numInputs, nodes, shortName, longName };
}

/** Indices a reference stands for: one, or those of a range. */
export function connectableOf(
  reference: NodeRef,
  names: CellNames,
  reporter: Reporter,
): number[] | undefined {
  const target = reference.ref.ref;
  if (target === undefined) return undefined;
  if (isInput(target)) {
    const index = names.cell.inputs.findIndex((input) => input.name === target.name);
    if (reference.range === undefined) return [index];
    const message = `input \`${target.name}\` has no index`;
    reporter.error(reference.range, { code: 'NAS122', message, remedy: `Write ${target.name}.` });
    return undefined;
  }
  const nodes = names.nodes.filter((node) => node.declaration === target);
  if (reference.range === undefined) return nodes.map((node) => node.index);
  const { low, high = low } = reference.range;
  const wanted = nodes.filter((node) => isWithin(node, low, high));
  if (wanted.length === high - low + 1) return wanted.map((node) => node.index);
  const own = target.range;
  const ends = own === undefined ? 'has no index' : `has the nodes ${own.low}..${own.high ?? own.low}`;
  const message = `\`${target.name}\` ${ends}, not ${low === high ? low : `${low}..${high}`}`;
  const remedy =
    own === undefined
      ? `Write ${target.name}.`
      : `Write ${target.name}[${own.high ?? own.low}], for example.`;
  reporter.error(reference.range, { code: 'NAS122', message, remedy });
  return undefined;
}

function isWithin(node: NumberedNode, low: number, high: number): boolean {
  const index = Number(/\[(\d+)\]$/.exec(node.label)?.[1] ?? NaN);
  return index >= low && index <= high;
}

function checkRange(range: NonNullable<NodeDecl['range']>, high: number, reporter: Reporter): boolean {
  const { low } = range;
  const isWhole = Number.isInteger(low) && Number.isInteger(high);
  if (isWhole && low <= high && high - low < MOST_NODES) return true;
  const message =
    low > high
      ? `the range ${low}..${high} is empty`
      : `a cell has whole node numbers and at most ${MOST_NODES} nodes`;
  const remedy = low > high ? `Write ${high}..${low}.` : 'Write 1..4, for example.';
  reporter.error(range, { code: 'NAS140', message, remedy });
  return false;
}

function checkNames(cell: Cell, names: readonly string[], reporter: Reporter): boolean {
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double === undefined) return true;
  const message = `two inputs or nodes of cell \`${cell.name}\` are called \`${double}\``;
  reporter.error(
    { node: cell, property: 'name' },
    { code: 'NAS103', message, remedy: 'Rename one of them.' },
  );
  return false;
}
