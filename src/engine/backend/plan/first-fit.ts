/** Something that needs `bytes` from time `start` to time `end`, both included. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
  offset: number;
}

/**
 * Places spans so that no two that live at the same time overlap: the largest first, each at the lowest offset where it
 * fits. Returns the bytes needed in all.
 */
export function firstFit(spans: readonly Span[]): number {
  const order = [...spans].sort(bySize);
  const placed: Span[] = [];
  let top = 0;
  for (const span of order) {
    let offset = 0;
    let at = placed.length;
    for (const other of placed) {
      if (other.start > span.end || span.start > other.end || other.offset + other.bytes <= offset) continue;
      if (other.offset >= offset + span.bytes) break;
      offset = other.offset + other.bytes;
    }
    span.offset = offset;
    while (at > 0 && placed[at - 1]!.offset > offset) at--;
    placed.splice(at, 0, span);
    top = Math.max(top, offset + span.bytes);
  }
  return top;
}

function bySize(a: Span, b: Span): number {
  return a.bytes === b.bytes ? a.start - b.start : b.bytes - a.bytes;
}
