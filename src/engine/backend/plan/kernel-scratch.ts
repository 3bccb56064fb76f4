import { BL, OPCODE } from './layout.js';
import { blocksOf } from './operands.js';
import type { Step } from './steps.js';

/** Scratch that the kernel of a step needs beside local tensors, in reals: the formula of program.h. */
export function kernelScratchReals(step: Step): number {
  const base = 16384;
  const { window } = step;
  if (window === undefined) return base;
  const map = step.in ?? step.dx?.operand;
  if (map === undefined) return base;
  const border = 2 * window.padding + 2 * window.dilation * (window.kernel - 1);
  const framed = BL * (map.height + border) * (map.width + border + 8);
  if (step.opcode !== OPCODE.CONV && step.opcode !== OPCODE.CONV_GRAD) return base + 4 * framed;
  const inBlocks = blocksOf(map.channels);
  const outBlocks = blocksOf((step.opcode === OPCODE.CONV ? step.out?.operand : step.grad)?.channels ?? 0);
  const taps = window.kernel * window.kernel;
  const gathered = base + 64 * BL * (taps * inBlocks + outBlocks);
  const isPoint = window.kernel === 1 && window.padding === 0;
  return isPoint ? gathered : gathered + framed * (2 * inBlocks + outBlocks);
}
