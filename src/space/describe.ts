import { assert, present } from '../base/assert.js';
import type { ChoiceArchitecture } from './architecture.js';
import type { DecisionSlot } from './layout.js';
import { cellTypesOf, layoutOf, slotNamed } from './layout.js';
import type { CellType, OpChoice, SearchSpace, Wire } from './search-space.js';

/** The cells of an architecture, by cell type: what drawings and genotypes are made of. */
export interface CellDescription {
  readonly cell: CellType;
  /** In the cell's order. */
  readonly nodes: readonly NodeDescription[];
}

export interface NodeDescription {
  readonly name: string;
  /** Chosen and fixed edges, wire by wire, a wire's own in ascending order of its options. */
  readonly edges: readonly EdgeDescription[];
  /** What follows the merge. */
  readonly then: OpChoice | undefined;
}

export interface EdgeDescription {
  /** Node of the cell that is read; inputs count first. */
  readonly from: number;
  readonly op: OpChoice;
}

/** One entry per cell type of the space. */
export function describeCells(
  space: SearchSpace,
  architecture: ChoiceArchitecture,
): readonly CellDescription[] {
  assert(architecture.space === space.id, `The architecture is not of space ${space.id}`);
  const layout = layoutOf(space);
  const chosen = (decision: string | undefined): readonly number[] =>
    decision === undefined ? [0] : valuesOf(slotNamed(layout, decision), architecture.values);
  return cellTypesOf(space).map((cell) => ({
    cell,
    nodes: cell.nodes.map((node) => ({
      name: node.name,
      edges: node.wires.flatMap((wire) => chosen(wire.decision).map((option) => edgeOf(wire, option))),
      then: node.then[chosen(node.thenDecision)[0] ?? 0],
    })),
  }));
}

function valuesOf({ offset, length }: DecisionSlot, values: readonly number[]): readonly number[] {
  return values.slice(offset, offset + length);
}

function edgeOf(wire: Wire, option: number): EdgeDescription {
  const candidates = wire.kind === 'choose' ? wire.candidates : [wire.from];
  return {
    from: present(candidates[Math.floor(option / wire.ops.length)], 'candidate'),
    op: present(wire.ops[option % wire.ops.length], 'op'),
  };
}
