import { UserError } from '../../base/user-error.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import type { Decision } from '../../space/decision.js';
import type { DecisionSlot } from '../../space/layout.js';
import { cellTypesOf, decisionsOfCell, layoutOf } from '../../space/layout.js';
import type { SearchSpace } from '../../space/search-space.js';
import type { SlotGroup } from '../archives/slot-usage.js';

type Choice = Extract<Decision, { readonly kind: 'categorical' | 'subset' }>;

/**
 * The searched part of one cell type as EN²AS sees it. Two forms of a cell:
 *
 * - *options* (S,): its values in an architecture, decision by decision; canonical, since a subset's values ascend
 *   (ENNAS compares (input, op) pairs in the order they were drawn; sorting them makes equal cells equal);
 * - *genes* (G,): per value of a subset its input and its op, per categorical decision its option, as in ENNAS'
 *   16-gene vectors. Reals in between are legal; `toOptions` rounds, clips and sorts.
 */
export class CellGenes {
  readonly name: string;
  readonly numSlots: number;
  /** By gene: largest legal value; the smallest is 0. */
  readonly highs: readonly number[];
  readonly groups: readonly SlotGroup[];
  readonly #choices: readonly GeneChoice[];

  constructor(name: string, slots: readonly DecisionSlot[]) {
    this.name = name;
    this.#choices = slots.map(({ decision, offset }) => geneChoice(name, decision, offset));
    this.groups = this.#choices;
    this.numSlots = this.#choices.reduce((sum, { picks }) => sum + picks, 0);
    this.highs = this.#choices.flatMap((choice) => {
      if (!choice.isPaired) return [choice.numOptions - 1];
      const pair = [choice.numOptions / choice.groupSize - 1, choice.groupSize - 1];
      return Array.from({ length: choice.picks }, () => pair).flat();
    });
  }

  /** The cell's options in an architecture, (S,). */
  optionsOf(architecture: ChoiceArchitecture): Int16Array {
    const options = new Int16Array(this.numSlots);
    let slot = 0;
    for (const { offset, picks } of this.#choices) {
      for (let i = 0; i < picks; i++) options[slot++] = architecture.values[offset + i]!;
    }
    return options;
  }

  /** Writes the cell's options (S,) to where they stand among an architecture's values. */
  placeOptions(options: ArrayLike<number>, values: number[]): void {
    let slot = 0;
    for (const { offset, picks } of this.#choices) {
      for (let i = 0; i < picks; i++) values[offset + i] = options[slot++]!;
    }
  }

  /** (S,) options → (G,) genes. */
  toGenes(options: ArrayLike<number>, genes: Float64Array): void {
    let gene = 0;
    let slot = 0;
    for (const { isPaired, groupSize, picks } of this.#choices) {
      for (let i = 0; i < picks; i++) {
        const option = options[slot++]!;
        if (isPaired) genes[gene++] = Math.floor(option / groupSize);
        genes[gene++] = isPaired ? option % groupSize : option;
      }
    }
  }

  /**
   * (G,) genes → (S,) options: rounded, clipped to the legal ranges, sorted. Where a node may not read one input twice,
   * the later pair moves to the nearest free input (the lower of two).
   */
  toOptions(genes: ArrayLike<number>, options: Int16Array): void {
    let gene = 0;
    let slot = 0;
    for (const choice of this.#choices) {
      const { isPaired, groupSize, picks, isDistinct } = choice;
      const first = slot;
      for (let i = 0; i < picks; i++) {
        const value = this.#legal(genes, gene++);
        const input = isDistinct ? freeInput(choice, value, options, first, slot) : value;
        const option = isPaired ? input * groupSize + this.#legal(genes, gene++) : value;
        insertSorted(options, first, slot++, option);
      }
    }
  }

  #legal(genes: ArrayLike<number>, gene: number): number {
    return Math.min(this.highs[gene]!, Math.max(0, Math.round(genes[gene]!)));
  }
}

/** The searched cell types of a space. Throws `UserError` where `what` (a sampler) cannot search the space. */
export function cellGenesOf(space: SearchSpace, what: string): readonly CellGenes[] {
  const layout = layoutOf(space);
  const byName = new Map(layout.map((slot) => [slot.decision.name as string, slot]));
  const types = cellTypesOf(space).map((type) => {
    const slots = decisionsOfCell(type).flatMap((name) => byName.get(name) ?? []);
    for (const { decision } of slots) byName.delete(decision.name);
    return new CellGenes(type.name, slots);
  });
  const searched = types.filter(({ numSlots }) => numSlots > 0);
  const [outside] = byName.keys();
  if (searched.length > 0 && outside === undefined) return searched;
  const why = searched.length === 0 ? 'has no cell that is searched' : `asks ${outside} outside its cells`;
  throw new UserError(
    `The sampler ${what} cannot search space ${space.name}: it ${why}.`,
    'Take a space whose decisions are the edges and ops of its cells, or a strategy like random or evolution.',
  );
}

/** A decision of a cell. */
interface GeneChoice extends SlotGroup {
  /** Index of its first value in an architecture. */
  readonly offset: number;
  /** Whether an option is an (input, op) pair of two genes. */
  readonly isPaired: boolean;
  /** Ops per input. */
  readonly groupSize: number;
  /** Whether a node may read an input only once. */
  readonly isDistinct: boolean;
}

function geneChoice(cell: string, decision: Decision, offset: number): GeneChoice {
  const choice = asChoice(cell, decision);
  if (choice.kind === 'categorical') {
    return {
      offset,
      numOptions: choice.options.length,
      picks: 1,
      isPaired: false,
      groupSize: 1,
      isDistinct: false,
    };
  }
  const { options, count, groupSize, repeats } = choice;
  return {
    offset,
    numOptions: options.length,
    picks: count,
    isPaired: true,
    groupSize,
    isDistinct: !repeats,
  };
}

function asChoice(cell: string, decision: Decision): Choice {
  if (decision.kind === 'categorical' || decision.kind === 'subset') return decision;
  throw new UserError(
    `Path samplers choose among ops and inputs; ${decision.name} of cell ${cell} is a number.`,
    'Make it a choice among a few values, or take a strategy like random or evolution.',
  );
}

/** `input`, or the free input nearest to it. Taken inputs: those of options first … end − 1. */
function freeInput(
  choice: GeneChoice,
  input: number,
  options: Int16Array,
  first: number,
  end: number,
): number {
  const numInputs = choice.numOptions / choice.groupSize;
  for (let away = 0; away < numInputs; away++) {
    if (isFree(choice, input - away, options, first, end)) return input - away;
    if (isFree(choice, input + away, options, first, end)) return input + away;
  }
  return input;
}

function isFree(choice: GeneChoice, input: number, options: Int16Array, first: number, end: number): boolean {
  if (input < 0 || input * choice.groupSize >= choice.numOptions) return false;
  for (let i = first; i < end; i++) if (Math.floor(options[i]! / choice.groupSize) === input) return false;
  return true;
}

/** Puts `option` among the ascending options first … end − 1. */
function insertSorted(options: Int16Array, first: number, end: number, option: number): void {
  let at = end;
  while (at > first && options[at - 1]! > option) {
    options[at] = options[at - 1]!;
    at--;
  }
  options[at] = option;
}
