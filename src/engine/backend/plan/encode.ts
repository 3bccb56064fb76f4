import { present } from '../../../base/assert.js';
import { kernelScratchReals } from './kernel-scratch.js';
import {
  BATCH_NORM,
  BL,
  HYPER,
  INSTRUCTION,
  LEVEL,
  OPCODE,
  OPERAND,
  PART,
  PART_FLAGS,
  PROGRAM,
} from './layout.js';
import type { LevelSteps } from './lifetimes.js';
import type { Lowering } from './lowering.js';
import { imageReals } from './memory.js';
import type { Norm, NormGradient, Operand, Part } from './operands.js';
import { blocksOf } from './operands.js';
import type { Plan, StatisticsSlot } from './plan.js';
import { alignUp } from './regions.js';
import type { Destination, Step } from './steps.js';
import { TableWriter } from './table-writer.js';
import type { Item } from './weight-items.js';
import { WeightItems } from './weight-items.js';

/** What is known when all tensors have a place. */
export interface Layout {
  readonly levels: LevelSteps;
  readonly threads: number;
  readonly trains: boolean;
  /** Bytes of the arena that are fixed regions and stored tensors. */
  readonly storedBytes: number;
  /** Bytes of a thread's scratch that are local tensors. */
  readonly localBytes: number;
}

/** Writes the tables of program.h. */
export function encode(lowering: Lowering, layout: Layout): Plan {
  return new Encoder(lowering, layout).encode();
}

class Encoder {
  readonly #lowering: Lowering;
  readonly #layout: Layout;
  readonly #table: TableWriter;
  readonly #items: WeightItems;
  readonly #norms = new Map<Norm, number>();
  readonly #statistics: StatisticsSlot[] = [];
  #hyper = 0;

  constructor(lowering: Lowering, layout: Layout) {
    this.#lowering = lowering;
    this.#layout = layout;
    this.#table = new TableWriter(
      INSTRUCTION.words * (lowering.steps.length + 3 * lowering.weights.packed.size) * 2,
    );
    this.#items = new WeightItems(lowering);
  }

  encode(): Plan {
    const { levels, trains } = this.#layout;
    const table = this.#table;
    const program = table.take(PROGRAM.words);
    const numLevels = levels.length + 1 + (trains ? 1 : 0);
    const numUpdateLevels = numLevels + (trains ? 1 : 0);
    const firstLevel = table.take(LEVEL.words * numUpdateLevels);
    table.referTable(program + PROGRAM.levels, firstLevel);
    this.#hyper = table.takeDoubles(HYPER.doubles);
    let level = firstLevel;
    this.#itemLevel(level, this.#items.packing());
    const serial = this.#serialByLevel(levels.length);
    this.#serial(level, serial[0]!);
    for (const [index, steps] of levels.entries()) {
      level += LEVEL.words;
      this.#imageLevel(level, steps, serial[index + 1]!);
    }
    if (trains) {
      this.#itemLevel(level + LEVEL.words, this.#items.reducing());
      this.#normFinish(level + LEVEL.words);
      this.#itemLevel(level + 2 * LEVEL.words, this.#items.updating());
    }
    const arenaBytes = this.#finishProgram(program, numLevels);
    return {
      words: table.words.subarray(0, table.length),
      tableRefs: new Int32Array(table.tableRefs),
      arenaRefs: new Int32Array(table.arenaRefs),
      arenaBytes,
      feeds: this.#lowering.feeds,
      outputs: this.#lowering.outputs,
      scalars: this.#lowering.scalars,
      weights: this.#items.slots(),
      statistics: this.#statistics,
      gradients: this.#items.gradients(),
      numLevels,
      numUpdateLevels,
      hyper: 4 * this.#hyper,
    };
  }

  /** Bytes of the arena. */
  #finishProgram(program: number, numLevels: number): number {
    const { words } = this.#table;
    const { batch, realBytes } = this.#lowering.target;
    const { threads, storedBytes, localBytes } = this.#layout;
    let kernelReals = 0;
    for (const step of this.#lowering.steps) kernelReals = Math.max(kernelReals, kernelScratchReals(step));
    const stride = alignUp(localBytes + kernelReals * realBytes);
    words[program + PROGRAM.numLevels] = numLevels;
    words[program + PROGRAM.numImages] = batch;
    words[program + PROGRAM.numThreads] = threads;
    words[program + PROGRAM.scratchStride] = stride;
    words[program + PROGRAM.kernelScratch] = localBytes;
    this.#table.referArena(program + PROGRAM.scratch, storedBytes);
    return storedBytes + threads * stride;
  }

  /** Serial steps of the packing level and of each image level. */
  #serialByLevel(numLevels: number): readonly (readonly Step[])[] {
    const serial = Array.from({ length: numLevels + 1 }, (): Step[] => []);
    for (const { step, level } of this.#lowering.serial) serial[level + 1]!.push(step);
    return serial;
  }

  // ---- levels

  #imageLevel(level: number, steps: readonly Step[], serial: readonly Step[]): void {
    this.#table.words[level + LEVEL.isImageLevel] = 1;
    const first = this.#table.take(INSTRUCTION.words * steps.length);
    this.#table.referTable(level + LEVEL.first, first);
    this.#table.words[level + LEVEL.count] = steps.length;
    for (const [i, step] of steps.entries()) this.#step(first + i * INSTRUCTION.words, step);
    this.#serial(level, serial);
  }

  #itemLevel(level: number, items: readonly Item[]): void {
    const first = this.#table.take(INSTRUCTION.words * items.length);
    this.#table.referTable(level + LEVEL.first, first);
    this.#table.words[level + LEVEL.count] = items.length;
    for (const [i, item] of items.entries()) {
      this.#items.encode(this.#table, first + i * INSTRUCTION.words, item, this.#hyper);
    }
  }

  #serial(level: number, steps: readonly Step[]): void {
    const first = this.#table.take(INSTRUCTION.words * steps.length);
    this.#table.referTable(level + LEVEL.serialFirst, first);
    this.#table.words[level + LEVEL.serialCount] = steps.length;
    for (const [i, step] of steps.entries()) this.#step(first + i * INSTRUCTION.words, step);
  }

  #normFinish(level: number): void {
    const table = this.#table;
    const at = table.take(INSTRUCTION.words);
    table.referTable(level + LEVEL.serialFirst, at);
    table.words[level + LEVEL.serialCount] = 1;
    table.words[at] = OPCODE.NORM_FINISH;
    table.words[at + INSTRUCTION.numel] = this.#items.numGradients;
    table.referArena(at + INSTRUCTION.in, this.#items.squares);
    table.referTable(at + INSTRUCTION.hyper, this.#hyper);
  }

  // ---- instructions

  #step(at: number, step: Step): void {
    const { words } = this.#table;
    words[at] = step.opcode;
    this.#operands(at, step);
    this.#window(at, step);
    this.#weights(at, step);
    const table = this.#table;
    table.referArena(at + INSTRUCTION.result, step.result);
    table.referArena(at + INSTRUCTION.aux, step.aux);
    table.words[at + INSTRUCTION.channelFrom] = step.channelFrom;
    table.words[at + INSTRUCTION.channelTo] = step.channelTo;
    table.words[at + INSTRUCTION.channelCount] = step.channelCount;
    table.words[at + INSTRUCTION.rows] = step.rows;
    table.words[at + INSTRUCTION.columns] = step.columns;
    table.words[at + INSTRUCTION.numel] = step.numel;
    if (step.constants !== undefined) {
      const first = table.takeDoubles(2);
      table.doubles.set(step.constants, first / 2);
      table.referTable(at + INSTRUCTION.constants, first);
    }
    if (step.norm !== undefined) {
      table.referTable(at + INSTRUCTION.bn, this.#norm(step.norm, step.normGradient));
      table.referTable(at + INSTRUCTION.hyper, this.#hyper);
    }
  }

  #operands(at: number, step: Step): void {
    if (step.in !== undefined) this.#operand(at + INSTRUCTION.in, step.in, 0);
    if (step.grad !== undefined) this.#operand(at + INSTRUCTION.grad, step.grad, 0);
    if (step.outRead !== undefined) this.#operand(at + INSTRUCTION.out, step.outRead, 0);
    if (step.out !== undefined) this.#destination(at + INSTRUCTION.out, step.out, step);
    if (step.dx !== undefined) this.#destination(at + INSTRUCTION.dx, step.dx, step);
    this.#table.referArena(at + INSTRUCTION.in + OPERAND.parts, step.feed);
  }

  /** The first writer of a run stores, later ones add. Steps are encoded in the order in which they run. */
  #destination(at: number, destination: Destination, step: Step): void {
    const accumulates = destination.begun && !step.isPartial;
    this.#operand(at, destination.operand, accumulates ? PART_FLAGS.ACCUMULATE : 0);
    if (!step.isPartial) destination.begun = true;
  }

  #operand(at: number, operand: Operand, flags: number): void {
    const table = this.#table;
    const { parts, channels } = operand;
    if (parts.length > 0) {
      const first = table.take(PART.words * parts.length);
      for (const [i, part] of parts.entries()) this.#part(first + i * PART.words, part, flags);
      table.referTable(at + OPERAND.parts, first);
    }
    table.words[at + OPERAND.count] = parts.length;
    table.words[at + OPERAND.blocks] = blocksOf(channels);
    table.words[at + OPERAND.channels] = channels;
    table.words[at + OPERAND.height] = operand.height;
    table.words[at + OPERAND.width] = operand.width;
  }

  #part(at: number, part: Part, flags: number): void {
    const table = this.#table;
    const { norm, gradient } = part;
    let bits = flags | (part.relu ? PART_FLAGS.RELU : 0);
    if (this.#data(at + PART.data, at + PART.imageStride, part)) bits |= PART_FLAGS.LOCAL;
    table.words[at + PART.blocks] = part.blocks;
    if (norm !== undefined) table.referArena(at + PART.affine, norm.scaleShift);
    if (gradient !== undefined) {
      const z = present(gradient.norm.z.parts[0], 'what a batch_norm read');
      if (this.#data(at + PART.second, at + PART.secondImageStride, z)) bits |= PART_FLAGS.SECOND_LOCAL;
      table.referArena(at + PART.coefficients, gradient.coefficients);
    }
    table.words[at + PART.flags] = bits;
  }

  /** Writes where a part's values lie; whether that is in the scratch. */
  #data(word: number, strideWord: number, part: Part): boolean {
    const { tensor, from } = part;
    const offset = tensor.offset + from * tensor.height * tensor.width * BL * this.#lowering.target.realBytes;
    if (tensor.local) {
      this.#table.words[word] = offset;
      return true;
    }
    this.#table.referArena(word, offset);
    this.#table.words[strideWord] = tensor.fixed ? 0 : imageReals(tensor);
    return false;
  }

  #window(at: number, { window }: Step): void {
    if (window === undefined) return;
    const { words } = this.#table;
    words[at + INSTRUCTION.kernel] = window.kernel;
    words[at + INSTRUCTION.stride] = window.stride;
    words[at + INSTRUCTION.padding] = window.padding;
    words[at + INSTRUCTION.dilation] = window.dilation;
  }

  #weights(at: number, step: Step): void {
    const table = this.#table;
    const { weight, weightGrad, sums } = step;
    if (weight?.kind === 'embedding') this.#items.slotOf(weight).valueWords.push(at + INSTRUCTION.stored);
    else if (weight !== undefined) {
      table.referArena(at + INSTRUCTION.weight, weight.offset);
      table.referArena(at + INSTRUCTION.weightT, weight.transposed);
    }
    if (step.bias !== undefined) table.referArena(at + INSTRUCTION.bias, step.bias.offset);
    if (weightGrad !== undefined) {
      table.referArena(at + INSTRUCTION.weightGrad, weightGrad.offset);
      table.words[at + INSTRUCTION.weightGradStride] = weightGrad.stride;
      table.words[at + INSTRUCTION.keepSums] = weightGrad.begun ? 1 : 0;
      weightGrad.begun = true;
    }
    if (sums !== undefined) {
      table.referArena(at + INSTRUCTION.sums, sums.offset);
      table.words[at + INSTRUCTION.sumsStride] = sums.stride;
    }
  }

  /** A `BatchNorm`; one more for each of its gradients. */
  #norm(norm: Norm, gradient: NormGradient | undefined): number {
    const known = this.#norms.get(norm);
    if (known !== undefined && gradient === undefined) return known;
    const table = this.#table;
    const { batch, statistics } = this.#lowering.target;
    const at = table.take(BATCH_NORM.words);
    table.words[at + BATCH_NORM.channels] = norm.channels;
    table.words[at + BATCH_NORM.blocks] = norm.blocks;
    table.words[at + BATCH_NORM.count] = batch * norm.z.height * norm.z.width;
    table.words[at + BATCH_NORM.fixed] = statistics === 'given' ? 1 : 0;
    if (norm.gamma !== undefined && norm.beta !== undefined) {
      table.words[at + BATCH_NORM.affine] = 1;
      table.referArena(at + BATCH_NORM.gamma, norm.gamma.offset);
      table.referArena(at + BATCH_NORM.beta, norm.beta.offset);
    }
    table.referArena(at + BATCH_NORM.scaleShift, norm.scaleShift);
    table.referArena(at + BATCH_NORM.meanRstd, norm.meanRstd);
    if (gradient === undefined) {
      this.#norms.set(norm, at);
      this.#statisticsSlot(at, norm);
    } else {
      table.referArena(at + BATCH_NORM.coefficients, gradient.coefficients);
      table.referArena(at + BATCH_NORM.dgamma, gradient.dgamma);
      table.referArena(at + BATCH_NORM.dbeta, gradient.dbeta);
    }
    return at;
  }

  #statisticsSlot(at: number, { statistics: key, channels }: Norm): void {
    if (key === undefined) return;
    const meanWord = at + BATCH_NORM.storeMean;
    const varianceWord = at + BATCH_NORM.storeVariance;
    this.#statistics.push({ key, channels, meanWord, varianceWord, moveWord: at + BATCH_NORM.moveRunning });
  }
}
