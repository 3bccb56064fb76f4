import { present } from '../../base/assert.js';
import { UserError } from '../../base/user-error.js';
import type { DecisionSlot } from '../layout.js';
import { cellTypeNamed, layoutOf, slotNamed } from '../layout.js';
import type {
  CellNode,
  CellTemplate,
  CellType,
  Merge,
  NetStep,
  OpCall,
  OpChoice,
  Scale,
  SearchSpace,
  Wire,
} from '../search-space.js';

/** How keys of weights are made. */
export type WeightMode =
  /** Shared by all paths: (cell position, node, source, op). */
  | 'supernet'
  /** Of one network: (cell position, node, slot of the choice, op). */
  | 'standalone';

/** The net of a space at a scale, unrolled: what does not depend on the architecture. */
export interface NetPlan {
  readonly steps: readonly PlannedStep[];
  readonly numCells: number;
  /** Number of places where a chain stands: see `WirePlan.firstSite`. */
  readonly numSites: number;
}

export type PlannedStep =
  | {
      readonly kind: 'chain';
      readonly role: 'stem' | 'down' | 'head';
      readonly chain: readonly OpCall[];
      readonly site: number;
      /** Index in the template's `net`. */
      readonly step: number;
      /** Begins its weight keys, e.g. `stem0`. */
      readonly prefix: string;
    }
  | { readonly kind: 'cell'; readonly step: number; readonly cell: CellPlan };

/** One cell of the net. */
export interface CellPlan {
  readonly type: CellType;
  /** 0 for the first cell. */
  readonly position: number;
  /** Multiplies C; undefined: told from the map before. */
  readonly channels: number | undefined;
  /** Site of the preprocessing of the first input; the others follow. */
  readonly firstInputSite: number;
  readonly nodes: readonly NodePlan[];
}

export interface NodePlan {
  readonly name: string;
  readonly merge: Merge;
  readonly wires: readonly WirePlan[];
  /** What follows the merge. */
  readonly then: WirePlan | undefined;
}

/** A wire: `count` options, each a candidate and an op. */
export interface WirePlan {
  /** Index of its first value in an architecture; −1: nothing to decide, the option is 0. */
  readonly offset: number;
  readonly count: number;
  /** Nodes of the cell to read from. */
  readonly candidates: readonly number[];
  readonly ops: readonly OpChoice[];
  /** Site of option 0 (of slot 0); options follow, then slots, where the mode tells slots apart. */
  readonly firstSite: number;
  /** Slots of one wire have sites of their own. */
  readonly hasSlots: boolean;
  /** Weight keys are `prefix` + (slot, source or nothing) + op. */
  readonly prefix: string;
  /** Number of the first slot in its node. */
  readonly firstSlot: number;
}

export function planNet(space: SearchSpace, template: CellTemplate, scale: Scale, mode: WeightMode): NetPlan {
  const planner = new Planner(space, scale, mode);
  planner.addSteps(template.net);
  return { steps: planner.steps, numCells: planner.numCells, numSites: planner.numSites };
}

class Planner {
  readonly steps: PlannedStep[] = [];
  numCells = 0;
  numSites = 0;
  readonly #space: SearchSpace;
  readonly #scale: Scale;
  readonly #mode: WeightMode;
  readonly #layout: readonly DecisionSlot[];
  readonly #numChains = { stem: 0, down: 0, head: 0 };

  constructor(space: SearchSpace, scale: Scale, mode: WeightMode) {
    this.#space = space;
    this.#scale = scale;
    this.#mode = mode;
    this.#layout = layoutOf(space);
  }

  addSteps(net: readonly NetStep[]): void {
    for (const [index, step] of net.entries()) this.#addStep(step, index);
  }

  #addStep(step: NetStep, index: number): void {
    switch (step.kind) {
      case 'chain': {
        const prefix = `${step.role}${this.#numChains[step.role]++}`;
        const { role, chain } = step;
        this.steps.push({ kind: 'chain', role, chain, site: this.#sites(1), step: index, prefix });
        return;
      }
      case 'cells':
        for (const cell of cellSequence(step, this.#scale.cells)) this.#addCell(cell, index, undefined);
        return;
      case 'cell':
        this.#addCell(step.cell, index, step.channels);
        return;
      case 'repeat': {
        const count = step.count === 'cells' ? this.#scale.cells : step.count;
        for (let i = 0; i < count; i++) for (const inner of step.steps) this.#addStep(inner, index);
      }
    }
  }

  #addCell(name: string, step: number, channels: number | undefined): void {
    const type = cellTypeNamed(this.#space, name);
    const position = this.numCells++;
    const firstInputSite = this.#sites(type.inputs.length);
    const nodes = type.nodes.map((node) => this.#node(node, `cell${position}.${node.name}`));
    this.steps.push({ kind: 'cell', step, cell: { type, position, channels, firstInputSite, nodes } });
  }

  #node(node: CellNode, prefix: string): NodePlan {
    const isAmbiguous = readsOneSourceTwice(node);
    let firstSlot = 0;
    const wires = node.wires.map((wire, index) => {
      const count = wire.kind === 'choose' ? slotNamed(this.#layout, wire.decision).length : 1;
      const plan = this.#wire({
        decision: wire.decision,
        count,
        candidates: wire.kind === 'choose' ? wire.candidates : [wire.from],
        ops: wire.ops,
        hasSlots: this.#mode === 'standalone',
        prefix: isAmbiguous && this.#mode === 'supernet' ? `${prefix}.wire${index}` : prefix,
        firstSlot,
      });
      firstSlot += count;
      return plan;
    });
    const then = node.then.length === 0 ? undefined : this.#then(node, prefix);
    return { name: node.name, merge: node.merge, wires, then };
  }

  #then(node: CellNode, prefix: string): WirePlan {
    return this.#wire({
      decision: node.thenDecision,
      count: 1,
      candidates: [0],
      ops: node.then,
      hasSlots: false,
      prefix: `${prefix}.then`,
      firstSlot: 0,
    });
  }

  #wire(wire: Omit<WirePlan, 'offset' | 'firstSite'> & { readonly decision: string | undefined }): WirePlan {
    const { decision, ...rest } = wire;
    const numOptions = wire.candidates.length * wire.ops.length;
    const offset = decision === undefined ? -1 : slotNamed(this.#layout, decision).offset;
    return { ...rest, offset, firstSite: this.#sites(numOptions * (wire.hasSlots ? wire.count : 1)) };
  }

  #sites(count: number): number {
    const first = this.numSites;
    this.numSites += count;
    return first;
  }
}

/** Names of the cells of a `cells` step: specials at floor(L·numerator/denominator), a later one wins. */
function cellSequence(
  step: Extract<NetStep, { readonly kind: 'cells' }>,
  numCells: number,
): readonly string[] {
  if (!Number.isSafeInteger(numCells) || numCells < 1) {
    throw new UserError(`A net of ${numCells} cells cannot be built`, 'Give the scale at least one cell.');
  }
  const names = Array.from({ length: numCells }, () => step.otherwise);
  for (const { cell, numerator, denominator } of step.special) {
    const position = Math.floor((numCells * numerator) / denominator);
    if (position < numCells) names[position] = cell;
  }
  return names;
}

/** Whether two wires of a node have a source in common, so that source and op do not name an edge. */
function readsOneSourceTwice(node: CellNode): boolean {
  const sources = node.wires.flatMap(sourcesOf);
  return new Set(sources).size < sources.length;
}

function sourcesOf(wire: Wire): readonly number[] {
  return wire.kind === 'choose' ? wire.candidates : [wire.from];
}

/** Name of a node of a cell, inputs counted first. */
export function nodeName(type: CellType, index: number): string {
  const input = type.inputs[index];
  return input === undefined ? present(type.nodes[index - type.inputs.length], 'node').name : input.name;
}
