import assert from 'node:assert/strict';
import { compileText } from '../../src/language/index.js';
import { check, diagnose, spaceText } from './check.js';

describe('language: syntax', () => {
  it('takes an empty file, and a file of comments', async () => {
    await check('');
    await check('/// Nothing\n// yet\n/* at all */\n');
  });

  it('says in plain words what was expected and what was found', async () => {
    await check('opset A { conv(3x3, skip }', '1:26 error NAS001 expected `)`, found `}`');
    await check('space', '1:6 error NAS001 expected a name, found the end of the file');
    await check('opset A { conv("x', '1:16 error NAS001 this text has no closing quote');
    await check(
      'hello',
      '1:1 error NAS001 expected a declaration (space, search, opset or op), found `hello`',
    );
    await check('opset A { §, skip }', '1:11 error NAS001 unexpected character `§`');
  });

  it('gives a remedy with the missing token', async () => {
    const { diagnostics } = await compileText('opset A { conv(3x3, skip }');
    assert.equal(diagnostics[0]?.remedy, 'Insert `)`.');
  });

  it('counts lines and columns from 1, with an exclusive end', async () => {
    const { diagnostics } = await compileText('opset A {\n  skip, sep_cnov(3x3)\n}');
    assert.deepEqual(diagnostics[0]?.range, { line: 2, column: 9, endLine: 2, endColumn: 17 });
    assert.equal(diagnostics[0].remedy, 'Did you mean `sep_conv`?');
  });

  it('lets words of the language be names', async () => {
    await check('op mean = relu > conv(3x3)\nop max = skip\nop in = none\nopset node { mean, max, in }');
    const cell = 'node all = sum(in via Ops, node via Ops) node sum = mean(all) output sum';
    const text = spaceText().replace(
      /cell Normal\(.*\) \{.*\}/,
      `cell Normal(in via conv(1x1), node via conv(1x1)) { ${cell} }`,
    );
    await check(text);
  });

  it('understands units in numbers', async () => {
    await check(spaceText({ members: 'require params <= 4M\nrequire macs <= 0.6G' }));
    await check(spaceText({ members: 'require params <= 8h' }), '8:19 error NAS102 a limit is a number');
  });

  it('survives text that is nested or long beyond reason', async () => {
    await check(
      `opset A { conv(${'('.repeat(5000)}`,
      '1:114 error NAS001 brackets are nested more than 100 deep',
    );
    const long = spaceText({ members: `require params <= ${'1+'.repeat(20000)}1` });
    await check(long, '8:1018 error NAS001 an expression has more than 500 operators');
    assert.equal((await diagnose('}'.repeat(10000))).length, 1);
    assert.ok((await diagnose('@ '.repeat(10000))).length <= 20);
  });

  it('survives ops and op sets that are made of each other, many times and many levels deep', async () => {
    const doubling = Array.from({ length: 60 }, (_, i) => `op a${i + 1} = a${i} > a${i}\n`).join('');
    const long = await diagnose(`op a0 = relu\n${doubling}`);
    assert.ok(long.includes('9:9 error NAS110 this chain has more than 200 ops'), long.join('\n'));
    const branching = Array.from({ length: 60 }, (_, i) => `opset S${i + 1} { S${i} > relu, S${i} > bn }\n`);
    const found = await diagnose(`opset S0 { relu, bn }\n${branching.join('')}`);
    assert.ok(
      found.every((line) => line.includes('NAS11')),
      found[0] ?? '',
    );
    const nested = Array.from({ length: 1000 }, (_, i) => `opset N${i} { none, N${i + 1} }\n`);
    const levels = await diagnose(`${nested.join('')}opset N1000 { relu, bn }`);
    assert.ok(levels.length > 0 && levels.every((line) => line.includes('NAS11')), levels[0] ?? '');
  });

  it('compiles five thousand lines', async () => {
    const sets = Array.from(
      { length: 1000 },
      (_, i) => `opset O${i} {\n  skip,\n  conv(3x3),\n  O${i + 1},\n}\n`,
    );
    const found = await diagnose(sets.join(''));
    assert.deepEqual(found, ['4999:3 error NAS101 unknown op `O1000`']);
  });
});
