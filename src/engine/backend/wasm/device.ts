import type { KernelBinary } from './binaries.js';
import { DeviceMemory, MAX_PAGES, PAGE_BYTES } from './memory.js';
import type { KernelExports } from './threads.js';
import { STACK_BYTES, Threads } from './threads.js';

/** Arena sizes are multiples of this, so that it does not move for every path that is a little larger. */
const ARENA_STEP = 4 * 2 ** 20;

/** A run fails when no thread does anything for 60 slices: five minutes, and more on a machine that sleeps meanwhile. */
const SLICE_MILLISECONDS = 5000;

export type RealArray = Float32Array | Float64Array;

/** The kernels with their memory and threads. One arena is shared by all programs: only one of them runs at a time. */
export class Device {
  readonly memory: DeviceMemory;
  readonly threads: number;
  readonly realBytes: 4 | 8;
  readonly #exports: KernelExports;
  readonly #threads: Threads;
  readonly #reserved: number;
  #arena = -1;
  #arenaBytes = 0;

  constructor(binary: KernelBinary, threads: number, maxBytes: number) {
    this.threads = threads;
    this.realBytes = binary.variant === 'float64' ? 8 : 4;
    const memory = makeMemory(maxBytes);
    const instance = new WebAssembly.Instance(binary.module, { env: { memory } });
    this.#exports = instance.exports as unknown as KernelExports;
    const heap = this.#exports.__heap_base.value;
    this.memory = new DeviceMemory(memory, heap, Math.min(maxBytes, MAX_PAGES * PAGE_BYTES));
    const stacks = this.memory.allocate(threads * STACK_BYTES);
    this.#reserved = this.memory.used;
    const { module } = binary;
    this.#threads = new Threads({ module, memory, exports: this.#exports, count: threads, stacks });
  }

  /** Bytes in use outside the arena. */
  get liveBytes(): number {
    return this.memory.used - this.#reserved - this.#arenaBytes;
  }

  /** Address of the arena. Changes when the arena grows. */
  get arena(): number {
    return this.#arena;
  }

  /** Makes the arena at least `bytes` large; its content is lost. Throws `OutOfMemoryError` if there is no room. */
  reserveArena(bytes: number): void {
    if (bytes <= this.#arenaBytes) return;
    const { memory } = this;
    const wanted = Math.ceil(bytes / ARENA_STEP) * ARENA_STEP;
    const before = memory.bytes.length;
    const size =
      memory.used - this.#arenaBytes + wanted > memory.maxBytes ? Math.ceil(bytes / 64) * 64 : wanted;
    this.#arena = memory.exchange(this.#arena, this.#arenaBytes, size);
    this.#arenaBytes = size;
    // Fresh pages cost their first writer much more than this fill costs now.
    memory.bytes.fill(0, before);
  }

  /** Throws if a thread failed, now or earlier: what is in the memory is not to be trusted any more. */
  run(program: number): void {
    let result: number;
    try {
      result = this.#exports.run(program, SLICE_MILLISECONDS);
    } catch (error) {
      this.#threads.failAsCaller(error);
      throw error;
    }
    if (result !== 0) throw new Error(this.#threads.explain(result));
  }

  /** A view on `count` reals. It is good until the memory grows. */
  reals(offset: number, count: number): RealArray {
    const { floats, doubles } = this.memory;
    const first = offset / this.realBytes;
    return this.realBytes === 8
      ? doubles.subarray(first, first + count)
      : floats.subarray(first, first + count);
  }

  /** Ends the threads. The device must not be used any more. */
  close(): void {
    this.#threads.close();
  }
}

/** Reserves addresses for all of `maxBytes`; where the system refuses, for less. */
function makeMemory(maxBytes: number): WebAssembly.Memory {
  let maximum = Math.min(MAX_PAGES, Math.ceil(maxBytes / PAGE_BYTES));
  const initial = 32;
  for (;;) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared: true });
    } catch (error) {
      if (maximum <= 4096) throw error;
      maximum = Math.floor(maximum / 2);
    }
  }
}
