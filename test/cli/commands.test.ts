import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, TINY, Workspace } from './cellsmith.js';

const example = (name: string): string => join(ROOT, 'examples', `${name}.nas`);

describe('the command line', () => {
  let workspace: Workspace;
  before(async () => {
    workspace = await Workspace.create();
    await workspace.write('tiny.nas', TINY);
    await workspace.write('wrong.nas', 'opset Ops { sep_cnov(3x3) }\n');
    await workspace.write(
      'garbage.nas',
      Uint8Array.from({ length: 3000 }, (_, i) => (i * 37) % 256),
    );
    await workspace.write('empty.nas', '');
  });
  after(async () => workspace.remove());

  it('refuses wrong input with the place, a remedy and exit code 1', async () => {
    for (const [args, expected] of [
      [['frobnicate'], /unknown command 'frobnicate'/],
      [['info', 'tiny.nas', '--colour'], /unknown option '--colour'/],
      [['info'], /missing required argument 'file'/],
      [['info', 'nowhere.nas'], /Cannot read nowhere\.nas: There is no such file\.\nName a/],
      [['info', '.'], /Cannot read \.: /],
      [['info', 'wrong.nas'], /wrong\.nas:1:13: error NAS101 .*sep_cnov.*\n.*sep_conv/],
      [['info', 'empty.nas'], /empty\.nas declares no space/],
      [['sample', 'tiny.nas', '-n', 'many'], /whole number/],
      [['run', 'tiny.nas', '--search', 'Other'], /no search called Other\.\nIt has: Tiny/],
      [['run', example('nasbench201')], /declares 2 searches\.\nChoose one with --search/],
      [['run', 'tiny.nas', '--device', 'abacus'], /no device called abacus/],
      [['run', example('en2as-cifar10')], /cifar10.*\n.*data fetch cifar10/],
      [['run', example('rnn-ptb')], /cannot run .* yet/],
      [['run', example('nago')], /cannot run .* yet/],
      [['show', 'last'], /There are no runs|cannot/],
      [['graph', 'tiny.nas', '-o', 'cell.bmp'], /no format.*\n.*\.svg/],
      [['graph', 'tiny.nas', '--cell', 'Middle'], /no cell called Middle\.\nIt has: Normal, Reduce/],
      [['data', 'fetch', 'imagenet'], /no data set "imagenet"/],
      [['data', 'fetch', 'digits'], /built in|part of/],
    ] as const) {
      const { code, out, err } = await workspace.cellsmith(...args);
      assert.equal(code, 1, `${args.join(' ')}: ${err}`);
      assert.match(err, expected, args.join(' '));
      assert.equal(out, '');
      assert.doesNotMatch(err, / at .*\.mjs:/, 'no stack for the user');
    }
  }).timeout(120_000);

  it('checks every example without a problem, and garbage without a crash', async () => {
    const names = ['en2as-digits', 'en2as-cifar10', 'darts-cifar10', 'nasbench201', 'rnn-ptb', 'nago'];
    const good = await workspace.cellsmith('check', ...names.map(example));
    assert.deepEqual([good.code, good.out], [0, '6 files, no problem.\n']);
    await workspace.write('tiny', TINY);
    assert.equal((await workspace.cellsmith('check', 'tiny')).code, 0, 'a file may be called anything');
    const bad = await workspace.cellsmith('check', 'garbage.nas', 'wrong.nas', '--json');
    assert.equal(bad.code, 1);
    const { schema, diagnostics } = JSON.parse(bad.out) as {
      schema: number;
      diagnostics: { file: string; code: string }[];
    };
    assert.equal(schema, 1);
    assert.deepEqual([...new Set(diagnostics.map(({ file }) => file))], ['garbage.nas', 'wrong.nas']);
  });

  it('tells the published sizes exactly', async () => {
    for (const [name, cell, total] of [
      ['nasbench201', '15625', '15625'],
      ['darts-cifar10', '1037664180', (1037664180n ** 2n).toString()],
      ['en2as-cifar10', '17664768000', (17664768000n ** 2n).toString()],
    ] as const) {
      const { out } = await workspace.cellsmith('info', example(name), '--json');
      const facts = JSON.parse(out) as { size: { count: string }; cells: { size: { count: string } }[] };
      assert.deepEqual([facts.cells[0]?.size.count, facts.size.count], [cell, total]);
    }
  });

  it('samples the same architectures from a seed, with their cost', async () => {
    const sample = async (seed: string): Promise<string> =>
      (await workspace.cellsmith('sample', example('nasbench201'), '-n', '4', '--seed', seed, '--json')).out;
    const first = await sample('7');
    assert.equal(first.trim().split('\n').length, 4);
    assert.equal(await sample('7'), first);
    assert.notEqual(await sample('8'), first);
    const { parameters, macs } = JSON.parse(first.slice(0, first.indexOf('\n'))) as {
      parameters: number;
      macs: number;
    };
    assert.ok(parameters > 1000 && macs > 100_000);
  });

  it('draws a space and a genotype as SVG, DOT and TikZ, and as text', async () => {
    const text = await workspace.cellsmith('graph', 'tiny.nas');
    assert.match(text.out, /Normal[\s\S]*c\(k−1\)[\s\S]*Reduce/);
    const drawn = await workspace.cellsmith('graph', 'tiny.nas', '-o', 'cell.svg');
    assert.deepEqual(
      drawn.out
        .trim()
        .split('\n')
        .map((path) => path.slice(path.lastIndexOf('/') + 1)),
      ['cell-Normal.svg', 'cell-Reduce.svg'],
    );
    for (const [what, file, start] of [
      ['network', 'net.svg', '<svg'],
      ['network', 'net.dot', 'digraph'],
      ['network', 'net.tex', '\\'],
    ] as const) {
      assert.equal((await workspace.cellsmith('graph', 'tiny.nas', '--what', what, '-o', file)).code, 0);
      assert.ok((await readFile(join(workspace.folder, file), 'utf8')).includes(start));
    }
  });

  it('lists devices and data sets', async () => {
    const devices = JSON.parse((await workspace.cellsmith('devices', '--json')).out) as {
      devices: { name: string; isDefault?: boolean }[];
    };
    assert.deepEqual(
      devices.devices.filter((one) => one.isDefault === true).map((one) => one.name),
      ['wasm'],
    );
    const { out } = await workspace.cellsmith('data', 'list');
    for (const name of ['digits', 'mnist', 'fashion_mnist', 'cifar10'])
      assert.match(out, new RegExp(`^${name} `, 'm'));
  });

  it('prints help for every command', async () => {
    const { out } = await workspace.cellsmith('--help');
    const commands = [...out.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] ?? '');
    for (const name of [
      'check',
      'info',
      'sample',
      'graph',
      'run',
      'runs',
      'show',
      'attach',
      'pause',
      'stop',
      'resume',
      'retrain',
      'export',
      'data',
      'devices',
    ]) {
      assert.ok(commands.includes(name), name);
      assert.equal((await workspace.cellsmith(name, '--help')).code, 0);
    }
  }).timeout(120_000);
});
