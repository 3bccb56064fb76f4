import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as layout from '../../../../src/engine/backend/plan/layout.js';

const HEADER = readFileSync(
  new URL('../../../../src/engine/backend/kernels/program.h', import.meta.url),
  'utf8',
).replace(/\/\/.*$/gm, '');

/** Size of an operand in words; other fields take one. */
const WORDS: Readonly<Record<string, number>> = { Operand: layout.OPERAND.words, double: 2 };

describe('layout', () => {
  check('Part', layout.PART);
  check('Operand', layout.OPERAND);
  check('Instruction', layout.INSTRUCTION);
  check('BatchNorm', layout.BATCH_NORM);
  check('Level', layout.LEVEL);
  check('Program', layout.PROGRAM);

  it('has the doubles of Hyper where program.h has them', () => {
    const { doubles, ...fields } = layout.HYPER;
    const expected = fieldsOf('Hyper').map(({ name, word }) => [name, word / 2] as const);
    assert.deepEqual(Object.entries(fields), expected);
    assert.equal(doubles, expected.length);
  });

  it('has the opcodes of program.h', () => {
    const expected = Object.entries(valuesOf('Opcode')).map(([name, value]) => [
      name.replace('OP_', ''),
      value,
    ]);
    assert.deepEqual(Object.entries(layout.OPCODE), expected);
  });

  it('has the part flags of program.h', () => {
    const expected = Object.entries(valuesOf('PartFlags')).map(([name, value]) => [
      name.replace('PART_', ''),
      value,
    ]);
    assert.deepEqual(Object.entries(layout.PART_FLAGS), expected);
  });

  it('has the sizes of program.h', () => {
    for (const name of ['BL', 'NUM_SHARDS'] as const) {
      assert.equal(layout[name], Number(new RegExp(`#define ${name}\\s+(\\d+)`).exec(HEADER)?.[1]));
    }
  });
});

function check(struct: string, mirror: Readonly<Record<string, number>>): void {
  it(`has the words of ${struct} where program.h has them`, () => {
    const { words, ...fields } = mirror;
    const expected = fieldsOf(struct);
    assert.deepEqual(
      Object.entries(fields),
      expected.map(({ name, word }) => [name, word]),
    );
    const last = expected.at(-1)!;
    assert.equal(words, last.word + last.words);
  });
}

/** Fields of `typedef struct { … } name;` with their first word. */
function fieldsOf(struct: string): readonly { name: string; word: number; words: number }[] {
  const body = new RegExp(`typedef struct \\{([^}]*)\\} ${struct};`).exec(HEADER)![1]!;
  let word = 0;
  return [...body.matchAll(/(\w+)\s+([^;]+);/g)].flatMap(([, type, names]) =>
    names!.split(',').map((name) => {
      const words = WORDS[type!] ?? 1;
      word += words;
      return { name: name.trim(), word: word - words, words };
    }),
  );
}

function valuesOf(name: string): Record<string, number> {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(HEADER)![1]!;
  const values: Record<string, number> = {};
  let next = 0;
  for (const [, member, value] of body.matchAll(/(\w+)(?:\s*=\s*(\d+))?\s*,/g)) {
    next = value === undefined ? next : Number(value);
    values[member!] = next++;
  }
  return values;
}
