import type { Operand, Part, Tensor } from './operands.js';

/** Level from which an operand can be read; 0 if there is none. */
export function readyLevelOf(operand: Operand | undefined): number {
  let level = 0;
  if (operand === undefined) return level;
  for (const part of operand.parts) level = Math.max(level, readyLevel(part));
  return level;
}

/** Level from which a part can be read. */
function readyLevel(part: Part): number {
  const { tensor, from, blocks, norm, gradient } = part;
  let level = tensor.fixed ? 0 : readyBlocks(tensor, from, blocks);
  if (norm !== undefined) level = Math.max(level, norm.ready);
  if (gradient !== undefined) level = Math.max(level, gradient.ready);
  return level;
}

function readyBlocks(tensor: Tensor, from: number, blocks: number): number {
  let level = 0;
  for (let block = from; block < from + blocks; block++) level = Math.max(level, tensor.ready[block]!);
  return level;
}
