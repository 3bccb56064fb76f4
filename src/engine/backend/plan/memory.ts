import { firstFit } from './first-fit.js';
import type { Span } from './first-fit.js';
import { BL } from './layout.js';
import type { LevelSteps } from './lifetimes.js';
import { forEachTensor } from './lifetimes.js';
import type { Tensor } from './operands.js';
import { alignUp } from './regions.js';

/** Sizes of the memory that tensors need, in bytes. */
export interface TensorMemory {
  /** From `base` of the arena on: tensors that outlive a level, with all images. */
  readonly stored: number;
  /** In the scratch of each thread: tensors of one image. */
  readonly local: number;
}

/** Decides where each tensor lies. Lifetimes are known. */
export function placeTensors(
  tensors: readonly Tensor[],
  levels: LevelSteps,
  base: number,
  sizes: { readonly batch: number; readonly realBytes: number },
): TensorMemory {
  const stored: Span[] = [];
  const owners: Tensor[] = [];
  for (const tensor of tensors) {
    if (tensor.firstLevel < 0) continue;
    tensor.local = tensor.firstLevel === tensor.lastLevel;
    if (tensor.local) continue;
    const bytes = alignUp(sizes.batch * imageBytes(tensor, sizes.realBytes));
    stored.push({ start: tensor.firstLevel, end: tensor.lastLevel, bytes, offset: 0 });
    owners.push(tensor);
  }
  const storedBytes = firstFit(stored);
  for (const [i, tensor] of owners.entries()) tensor.offset = base + stored[i]!.offset;
  let local = 0;
  for (const steps of levels) local = Math.max(local, placeLocals(steps, sizes.realBytes));
  return { stored: storedBytes, local };
}

/** Places the local tensors of one level: alive from the first step that touches them to the last. */
function placeLocals(steps: LevelSteps[number], realBytes: number): number {
  const spans = new Map<Tensor, { start: number; end: number; bytes: number; offset: number }>();
  for (const [position, step] of steps.entries()) {
    forEachTensor(step, (tensor) => {
      if (!tensor.local) return;
      const span = spans.get(tensor);
      if (span !== undefined) {
        span.end = position;
        return;
      }
      const bytes = alignUp(imageBytes(tensor, realBytes));
      spans.set(tensor, { start: position, end: position, bytes, offset: 0 });
    });
  }
  const bytes = firstFit([...spans.values()]);
  for (const [tensor, span] of spans) tensor.offset = span.offset;
  return bytes;
}

export function imageReals(tensor: Tensor): number {
  return tensor.blocks * tensor.height * tensor.width * BL;
}

function imageBytes(tensor: Tensor, realBytes: number): number {
  return imageReals(tensor) * realBytes;
}
