import assert from 'node:assert/strict';
import fc from 'fast-check';
import { kernelScratchReals } from '../../../../src/engine/backend/plan/kernel-scratch.js';
import type { Opcode } from '../../../../src/engine/backend/plan/layout.js';
import { INSTRUCTION, LEVEL, OPCODE, OPERAND, PROGRAM } from '../../../../src/engine/backend/plan/layout.js';
import type { Operand } from '../../../../src/engine/backend/plan/operands.js';
import { blocksOf } from '../../../../src/engine/backend/plan/operands.js';
import type { Plan } from '../../../../src/engine/backend/plan/plan.js';
import { plan } from '../../../../src/engine/backend/plan/planner.js';
import type { Step } from '../../../../src/engine/backend/plan/steps.js';
import { makeStep } from '../../../../src/engine/backend/plan/steps.js';
import { Kernels, VARIANTS } from '../kernels/harness.js';
import { referenceNetwork } from '../reference-network.js';

const WINDOWED = ['CONV', 'CONV_GRAD', 'DEPTHWISE', 'DEPTHWISE_GRAD', 'MAX_POOL', 'MAX_POOL_GRAD'] as const;
const POOLS = ['AVG_POOL', 'AVG_POOL_GRAD'] as const;
const OTHERS = ['INPUT', 'SUM', 'RELU_GRAD', 'GLOBAL_POOL', 'STATISTICS', 'OUTPUT', 'MUL'] as const;

const operand = fc.record({
  parts: fc.constant([]),
  channels: fc.integer({ min: 1, max: 70 }),
  height: fc.integer({ min: 1, max: 40 }),
  width: fc.integer({ min: 1, max: 40 }),
});
const destination = operand.map((written) => ({ operand: written, begun: false, numWriters: 0 }));
const window = fc.record({
  kernel: fc.integer({ min: 1, max: 7 }),
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.integer({ min: 0, max: 6 }),
  dilation: fc.integer({ min: 1, max: 3 }),
});
const opcode = (names: readonly (keyof typeof OPCODE)[]): fc.Arbitrary<Opcode> =>
  fc.constantFrom(...names.map((name) => OPCODE[name]));
const operands = { in: operand, grad: operand, out: destination, dx: destination };
const step = fc
  .oneof(
    fc.record({ opcode: opcode(WINDOWED), window, ...operands }),
    fc.record({ opcode: opcode(POOLS), window, ...operands, in: fc.option(operand, { nil: undefined }) }),
    fc.record({ opcode: opcode(OTHERS), ...operands }),
  )
  .map(({ opcode: code, ...fields }) => makeStep(code, fields));

describe('kernelScratchReals', () => {
  for (const variant of VARIANTS) {
    it(`is what the kernels ask for (${variant})`, () => {
      const kernels = new Kernels(variant, 1);
      const property = fc.property(step, (instruction) => {
        kernels.reset();
        const wanted = kernels.scratchBytes(wordsOf(instruction)) / kernels.bytesPerReal;
        assert.equal(kernelScratchReals(instruction), wanted);
      });
      fc.assert(property, { seed: 21, numRuns: 500 });
    });
  }

  it('gives every instruction of a plan as much as its kernel asks for', () => {
    const kernels = new Kernels('relaxed', 1);
    const graph = referenceNetwork({ channels: 12, cells: 3, size: 16 });
    const made = plan(graph, {
      batch: 2,
      outputs: ['loss'],
      train: true,
      realBytes: 4,
      threads: 1,
      statistics: 'batch',
    });
    const room = made.words[PROGRAM.scratchStride]! - made.words[PROGRAM.kernelScratch]!;
    const wanted = imageInstructions(made).map((words) => kernels.scratchBytes(words));
    assert.ok(wanted.length > 100);
    assert.ok(Math.max(...wanted) <= room && room < Math.max(...wanted) + 64);
  });
});

function wordsOf(instruction: Step): number[] {
  const words = new Array<number>(INSTRUCTION.words).fill(0);
  words[INSTRUCTION.opcode] = instruction.opcode;
  const place = (at: number, value: Operand | undefined): void => {
    if (value === undefined) return;
    words[at + OPERAND.blocks] = blocksOf(value.channels);
    words[at + OPERAND.channels] = value.channels;
    words[at + OPERAND.height] = value.height;
    words[at + OPERAND.width] = value.width;
  };
  place(INSTRUCTION.in, instruction.in);
  place(INSTRUCTION.out, instruction.out?.operand);
  place(INSTRUCTION.grad, instruction.grad);
  place(INSTRUCTION.dx, instruction.dx?.operand);
  words[INSTRUCTION.kernel] = instruction.window?.kernel ?? 0;
  words[INSTRUCTION.stride] = instruction.window?.stride ?? 0;
  words[INSTRUCTION.padding] = instruction.window?.padding ?? 0;
  words[INSTRUCTION.dilation] = instruction.window?.dilation ?? 0;
  return words;
}

function imageInstructions({ words, numLevels }: Plan): number[][] {
  const instructions: number[][] = [];
  const first = words[PROGRAM.levels]! / 4;
  for (let level = first; level < first + numLevels * LEVEL.words; level += LEVEL.words) {
    if (words[level + LEVEL.isImageLevel] === 0) continue;
    for (let i = 0; i < words[level + LEVEL.count]!; i++) {
      const at = words[level + LEVEL.first]! / 4 + i * INSTRUCTION.words;
      instructions.push(Array.from(words.subarray(at, at + INSTRUCTION.words)));
    }
  }
  return instructions;
}
