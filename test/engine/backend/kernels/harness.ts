import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import {
  BL,
  INSTRUCTION,
  LEVEL,
  NUM_SHARDS,
  OPCODE,
  OPERAND,
  PART,
  PART_FLAGS,
  PROGRAM,
} from '../../../../src/engine/backend/plan/layout.js';
import { blockedPlace, blocksOf, joinGrids } from './grid.js';
import type { Grid } from './grid.js';
import { wasm } from './webassembly.js';
import type { WasmGlobal, WasmModule } from './webassembly.js';

setFlagsFromString('--experimental-wasm-relaxed-simd');

export type Variant = 'relaxed' | 'plain' | 'float64';
export const VARIANTS: readonly Variant[] = ['float64', 'plain', 'relaxed'];

/** How a kernel shall see (or write) one tensor of a parts list. */
export interface PartSpec {
  readonly grid: Grid;
  readonly affine?: { readonly scale: Float64Array; readonly shift: Float64Array };
  /** Batch-norm gradient: a·grid + b·second + c. */
  readonly gradient?: {
    readonly second: Grid;
    readonly a: Float64Array;
    readonly b: Float64Array;
    readonly c: Float64Array;
  };
  readonly relu?: boolean;
  readonly accumulate?: boolean;
  /** A destination that is left out. */
  readonly isAbsent?: boolean;
  /** Lives in the thread's scratch, one image at a time. */
  readonly isLocal?: boolean;
}

/** Words of an operand in the kernels' memory, and where its parts' values lie. */
export interface Placed {
  readonly words: readonly number[];
  readonly parts: readonly { readonly spec: PartSpec; readonly data: number }[];
}

type Fields = Partial<
  Record<Exclude<keyof typeof INSTRUCTION, 'words' | 'in' | 'out' | 'grad' | 'dx'>, number>
> &
  Partial<Record<'in' | 'out' | 'grad' | 'dx', Placed>>;

const PAGES = 400;
const STACK_BYTES = 262144;
const MAX_THREADS = 3;

interface Exports {
  readonly run: (program: number, sliceMilliseconds: number) => number;
  readonly quit: () => void;
  readonly scratchBytes: (instruction: number) => number;
  readonly __stack_pointer: WasmGlobal;
  readonly __heap_base: WasmGlobal;
}

/** The kernels with a memory of their own: places operands, runs single instructions, reads results. */
export class Kernels {
  readonly bytesPerReal: number;
  numThreads = 1;
  /** See runtime.c; 0: waits for ever. */
  sliceMilliseconds = 0;
  readonly #memory = new wasm.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  readonly #module: WasmModule;
  readonly #exports: Exports;
  readonly #workers: Worker[] = [];
  readonly #words = new Int32Array(this.#memory.buffer);
  readonly #bytes = new Uint8Array(this.#memory.buffer);
  readonly #heap: number;
  #top: number;
  #localBytes = 0;

  constructor(
    variant: Variant,
    readonly batch: number,
  ) {
    const url = new URL(`../../../../src/engine/backend/wasm/binaries/${variant}.wasm`, import.meta.url);
    this.bytesPerReal = variant === 'float64' ? 8 : 4;
    this.#module = new wasm.Module(readFileSync(url));
    const instance = new wasm.Instance(this.#module, { env: { memory: this.#memory } });
    this.#exports = instance.exports as Exports;
    this.#heap = this.#exports.__heap_base.value + (MAX_THREADS + 1) * STACK_BYTES;
    this.#top = this.#heap;
  }

  async startWorkers(count: number): Promise<void> {
    for (let thread = 1; thread <= count; thread++) {
      const stack = this.#heap - (thread - 1) * STACK_BYTES;
      const workerData = {
        module: this.#module,
        memory: this.#memory,
        thread,
        stack: Math.floor(stack / 16) * 16,
      };
      const worker = new Worker(WORKER, { eval: true, workerData });
      await once(worker, 'message');
      this.#workers.push(worker);
    }
  }

  async stopWorkers(): Promise<void> {
    this.#exports.quit();
    await Promise.all(this.#workers.map((worker) => once(worker, 'exit')));
  }

  /** Ends the workers in the middle of whatever they do. */
  async killWorkers(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Forgets all that was placed. */
  reset(): void {
    this.#bytes.fill(0, this.#heap, this.#top);
    this.#top = this.#heap;
    this.#localBytes = 0;
  }

  allocate(bytes: number): number {
    const at = Math.ceil(this.#top / 64) * 64;
    this.#top = at + bytes;
    if (this.#top > this.#bytes.length) throw new Error('The test memory is too small.');
    return at;
  }

  reals(values: ArrayLike<number>): number {
    const at = this.allocate(values.length * this.bytesPerReal);
    this.#view(at, values.length).set(values);
    return at;
  }

  doubles(values: ArrayLike<number>): number {
    const at = this.allocate(values.length * 8);
    new Float64Array(this.#memory.buffer, at, values.length).set(values);
    return at;
  }

  words(values: readonly number[]): number {
    const at = this.allocate(values.length * 4);
    this.#words.set(values, at / 4);
    return at;
  }

  readReals(at: number, count: number): Float64Array {
    return Float64Array.from(this.#view(at, count));
  }

  readDoubles(at: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, at, count).slice();
  }

  /** Parts in a row, joined along channels (all but the last must fill their blocks). */
  operand(specs: readonly PartSpec[]): Placed {
    const { height, width } = specs[0]!.grid;
    const parts = specs.map((spec) => ({ spec, ...this.#part(spec) }));
    const blocks = specs.map(({ grid }) => blocksOf(grid.channels));
    const words = new Array<number>(OPERAND.words).fill(0);
    const numBlocks = blocks.reduce((sum, count) => sum + count, 0);
    words[OPERAND.parts] = this.words(parts.flatMap((part) => part.words));
    words[OPERAND.count] = specs.length;
    words[OPERAND.blocks] = numBlocks;
    words[OPERAND.channels] = (numBlocks - blocks.at(-1)!) * BL + specs.at(-1)!.grid.channels;
    words[OPERAND.height] = height;
    words[OPERAND.width] = width;
    return { words, parts: parts.map(({ spec, data }) => ({ spec, data })) };
  }

  /** An operand without parts that only says a size. */
  sizeOnly(channels: number): Placed {
    return { words: [0, 0, blocksOf(channels), channels, 1, 1], parts: [] };
  }

  /** What lies in the memory of one part now. Throws if lanes past its channels are not zero. */
  readPart(placed: Placed, index = 0): Float64Array {
    const { spec, data } = placed.parts[index]!;
    return this.#unblock(data, spec.grid);
  }

  /** Values of all parts joined along channels. */
  readJoined(placed: Placed): Float64Array {
    const grids = placed.parts.map(({ spec }, i) => ({ ...spec.grid, values: this.readPart(placed, i) }));
    return joinGrids(grids).values;
  }

  instruction(opcode: keyof typeof OPCODE, fields: Fields): readonly number[] {
    const words = new Array<number>(INSTRUCTION.words).fill(0);
    words[INSTRUCTION.opcode] = OPCODE[opcode];
    for (const [name, value] of Object.entries(fields)) {
      const at = INSTRUCTION[name as keyof Fields];
      if (typeof value === 'number') words[at] = value;
      else words.splice(at, OPERAND.words, ...value.words);
    }
    return words;
  }

  /** Runs levels, each with one list of instructions per image (or item) and one of serial ones. */
  run(
    levels: readonly {
      readonly perImage: boolean;
      readonly instructions: readonly (readonly number[])[];
      readonly serial?: readonly (readonly number[])[];
    }[],
  ): void {
    const tables = levels.map(({ perImage, instructions, serial = [] }) => {
      const words = new Array<number>(LEVEL.words).fill(0);
      words[LEVEL.isImageLevel] = perImage ? 1 : 0;
      words[LEVEL.first] = this.words(instructions.flat());
      words[LEVEL.count] = instructions.length;
      words[LEVEL.serialFirst] = this.words(serial.flat());
      words[LEVEL.serialCount] = serial.length;
      return words;
    });
    const instructions = levels.flatMap((level) => level.instructions);
    const scratchStride =
      this.#localBytes + Math.max(64, ...instructions.map((words) => this.scratchBytes(words)));
    const program = new Array<number>(PROGRAM.words).fill(0);
    program[PROGRAM.levels] = this.words(tables.flat());
    program[PROGRAM.numLevels] = levels.length;
    program[PROGRAM.numImages] = this.batch;
    program[PROGRAM.numThreads] = this.numThreads;
    const scratch = this.allocate(this.numThreads * scratchStride);
    program[PROGRAM.scratch] = scratch;
    program[PROGRAM.scratchStride] = scratchStride;
    program[PROGRAM.kernelScratch] = this.#localBytes;
    // Not-a-numbers where kernels must not read before they write, and a guard behind the scratch.
    this.#bytes.fill(0xff, scratch, scratch + this.numThreads * scratchStride);
    const guard = this.words(new Array<number>(GUARD_WORDS).fill(GUARD));
    const result = this.#exports.run(this.words(program), this.sliceMilliseconds);
    if (result !== 0) throw new Error(`The run failed with ${result}.`);
    if (this.#words.subarray(guard / 4, guard / 4 + GUARD_WORDS).some((word) => word !== GUARD)) {
      throw new Error('A kernel wrote behind its scratch.');
    }
  }

  runImages(...instructions: (readonly number[])[]): void {
    this.run([{ perImage: true, instructions }]);
  }

  runItems(...instructions: (readonly number[])[]): void {
    this.run([{ perImage: false, instructions }]);
  }

  scratchBytes(instruction: readonly number[]): number {
    return this.#exports.scratchBytes(this.words(instruction));
  }

  /** Space for sums of all shards, filled with not-a-numbers: kernels must begin them. */
  shardSums(count: number): { readonly at: number; readonly stride: number } {
    const stride = Math.ceil(count / BL) * BL;
    return { at: this.reals(new Float64Array(NUM_SHARDS * stride).fill(NaN)), stride };
  }

  #view(at: number, count: number): Float32Array | Float64Array {
    return this.bytesPerReal === 8
      ? new Float64Array(this.#memory.buffer, at, count)
      : new Float32Array(this.#memory.buffer, at, count);
  }

  #part(spec: PartSpec): { words: readonly number[]; data: number } {
    const { grid } = spec;
    const blocks = blocksOf(grid.channels);
    const words = new Array<number>(PART.words).fill(0);
    const isLocal = spec.isLocal === true;
    const data = isLocal ? this.#takeLocal(grid) : this.#block(grid);
    words[PART.data] = spec.isAbsent === true ? 0 : data;
    const imageStride = blocks * BL * grid.height * grid.width;
    words[PART.imageStride] = imageStride;
    words[PART.blocks] = blocks;
    words[PART.flags] =
      (spec.relu === true ? PART_FLAGS.RELU : 0) |
      (spec.accumulate === true ? PART_FLAGS.ACCUMULATE : 0) |
      (isLocal ? PART_FLAGS.LOCAL : 0);
    if (spec.affine) words[PART.affine] = this.#padded([spec.affine.scale, spec.affine.shift], blocks);
    if (spec.gradient) {
      words[PART.second] = this.#block(spec.gradient.second);
      words[PART.secondImageStride] = imageStride;
      words[PART.coefficients] = this.#padded([spec.gradient.a, spec.gradient.b, spec.gradient.c], blocks);
    }
    return { words, data };
  }

  #takeLocal({ channels, height, width }: Grid): number {
    const at = this.#localBytes;
    this.#localBytes += Math.ceil((blocksOf(channels) * BL * height * width * this.bytesPerReal) / 64) * 64;
    return at;
  }

  #padded(vectors: readonly Float64Array[], blocks: number): number {
    const values = new Float64Array(vectors.length * blocks * BL);
    vectors.forEach((vector, i) => values.set(vector, i * blocks * BL));
    return this.reals(values);
  }

  #block({ channels, height, width, values }: Grid): number {
    const blocks = blocksOf(channels);
    const packed = new Float64Array(this.batch * blocks * BL * height * width);
    values.forEach((value, at) => {
      packed[blockedPlace(at, channels, height * width)] = value;
    });
    return this.reals(packed);
  }

  #unblock(data: number, { channels, height, width, values }: Grid): Float64Array {
    const packed = this.#view(data, this.batch * blocksOf(channels) * BL * height * width).slice();
    const result = new Float64Array(values.length);
    result.forEach((_, at) => {
      const place = blockedPlace(at, channels, height * width);
      result[at] = packed[place]!;
      packed[place] = 0;
    });
    if (packed.some((value) => value !== 0)) throw new Error('A lane past the channels is not zero.');
    return result;
  }
}

const GUARD = 0x5eed5eed;
const GUARD_WORDS = 64;

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const { module, memory, thread, stack } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
exports.__stack_pointer.value = stack;
parentPort.postMessage('ready');
exports.worker(thread);
`;
