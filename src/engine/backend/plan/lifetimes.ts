import type { Operand, Tensor } from './operands.js';
import type { Destination, Step } from './steps.js';

/** Steps of each level, in order. */
export type LevelSteps = readonly (readonly Step[])[];

export function byLevel(steps: readonly Step[]): Step[][] {
  const levels: Step[][] = [];
  for (const step of steps) {
    while (levels.length <= step.level) levels.push([]);
    levels[step.level]!.push(step);
  }
  return levels;
}

/** Calls `visit` for each tensor that the step touches; perhaps more than once. */
export function forEachTensor(step: Step, visit: (tensor: Tensor) => void): void {
  visitOperand(step.in, visit);
  visitOperand(step.grad, visit);
  visitOperand(step.outRead, visit);
  visitDestination(step.out, visit);
  visitDestination(step.dx, visit);
}

/** Notes the first and last level that touches each tensor. */
export function markLifetimes(levels: LevelSteps): void {
  for (const [level, steps] of levels.entries()) {
    const mark = (tensor: Tensor): void => {
      if (tensor.firstLevel < 0) tensor.firstLevel = level;
      tensor.lastLevel = level;
    };
    for (const step of steps) forEachTensor(step, mark);
  }
}

function visitOperand(operand: Operand | undefined, visit: (tensor: Tensor) => void): void {
  if (operand === undefined) return;
  for (const part of operand.parts) {
    visit(part.tensor);
    if (part.gradient !== undefined) visit(part.gradient.norm.z.parts[0]!.tensor);
  }
}

function visitDestination(destination: Destination | undefined, visit: (tensor: Tensor) => void): void {
  if (destination === undefined) return;
  for (const { tensor } of destination.operand.parts) visit(tensor);
}
