import type { Opcode } from './layout.js';
import { OPCODE } from './layout.js';
import type { LevelSteps } from './lifetimes.js';
import { forEachTensor } from './lifetimes.js';
import type { Step } from './steps.js';
import type { Norm, Operand, Tensor } from './operands.js';
import { makeTensor, wholeTensor } from './operands.js';

/**
 * Results that cost less to compute again in the backward pass than memory to keep: the convolution behind a depthwise
 * filter takes most of the time of both, and recomputing the filter was measured no slower than storing its result.
 */
const CHEAP: ReadonlySet<Opcode> = new Set([OPCODE.DEPTHWISE, OPCODE.SHIFT, OPCODE.INPUT]);

/**
 * Repeats cheap steps in the later levels that read their results, where what they read is still stored, so that the
 * results live for one image within one level. Returns the tensors it adds. Lifetimes are known and kept right.
 */
export function recomputeCheapResults(levels: Step[][], norms: Iterable<Norm>): Tensor[] {
  const cheap = levels.flatMap((steps) => steps.filter((step) => CHEAP.has(step.opcode)));
  const readers = readersOf(cheap.map(resultOf), levels);
  const kept = new Set<Tensor>();
  for (const norm of norms) kept.add(norm.z.parts[0]!.tensor);
  const added: Tensor[] = [];
  for (const step of cheap) {
    const result = resultOf(step);
    if (kept.has(result) || step.out!.numWriters !== 1 || result.firstLevel === result.lastLevel) continue;
    const later = (readers.get(result) ?? []).filter((reader) => reader.level !== step.level);
    if (!inputsLiveUntil(step, result.lastLevel)) continue;
    result.lastLevel = step.level;
    added.push(...repeat(levels, step, later));
  }
  return added;
}

/** Repeats `step` before its readers in each of their levels. */
function repeat(levels: Step[][], step: Step, readers: readonly Step[]): Tensor[] {
  const result = resultOf(step);
  const copies = new Map<number, Tensor>();
  for (const reader of readers) {
    let copy = copies.get(reader.level);
    if (copy === undefined) {
      copy = makeTensor(result.blocks, result.height, result.width);
      copy.firstLevel = copy.lastLevel = reader.level;
      copies.set(reader.level, copy);
      const steps = levels[reader.level]!;
      steps.splice(steps.indexOf(reader), 0, repeated(step, reader.level, copy));
    }
    readInstead(reader, result, copy);
  }
  return [...copies.values()];
}

function repeated(step: Step, level: number, result: Tensor): Step {
  const out = step.out!;
  const part = wholeTensor(result);
  return {
    ...step,
    level,
    out: { operand: { ...out.operand, parts: [part] }, begun: false, numWriters: 1 },
  };
}

function readInstead(step: Step, from: Tensor, to: Tensor): void {
  step.in = replaced(step.in, from, to);
  step.grad = replaced(step.grad, from, to);
  step.outRead = replaced(step.outRead, from, to);
}

function replaced(operand: Operand | undefined, from: Tensor, to: Tensor): Operand | undefined {
  if (operand?.parts.some((part) => part.tensor === from) !== true) return operand;
  const parts = operand.parts.map((part) => (part.tensor === from ? { ...part, tensor: to } : part));
  return { ...operand, parts };
}

/** Whether all that the step reads is stored up to `level`, which it is if somebody else reads it there or later. */
function inputsLiveUntil(step: Step, level: number): boolean {
  const result = resultOf(step);
  let live = true;
  forEachTensor(step, (tensor) => {
    if (tensor !== result && !tensor.fixed && tensor.lastLevel < level) live = false;
  });
  return live;
}

function resultOf(step: Step): Tensor {
  return step.out!.operand.parts[0]!.tensor;
}

/** Steps that read each of the tensors, in order; each once. */
function readersOf(tensors: readonly Tensor[], levels: LevelSteps): ReadonlyMap<Tensor, readonly Step[]> {
  const readers = new Map<Tensor, Step[]>();
  for (const tensor of tensors) readers.set(tensor, []);
  for (const steps of levels) {
    for (const step of steps) {
      noteReader(readers, step.in, step);
      noteReader(readers, step.grad, step);
      noteReader(readers, step.outRead, step);
    }
  }
  return readers;
}

function noteReader(readers: ReadonlyMap<Tensor, Step[]>, operand: Operand | undefined, step: Step): void {
  if (operand === undefined) return;
  for (const { tensor } of operand.parts) {
    const known = readers.get(tensor);
    if (known !== undefined && known[known.length - 1] !== step) known.push(step);
  }
}
