import { assert, present } from '../base/assert.js';
import type { Decision } from './decision.js';
import { numValues } from './decision.js';
import type { CellType, SearchSpace } from './search-space.js';

/** Where the values of a decision stand in an architecture. */
export interface DecisionSlot {
  readonly decision: Decision;
  /** Index of its first value. */
  readonly offset: number;
  readonly length: number;
}

/** One slot per decision, in order. */
export function layoutOf(space: Pick<SearchSpace, 'decisions'>): readonly DecisionSlot[] {
  let offset = 0;
  return space.decisions.map((decision) => {
    const slot = { decision, offset, length: numValues(decision) };
    offset += slot.length;
    return slot;
  });
}

/** Number of values of an architecture. */
export function numSpaceValues(space: Pick<SearchSpace, 'decisions'>): number {
  return space.decisions.reduce((sum, decision) => sum + numValues(decision), 0);
}

export function slotNamed(layout: readonly DecisionSlot[], name: string): DecisionSlot {
  return present(
    layout.find(({ decision }) => decision.name === name),
    `decision ${name}`,
  );
}

/** Names of the decisions that a cell type asks, in the order of its nodes and wires. */
export function decisionsOfCell(cell: CellType): readonly string[] {
  return cell.nodes.flatMap((node) => [
    ...node.wires.flatMap((wire) => wire.decision ?? []),
    ...(node.thenDecision === undefined ? [] : [node.thenDecision]),
  ]);
}

/** The cell types of a space; none where it is not made of cells. */
export function cellTypesOf(space: Pick<SearchSpace, 'template'>): readonly CellType[] {
  return space.template.kind === 'cells' ? space.template.cells : [];
}

export function cellTypeNamed(space: Pick<SearchSpace, 'template' | 'name'>, name: string): CellType {
  const cell = cellTypesOf(space).find((type) => type.name === name);
  assert(cell !== undefined, `Space ${space.name} has no cell ${name}`);
  return cell;
}
