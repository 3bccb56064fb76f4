import type { DilatedWindow } from '../../../graph/network-graph.js';
import { BL, OPCODE } from './layout.js';
import { blocksOf } from './operands.js';
import type { Operand } from './operands.js';
import type { Step } from './steps.js';

const BASE_REALS = 16384;

/** Scratch that the kernel of a step needs beside local tensors, in reals: the formula of program.h. */
export function kernelScratchReals(step: Step): number {
  const map = step.in ?? step.dx?.operand;
  if (step.window === undefined || map === undefined) return BASE_REALS;
  return windowReals(step, step.window, map);
}

function windowReals(step: Step, window: DilatedWindow, map: Operand): number {
  const border = 2 * window.padding + 2 * window.dilation * (window.kernel - 1);
  const framed = BL * (map.height + border) * (map.width + border + 8);
  if (step.opcode !== OPCODE.CONV && step.opcode !== OPCODE.CONV_GRAD) return BASE_REALS + 4 * framed;
  const inBlocks = blocksOf(map.channels);
  const outBlocks = blocksOf((step.opcode === OPCODE.CONV ? step.out?.operand : step.grad)?.channels ?? 0);
  const taps = window.kernel * window.kernel;
  const gathered = BASE_REALS + 64 * BL * (taps * inBlocks + outBlocks);
  const isPoint = window.kernel === 1 && window.padding === 0;
  return isPoint ? gathered : gathered + framed * (2 * inBlocks + outBlocks);
}
