import assert from 'node:assert/strict';
import type { Plan } from '../../../../src/engine/backend/plan/plan.js';
import {
  INSTRUCTION,
  LEVEL,
  OPCODE,
  OPERAND,
  PART,
  PART_FLAGS,
  PROGRAM,
} from '../../../../src/engine/backend/plan/layout.js';
import type { PlanRequest } from '../../../../src/engine/backend/plan/planner.js';
import { plan } from '../../../../src/engine/backend/plan/planner.js';
import type { NetworkGraph } from '../../../../src/graph/network-graph.js';
import {
  chain,
  classifier,
  concat,
  conv,
  depthwise,
  norm,
  relu,
  sum,
} from '../../../contracts/backend-graphs.js';
import { referenceNetwork } from '../reference-network.js';

const TRAIN: PlanRequest = {
  batch: 4,
  outputs: ['loss'],
  train: true,
  realBytes: 4,
  threads: 1,
  statistics: 'batch',
};
const EVALUATE: PlanRequest = { ...TRAIN, train: false };

describe('plan', () => {
  it('computes a step of a cell network in the levels that batch norms force', () => {
    const graph = classifier([8, 8, 8], chain(norm('n'), relu, conv('c', 8, { kernel: 1 })));
    assert.deepEqual(imageLevels(plan(graph, TRAIN)), [
      'INPUT CONV STATISTICS',
      'CONV GLOBAL_POOL CONV CROSS_ENTROPY BIAS_GRAD CONV_GRAD SPREAD CONV_GRAD GRAD_STATISTICS',
      'INPUT CONV_GRAD',
    ]);
  });

  it('needs one level where statistics are given', () => {
    const graph = referenceNetwork({ channels: 8, cells: 2, size: 8 });
    assert.equal(imageLevels(plan(graph, { ...EVALUATE, statistics: 'given' })).length, 1);
  });

  it('stores neither a relu, a batch_norm nor a concat of whole blocks', () => {
    const graph = classifier(
      [8, 8, 8],
      chain(concat(norm('n'), norm('m')), relu, conv('c', 8, { kernel: 1 })),
    );
    assert.deepEqual(imageLevels(plan(graph, EVALUATE)), [
      'INPUT CONV STATISTICS STATISTICS',
      'CONV GLOBAL_POOL CONV CROSS_ENTROPY',
    ]);
  });

  it('adds the gradients of several readers in one buffer', () => {
    const graph = classifier(
      [8, 8, 8],
      chain(relu, sum(conv('a', 8, { kernel: 3 }), conv('b', 8, { kernel: 5 }))),
    );
    const planned = plan(graph, TRAIN);
    const gradients = instructions(planned, OPCODE.CONV_GRAD);
    const targets = gradients
      .filter((at) => planned.words[at + INSTRUCTION.kernel]! > 1)
      .map((at) => partOf(planned, at + INSTRUCTION.dx)!);
    assert.equal(targets[0]!.data, targets[1]!.data);
    assert.deepEqual(
      targets.map(({ flags }) => flags & PART_FLAGS.ACCUMULATE),
      [0, PART_FLAGS.ACCUMULATE],
    );
    assert.equal(instructions(planned, OPCODE.RELU_GRAD).length, 0);
    assert.equal(instructions(planned, OPCODE.SUM).length, 1);
  });

  it('computes a depthwise result again instead of storing it', () => {
    const separable = chain(relu, depthwise('d', { kernel: 3 }), conv('p', 16, { kernel: 1 }), norm('n'));
    const graph = classifier([8, 8, 16], chain(norm('front'), separable, relu));
    const planned = plan(graph, TRAIN);
    const filters = instructions(planned, OPCODE.DEPTHWISE);
    assert.equal(filters.length, 2);
    for (const at of filters)
      assert.ok((partOf(planned, at + INSTRUCTION.out)!.flags & PART_FLAGS.LOCAL) !== 0);
  });

  it('runs convolutions of one input as one', () => {
    const graph = classifier(
      [8, 8, 8],
      chain(relu, concat(conv('a', 8, { kernel: 1 }), conv('b', 16, { kernel: 1 }))),
    );
    const planned = plan(graph, TRAIN);
    assert.equal(instructions(planned, OPCODE.CONV).length, 3);
    assert.equal(instructions(planned, OPCODE.CONV_GRAD).length, 3);
    assert.equal(instructions(planned, OPCODE.REDUCE_CONV).length, 4);
  });

  it('packs each weight once', () => {
    const graph = classifier(
      [8, 8, 8],
      chain(conv('c', 8, { kernel: 3 }), relu, conv('c', 8, { kernel: 3 })),
    );
    const planned = plan(graph, TRAIN);
    assert.equal(instructions(planned, OPCODE.PACK_CONV).length, 3);
    assert.equal(instructions(planned, OPCODE.REDUCE_CONV).length, 3);
  });

  it('plans the network of the speed measurements in less memory than its activations take', () => {
    const planned = plan(referenceNetwork({ channels: 16, cells: 8, size: 32 }), {
      ...TRAIN,
      batch: 64,
      threads: 2,
    });
    assert.ok(planned.arenaBytes < 340e6, `${planned.arenaBytes} bytes`);
  });

  it('names an output that the graph does not have', () => {
    assert.throws(() => plan(classifierGraph(), { ...EVALUATE, outputs: ['nothing'] }), /output nothing/);
  });
});

function classifierGraph(): NetworkGraph {
  return classifier([4, 4, 8], relu);
}

const NAMES = new Map<number, string>(Object.entries(OPCODE).map(([name, code]) => [code, name]));

function levelsOf({ words, numUpdateLevels }: Plan): readonly number[] {
  const first = words[PROGRAM.levels]! / 4;
  return Array.from({ length: numUpdateLevels }, (_, i) => first + i * LEVEL.words);
}

function instructionsOf({ words }: Plan, level: number): readonly number[] {
  const first = words[level + LEVEL.first]! / 4;
  return Array.from({ length: words[level + LEVEL.count]! }, (_, i) => first + i * INSTRUCTION.words);
}

/** Opcodes of each image level. */
function imageLevels(planned: Plan): readonly string[] {
  return levelsOf(planned)
    .slice(0, planned.numLevels)
    .filter((level) => planned.words[level + LEVEL.isImageLevel] === 1)
    .map((level) =>
      instructionsOf(planned, level)
        .map((at) => NAMES.get(planned.words[at]!))
        .join(' '),
    );
}

function instructions(planned: Plan, opcode: number): readonly number[] {
  return levelsOf(planned)
    .flatMap((level) => instructionsOf(planned, level))
    .filter((at) => planned.words[at] === opcode);
}

/** The first part of an operand. */
function partOf(
  { words }: Plan,
  operand: number,
): { readonly data: number; readonly flags: number } | undefined {
  if (words[operand + OPERAND.count] === 0) return undefined;
  const part = words[operand + OPERAND.parts]! / 4;
  return { data: words[part + PART.data]!, flags: words[part + PART.flags]! };
}
