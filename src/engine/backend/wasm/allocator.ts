import { assert } from '../../../base/assert.js';

/** Regions start at multiples of this: a cache line. */
const ALIGNMENT = 64;

interface Block {
  offset: number;
  bytes: number;
}

/**
 * Hands out regions of a memory that can grow: first fit in a list of free blocks, sorted by offset, neighbours joined.
 * Knows nothing of the memory itself but its size.
 */
export class Allocator {
  readonly #free: Block[] = [];
  readonly #sizes = new Map<number, number>();
  #end: number;
  #used = 0;

  /** Everything from `start` on is free. */
  constructor(start: number) {
    this.#end = roundUp(start);
  }

  /** Bytes up to which the memory is in use or on the free list. */
  get end(): number {
    return this.#end;
  }

  /** Bytes handed out. */
  get used(): number {
    return this.#used;
  }

  /** Value of `end` after an `allocate(bytes)`. */
  endAfter(bytes: number): number {
    const size = roundUp(bytes);
    if (this.#free.some((block) => block.bytes >= size)) return this.#end;
    return this.#lastFreeStart() + size;
  }

  /** Offset of a region of at least `bytes` (and at least one) bytes. */
  allocate(bytes: number): number {
    const size = roundUp(Math.max(bytes, 1));
    const offset = this.#takeFree(size) ?? this.#extend(size);
    this.#sizes.set(offset, size);
    this.#used += size;
    return offset;
  }

  free(offset: number): void {
    const bytes = this.#sizes.get(offset);
    assert(bytes !== undefined, `No region begins at ${offset}`);
    this.#sizes.delete(offset);
    this.#used -= bytes;
    let at = 0;
    while (at < this.#free.length && this.#free[at]!.offset < offset) at++;
    this.#free.splice(at, 0, { offset, bytes });
    this.#join(at);
    if (at > 0) this.#join(at - 1);
  }

  #takeFree(size: number): number | undefined {
    const at = this.#free.findIndex((block) => block.bytes >= size);
    if (at < 0) return undefined;
    const block = this.#free[at]!;
    const { offset } = block;
    block.offset += size;
    block.bytes -= size;
    if (block.bytes === 0) this.#free.splice(at, 1);
    return offset;
  }

  /** A region at the end of the memory; a free block there is used up first. */
  #extend(size: number): number {
    const offset = this.#lastFreeStart();
    if (offset < this.#end) this.#free.pop();
    this.#end = offset + size;
    return offset;
  }

  #lastFreeStart(): number {
    const last = this.#free[this.#free.length - 1];
    return last !== undefined && last.offset + last.bytes === this.#end ? last.offset : this.#end;
  }

  /** Joins free block `at` with the next one if they touch. */
  #join(at: number): void {
    const block = this.#free[at]!;
    const next = this.#free[at + 1];
    if (next?.offset !== block.offset + block.bytes) return;
    block.bytes += next.bytes;
    this.#free.splice(at + 1, 1);
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
