/** Hands out the fixed part of an arena: what lives for a whole run (packed weights, sums, feeds, results). */
export class Regions {
  /** Bytes handed out so far. */
  size = 0;

  /** Offset of `bytes` fresh bytes, aligned to a cache line. */
  take(bytes: number): number {
    const offset = this.size;
    this.size = alignUp(offset + bytes);
    return offset;
  }
}

/** The next multiple of 64, the size of a cache line. */
export function alignUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
