import type { WeightKey } from '../../../graph/network-graph.js';
import { sizeOf } from '../../../graph/ops/shapes.js';
import type { Opcode } from './layout.js';
import { INSTRUCTION, OPCODE, OPERAND } from './layout.js';
import type { Lowering } from './lowering.js';
import { imageReals } from './memory.js';
import type { Tensor } from './operands.js';
import type { GradientRegion, WeightSlot } from './plan.js';
import type { PackedWeight } from './packed-weight.js';
import type { WeightGradient } from './steps.js';
import type { TableWriter } from './table-writer.js';

/** An instruction of a level whose instructions are claimed by one thread each. */
export type Item =
  | { readonly kind: 'zero'; readonly tensor: Tensor }
  | { readonly kind: 'pack' | 'update'; readonly weight: PackedWeight; readonly gradient?: WeightGradient }
  | {
      readonly kind: 'reduce';
      readonly weight: PackedWeight;
      readonly gradient: WeightGradient;
      readonly square: number;
    };

const PACK = {
  conv: OPCODE.PACK_CONV,
  depthwise: OPCODE.PACK_DEPTHWISE,
  vector: OPCODE.PACK_VECTOR,
} as const;
const REDUCE = {
  conv: OPCODE.REDUCE_CONV,
  depthwise: OPCODE.REDUCE_DEPTHWISE,
  vector: OPCODE.REDUCE_VECTOR,
  embedding: OPCODE.REDUCE_VECTOR,
} as const;

/** The work on weights around the image levels: packing before them; reducing gradients and updating after them. */
export class WeightItems {
  readonly numGradients: number;
  /** Offset of the sums of squares of all gradients. */
  readonly squares: number;
  readonly #lowering: Lowering;
  readonly #slots = new Map<WeightKey, WeightSlot>();

  constructor(lowering: Lowering) {
    this.#lowering = lowering;
    this.numGradients = lowering.weights.gradients.size;
    this.squares = lowering.squares;
  }

  packing(): Item[] {
    const items: Item[] = [];
    for (const tensor of this.#lowering.zeroTensors()) items.push({ kind: 'zero', tensor });
    for (const weight of this.#lowering.weights.packed.values()) {
      if (weight.kind !== 'embedding') items.push({ kind: 'pack', weight });
    }
    return items;
  }

  reducing(): Item[] {
    const { realBytes } = this.#lowering.target;
    return [...this.#lowering.weights.gradients.values()].map((gradient, i) => {
      return { kind: 'reduce', weight: gradient.weight, gradient, square: this.squares + i * realBytes };
    });
  }

  updating(): Item[] {
    return [...this.#lowering.weights.gradients.values()].map((gradient) => {
      return { kind: 'update', weight: gradient.weight, gradient };
    });
  }

  slots(): readonly WeightSlot[] {
    return [...this.#slots.values()];
  }

  slotOf(weight: PackedWeight): WeightSlot {
    let slot = this.#slots.get(weight.key);
    if (slot === undefined) {
      slot = { key: weight.key, shape: weight.shape, valueWords: [], momentumWord: -1 };
      this.#slots.set(weight.key, slot);
    }
    return slot;
  }

  gradients(): readonly GradientRegion[] {
    return [...this.#lowering.weights.gradients.values()].map(({ weight, reduced }) => {
      return { key: weight.key, size: sizeOf(weight.shape), offset: reduced };
    });
  }

  encode(table: TableWriter, at: number, item: Item, hyper: number): void {
    switch (item.kind) {
      case 'zero':
        table.words[at] = OPCODE.ZERO;
        table.words[at + INSTRUCTION.numel] = imageReals(item.tensor);
        table.referArena(at + INSTRUCTION.out + OPERAND.parts, item.tensor.offset);
        return;
      case 'pack':
        if (item.weight.kind !== 'embedding') this.#weight(table, at, item.weight, PACK[item.weight.kind]);
        table.referArena(at + INSTRUCTION.weight, item.weight.offset);
        table.referArena(at + INSTRUCTION.weightT, item.weight.transposed);
        table.words[at + INSTRUCTION.channelTo] = item.weight.firstRow;
        table.words[at + INSTRUCTION.channelCount] = item.weight.numRows;
        this.slotOf(item.weight).valueWords.push(at + INSTRUCTION.stored);
        return;
      case 'reduce': {
        const sums = this.#lowering.weights.sumsOf(item.gradient);
        this.#weight(table, at, item.weight, REDUCE[item.weight.kind]);
        table.referArena(at + INSTRUCTION.weightGrad, sums.offset);
        table.words[at + INSTRUCTION.weightGradStride] = sums.stride;
        table.referArena(at + INSTRUCTION.stored, item.gradient.reduced);
        table.referArena(at + INSTRUCTION.result, item.square);
        return;
      }
      case 'update': {
        const slot = this.slotOf(item.weight);
        this.#weight(table, at, item.weight, OPCODE.SGD);
        slot.valueWords.push(at + INSTRUCTION.stored);
        slot.momentumWord = at + INSTRUCTION.momentum;
        table.referArena(at + INSTRUCTION.storedGrad, item.gradient?.reduced ?? -1);
        table.referTable(at + INSTRUCTION.hyper, hyper);
      }
    }
  }

  /** Opcode and sizes. */
  #weight(table: TableWriter, at: number, { kind, shape }: PackedWeight, opcode: Opcode): void {
    const { words } = table;
    words[at] = opcode;
    words[at + INSTRUCTION.numel] = sizeOf(shape);
    if (kind === 'conv') {
      words[at + INSTRUCTION.out + OPERAND.channels] = shape[0]!;
      words[at + INSTRUCTION.in + OPERAND.channels] = shape[1]!;
      words[at + INSTRUCTION.kernel] = shape[2] ?? 1;
    } else if (kind === 'depthwise') {
      words[at + INSTRUCTION.in + OPERAND.channels] = shape[0]!;
      words[at + INSTRUCTION.kernel] = shape[1]!;
    }
  }
}
