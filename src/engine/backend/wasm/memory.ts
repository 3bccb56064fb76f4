import { OutOfMemoryError } from '../backend.js';
import { Allocator } from './allocator.js';

export const PAGE_BYTES = 65536;
/** wasm32 ends at 4 GiB; the kernels allow one page less. */
export const MAX_PAGES = 65535;

/** The shared memory of the kernels with views on it and the regions handed out. Offsets are bytes. */
export class DeviceMemory {
  readonly memory: WebAssembly.Memory;
  readonly maxBytes: number;
  bytes: Uint8Array;
  words: Int32Array;
  floats: Float32Array;
  doubles: Float64Array;
  readonly #allocator: Allocator;

  /** `start`: first byte that the kernels leave free. */
  constructor(memory: WebAssembly.Memory, start: number, maxBytes: number) {
    this.memory = memory;
    this.maxBytes = maxBytes;
    this.#allocator = new Allocator(start);
    const { buffer } = memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }

  /** Bytes handed out. */
  get used(): number {
    return this.#allocator.used;
  }

  /** Throws `OutOfMemoryError`, and takes nothing, if there is no room. */
  allocate(bytes: number): number {
    this.#grow(this.#allocator.endAfter(bytes));
    return this.#allocator.allocate(bytes);
  }

  free(offset: number): void {
    this.#allocator.free(offset);
  }

  /** Frees a region (−1: none) and takes another one, which may overlap it. Without room the first one stays. */
  exchange(offset: number, oldBytes: number, bytes: number): number {
    if (offset >= 0) this.#allocator.free(offset);
    try {
      return this.allocate(bytes);
    } catch (error) {
      if (offset >= 0) this.#allocator.allocate(oldBytes);
      throw error;
    }
  }

  /** Views of a shared memory keep their length when it grows: they are made anew. */
  #grow(end: number): void {
    if (end > this.maxBytes) throw new OutOfMemoryError(end, this.maxBytes);
    const missing = end - this.bytes.length;
    if (missing <= 0) return;
    const pages = Math.ceil(missing / PAGE_BYTES);
    try {
      this.memory.grow(pages);
    } catch {
      throw new OutOfMemoryError(end, this.bytes.length);
    }
    const { buffer } = this.memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }
}
