import assert from 'node:assert/strict';
import { compileText } from '../../src/language/index.js';
import { check, spaceText } from './check.js';

describe('language: ops and op sets', () => {
  it('reports names that stand for nothing or for another kind of thing', async () => {
    await check('opset A { skip, foo }', '1:17 error NAS101 unknown op `foo`');
    await check('opset A { skip, digits }', '1:17 error NAS101 `digits` is a dataset, but here stands an op');
    await check('opset A { skip, ...B }', '1:20 error NAS101 unknown op set `B`');
    await check('opset A { skip, mbconv(3x3) }', '1:17 error NAS200 op `mbconv` is not built yet');
  });

  it('checks arguments against the declaration', async () => {
    const cases: readonly (readonly [call: string, column: number, message: string])[] = [
      ['conv(4x4)', 22, 'a window of 4x4 cannot keep the size of its map'],
      ['conv(3x5)', 22, 'the window of `conv` is square, not 3x5'],
      ['conv(3)', 22, '`kernel` of `conv` is a window, not 3'],
      ['conv(kernl: 3x3)', 22, '`conv` has no argument `kernl`'],
      ['conv(3x3, kernel: 3x3)', 27, '`kernel` is given twice'],
      ['skip(3x3)', 22, '`skip` takes no arguments'],
      ['sep_conv(repeat: 0)', 34, '`repeat` of `sep_conv` is 0, outside 1..'],
      ['conv(out: 1.5)', 27, '`out` of `conv` is a whole number, not 1.5'],
      ['conv(out: 2 * depth)', 27, '`out` of `conv` is a whole number, not a multiple of depth'],
      ['conv(stride: C)', 30, '`stride` of `conv` is a whole number, not a multiple of C'],
      ['conv(out: 1 / 0)', 27, 'division by zero'],
      ['conv(out: 3x3 * 2)', 27, '`3x3 * 2` cannot be computed'],
    ];
    for (const [call, column, message] of cases) {
      await check(`opset A { none, ${call} }`, `1:${column} error NAS102 ${message}`);
    }
    await check('opset A { none, conv(out: K) }', '1:27 error NAS101 there is no value called `K` here');
  });

  it('reports doubles, empty and circular op sets', async () => {
    await check(
      'opset A { skip, conv(3x3), skip }',
      '1:28 error NAS110 `skip` is already in this op set, on line 1',
    );
    await check(
      'opset A { a = conv(3x3), conv(3x3) }',
      '1:26 error NAS110 `conv(3x3)` is already in this op set, on line 1',
    );
    await check('opset A { }', '1:7 error NAS112 op set `A` is empty');
    await check('opset A { skip }', '1:7 warning NAS112 op set `A` has one member: nothing to choose');
    await check(
      'opset A { skip, none }',
      '1:7 warning NAS113 op set `A` has only `none` and `skip`: no path would have weights',
    );
    await check(
      'opset A { ...B, skip }\nopset B { relu > A, none }',
      '1:11 error NAS115 op set `A` contains itself',
      '2:11 error NAS115 op set `B` contains itself',
    );
    await check(
      'op a = relu > b\nop b = a',
      '1:1 error NAS115 op `a` is made of itself',
      '2:1 error NAS115 op `b` is made of itself',
    );
  });

  it('points at the first of two declarations', async () => {
    const { diagnostics } = await compileText('opset A { skip, conv }\nop A = conv');
    const [found] = diagnostics;
    assert.equal(found?.message, '`A` is already the name of a declaration');
    assert.deepEqual(found.related?.[0]?.range, { line: 1, column: 7, endLine: 1, endColumn: 8 });
  });
});

describe('language: cells', () => {
  const table: readonly (readonly [what: string, cell: string, ...expected: string[]])[] = [
    [
      'more inputs than there are',
      'node x[1..2] = sum(choose 3 prev via Ops) output concat(nodes)',
      '3:94 error NAS121 `choose 3 prev`, but only 2 predecessors for `x[1]`',
    ],
    ['no inputs', 'node x = sum(choose 0 prev via Ops) output x', '3:95 error NAS121 cannot choose 0 inputs'],
    [
      'a varying number of inputs',
      'node x = sum(choose 1..2 prev via Ops) output x',
      '3:95 error NAS200 choosing a varying number of inputs is not built yet',
    ],
    [
      'an index out of range',
      'node x[1..2] = sum(choose 2 prev via Ops) output concat(x[5])',
      '3:133 error NAS122 `x` has the nodes 1..2, not 5',
    ],
    [
      'an empty range',
      'node x[4..1] = sum(choose 2 prev via Ops) output x',
      '3:82 error NAS140 the range 4..1 is empty',
    ],
    [
      'a node that nothing reads',
      'node x[1..2] = sum(choose 2 prev via Ops) output x[1]',
      '3:80 error NAS120 `x[2]` never reaches the output',
    ],
    [
      'a node that reads itself',
      'node x = sum(x via Ops) output x',
      '3:88 error NAS120 `x` reads `x`, which does not come before it',
    ],
    ['an unknown node', 'node x = sum(s3 via Ops) output x', '3:88 error NAS101 unknown node or input `s3`'],
    [
      'an input that nothing reads',
      'node x = sum(s0 via Ops) output x',
      '3:43 warning NAS122 input `s1` of cell `Normal` (line 3) is never used',
    ],
    [
      'an empty list of ops',
      'node x = sum(s0 via {}, s1 via Ops) output x',
      '3:95 error NAS112 this list of ops is empty',
    ],
    [
      'summands of different shapes',
      'node x = sum(s0 via Ops, s1 via conv(3x3, out: 7)) output x',
      '3:84 error NAS130 cell Normal, node x: its edges have different shapes, 28×28×4 and 28×28×7 (at scale `search`)',
    ],
    [
      'a merge of recurrent cells',
      'node x = gate(s0 via Ops, s1 via Ops) output x',
      '3:84 error NAS130 cell Normal, node x: gate is for recurrent cells only (at scale `search`)',
    ],
    [
      'two wires that decide one thing',
      'node x = sum(s0 via Ops, s0 via Ops, s1) output x',
      '3:100 error NAS121 two wires of `x` choose about `s0`',
    ],
  ];
  for (const [what, cell, ...expected] of table) {
    it(`reports ${what}`, () => check(spaceText({ cell }), ...expected));
  }

  it('reports an edge that cannot halve its map', () =>
    check(
      spaceText({ cell: 'node x = sum(s0 via relu, s1 via Ops) output x' }),
      '3:84 error NAS130 cell Reduce, node x, op relu: the edge must halve the map, but no op on it can (at scale `search`)',
    ));
});

describe('language: spaces', () => {
  it('reports a net that is empty, uses no cell or says no otherwise', async () => {
    const text = spaceText().replace(/net \{[^]*linear\n\}/, 'net { }');
    await check(text, '2:7 error NAS142 space `S` is empty: it has no net');
    await check(
      spaceText({ net: 'down resblock' }),
      '4:6 warning NAS142 `Reduce` is never used by the net',
      '4:34 error NAS142 the net of space `S` uses no cell: nothing is searched',
    );
    await check(
      spaceText({ net: 'cells depth { Reduce at depth/2 }' }),
      '5:1 error NAS134 no cell stands at the other positions',
    );
    await check(
      spaceText({ net: 'cells depth { Reduce at depth; Normal otherwise }' }),
      '5:25 error NAS134 `depth` is no position within `depth`',
    );
    await check(
      spaceText({ net: 'repeat 0 { use Normal }' }),
      '4:6 warning NAS142 `Reduce` is never used by the net',
      '5:8 error NAS102 `0` is no number of repetitions',
    );
  });

  it('checks the scales', async () => {
    const scales = 'scale search { C: 0 dept: 3 norm(affin: true) }';
    await check(
      spaceText({ scales }),
      '7:9 error NAS102 scale `search` needs `depth`, its number of cells',
      '7:18 error NAS102 `C` is a whole number in 1..65536, not 0',
      '7:23 error NAS102 a scale has no setting `dept`',
      '7:36 error NAS102 `norm` has no argument `affin` left',
    );
    await check(spaceText({ scales: '' }), '2:7 error NAS133 space `S` says not how large its networks are');
    const twice = 'scale search { C: 4 depth: 3 } scale search { C: 8 depth: 3 }';
    await check(spaceText({ scales: twice }), '7:40 error NAS103 there are two scales called `search`');
  });

  it('refuses a net too large to check', async () => {
    const cell = 'node x[1..40] = sum(choose 2 prev via Ops) output concat(nodes)';
    const scales = 'scale search { C: 4 depth: 3 } scale huge { C: 4 depth: 900 }';
    await check(
      spaceText({ cell, scales }),
      '7:40 error NAS170 a supernet of space `S` has 2,322,904 candidate edges at scale `huge`',
    );
  });

  it('reports heads and tasks that do not fit', async () => {
    await check(
      spaceText({ head: 'head gap > linear(12)' }),
      '6:12 error NAS132 the head has 12 units, the task 10 classes',
    );
    await check(spaceText({ head: '' }), '2:7 error NAS132 the net of space `S` does not end in `linear`');
    await check(
      spaceText({ signature: 'tokens(100) -> next_token' }),
      '2:13 error NAS132 tokens need a recurrent cell',
    );
    await check(
      spaceText({ signature: 'image(28x28x1) -> next_token' }),
      '2:31 error NAS132 images have no next token',
    );
    await check(
      spaceText({ signature: 'image(28x28) -> classes(10)' }),
      '2:19 error NAS102 an image has height x width x channels above 0, not 28x28',
    );
    await check(
      spaceText({ signature: 'image -> classes(10)' }),
      '2:13 error NAS102 `image` needs `shape` (a shape)',
    );
  });
});

describe('language: rules', () => {
  const table: readonly (readonly [what: string, members: string, ...expected: string[]])[] = [
    [
      'a count that cannot be',
      'require count(skip) > 100',
      '8:1 error NAS150 no architecture obeys `require count(skip) > 100`: the count is 0..8',
    ],
    [
      'rules that contradict',
      'require count(skip) > 2\nforbid count(skip) > 1',
      '9:1 error NAS150 `forbid count(skip) > 1` contradicts the rules before it',
    ],
    [
      'a contradiction between cells',
      'require Normal.count(skip) >= 2 and Reduce.count(skip) >= 2\nrequire count(skip) <= 3',
      '9:1 error NAS150 `require count(skip) <= 3` contradicts the rules before it',
    ],
    [
      'parameters that cannot be',
      'require params <= 1',
      '8:1 error NAS150 none of 2,000 random architectures of space `S` obeys its rules; most break `require params <= 1`',
    ],
    [
      'a rule that always holds',
      'require count(skip) <= 99',
      '8:1 warning NAS141 `require count(skip) <= 99` always holds: the count is 0..8',
    ],
    [
      'an op that no architecture can use',
      'forbid count(none) > 0',
      '8:1 warning NAS111 `forbid count(none) > 0` leaves `none` unused',
    ],
    ['an unknown op', 'require count(skp) <= 2', '8:15 error NAS101 there is no op `skp`'],
    [
      'an op that no cell has',
      'require count(dil_conv) <= 2',
      '8:15 error NAS101 no cell can use the op `dil_conv`',
    ],
    ['an unknown cell', 'require Nrmal.count(skip) <= 2', '8:9 error NAS101 there is no cell `Nrmal`'],
    ['an unknown measure', 'require flops <= 1M', '8:9 error NAS101 rules know no measure `flops`'],
    [
      'no comparison',
      'require params',
      '8:9 error NAS151 `params` is no comparison of a measure with a number',
    ],
    ['soft rules', 'prefer params <= 1M', '8:1 error NAS200 `prefer` is not built yet'],
    [
      'searched numbers',
      'param p = 8 in 4..8',
      '8:1 error NAS200 `param p`: searched numbers outside a hierarchy are not built yet',
    ],
    ['an empty domain', 'param p = 8 in 8..4', '8:16 error NAS140 the range 8..4 is empty'],
  ];
  for (const [what, members, ...expected] of table) {
    it(`reports ${what}`, () => check(spaceText({ members }), ...expected));
  }

  it('keeps a reason and the text of a rule', async () => {
    const members = 'forbid Normal.count(skip) > 2 or 3 < count(none) because "skip collapse"';
    const { spaces } = await compileText(spaceText({ members }));
    const text = 'forbid Normal.count(skip) > 2 or 3 < count(none)';
    assert.deepEqual(spaces[0]?.rules, [
      {
        metric: { kind: 'count', op: 'skip', cell: 'Normal' },
        comparison: '<=',
        limit: 2,
        because: 'skip collapse',
        text,
      },
      { metric: { kind: 'count', op: 'none' }, comparison: '<=', limit: 3, because: 'skip collapse', text },
    ]);
  });
});
