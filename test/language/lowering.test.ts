import assert from 'node:assert/strict';
import { compileText, type CompileResult } from '../../src/language/index.js';
import { cellTypesOf } from '../../src/space/layout.js';
import type { OpChoice, SearchSpace } from '../../src/space/search-space.js';
import { spaceSize, type Size } from '../../src/space/size.js';
import {
  dartsSpace,
  en2asSpace,
  nasBench201Space,
  quickstartSpace,
  recurrentSpace,
} from '../fixtures/spaces.js';
import { diagnose, spaceText } from './check.js';
import { EXAMPLES, exampleText } from './examples.js';

type Example = (typeof EXAMPLES)[number];

async function example(name: Example): Promise<CompileResult & { readonly space: SearchSpace }> {
  const result = await compileText(exampleText(name));
  const [space] = result.spaces;
  assert.ok(space !== undefined);
  return { ...result, space };
}

describe('language: examples', () => {
  for (const name of EXAMPLES) {
    it(`${name} has no diagnostics`, async () => assert.deepEqual(await diagnose(exampleText(name)), []));
  }

  it('have the sizes of the literature', async () => {
    const counts = async (name: Example): Promise<(bigint | undefined)[]> => {
      const { total, cells } = spaceSize((await example(name)).space);
      const count = (size: Size): bigint | undefined => (size.kind === 'finite' ? size.count : undefined);
      return [count(total), ...cells.map(({ size }) => count(size))];
    };
    assert.deepEqual(await counts('nasbench201'), [15_625n, 15_625n]);
    const darts = 1_037_664_180n;
    assert.deepEqual(await counts('darts-cifar10'), [darts * darts, darts, darts]);
    const en2as = 17_664_768_000n;
    assert.deepEqual(await counts('en2as-cifar10'), [en2as * en2as, en2as, en2as]);
    assert.deepEqual(await counts('en2as-digits'), [en2as * en2as, en2as, en2as]);
    assert.deepEqual(await counts('rnn-ptb'), [2_642_411_520n]);
    const nago = spaceSize((await example('nago')).space).total;
    assert.deepEqual(nago, { kind: 'continuous', dimensions: 8, continuous: 3 });
  });
});

describe('language: lowering of spaces', () => {
  /** All of a space but its name and hash. */
  const content = ({ input, task, template, decisions, rules, scales }: SearchSpace): unknown => ({
    input,
    task,
    template,
    decisions,
    rules,
    scales,
  });

  it('gives the spaces of EN²AS, DARTS and the quick start as they are built by hand', async () => {
    assert.deepEqual(content((await example('en2as-cifar10')).space), content(en2asSpace()));
    assert.deepEqual(content((await example('darts-cifar10')).space), content(dartsSpace()));
    const { template, decisions, input } = (await example('en2as-digits')).space;
    const expected = quickstartSpace();
    assert.deepEqual(
      { template, decisions, input },
      { template: expected.template, decisions: expected.decisions, input: expected.input },
    );
  });

  it('gives the cells of NAS-Bench-201 and of the recurrent space as they are built by hand', async () => {
    const { template, decisions } = (await example('nasbench201')).space;
    assert.deepEqual(
      { template, decisions },
      { template: nasBench201Space().template, decisions: nasBench201Space().decisions },
    );
    const rnn = (await example('rnn-ptb')).space;
    const expected = recurrentSpace(10_000, 300);
    assert.deepEqual(rnn.template, JSON.parse(JSON.stringify(expected.template).replaceAll('Rnn.', 'Cell.')));
    assert.deepEqual(rnn.input, expected.input);
    assert.deepEqual(rnn.task, expected.task);
  });

  it('names a space by its content', async () => {
    const [first] = (await compileText(spaceText())).spaces;
    const [again] = (await compileText(`// A comment.\n${spaceText()}`)).spaces;
    const [other] = (await compileText(spaceText().replace('C: 4', 'C: 5'))).spaces;
    assert.equal(first?.id, again?.id);
    assert.match(String(first?.id), /^S-[0-9a-f]{8}$/);
    assert.notEqual(first?.id, other?.id);
  });

  it('puts the arguments of own ops into their bodies, and op sets into chains', async () => {
    const own = 'op block(k: dims = 3x3, c: int = 0) = relu > conv(k, out: c) > bn';
    const items = 'block(5x5), b = block(c: 2 * C) > conv(1x1), none';
    const body = `node x = sum(choose 1 prev via relu > Ops) > Ops node y = sum(x via { ${items} }) output y`;
    const { spaces, diagnostics } = await compileText(`${own}\n${spaceText({ cell: body })}`);
    assert.deepEqual(
      diagnostics.map(({ severity }) => severity),
      [],
    );
    const [x, y] = cellTypesOf(spaces[0]!)[0]!.nodes;
    assert.deepEqual(namesOf(x!.then), ['none', 'skip', 'sep_conv_3x3']);
    assert.equal(x!.thenDecision, 'Normal.x.op');
    assert.deepEqual(x!.wires[0]!.ops[2], {
      name: 'relu_sep_conv_3x3',
      chain: [
        { op: 'relu', arguments: {} },
        { op: 'sep_conv', arguments: { kernel: 3 } },
      ],
    });
    const { ops } = y!.wires[0]!;
    assert.deepEqual(namesOf(ops), ['block_5x5', 'b', 'none']);
    const given = ops[1]!.chain.map((call) => call.arguments);
    assert.deepEqual(given, [{}, { kernel: 3, out: { channels: 2 } }, {}, { kernel: 1 }]);
  });

  it('understands explicit wires, lists of inputs and loose ends', async () => {
    const cell =
      'node a = sum(s0 via skip, s1 via Ops) node b[1..2] = mean(choose 2 of (a, s1) via Ops) output concat(loose)';
    const { spaces, diagnostics } = await compileText(spaceText({ cell }));
    assert.deepEqual(diagnostics, []);
    const type = cellTypesOf(spaces[0]!)[0]!;
    assert.deepEqual(type.output, { merge: 'concat', nodes: [3, 4] });
    assert.deepEqual(
      type.nodes.map(({ wires }) =>
        wires.map((wire) => (wire.kind === 'edge' ? wire.from : wire.candidates)),
      ),
      [[0, 1], [[1, 2]], [[1, 2]]],
    );
  });
});

function namesOf(ops: readonly OpChoice[]): string[] {
  return ops.map(({ name }) => name);
}
