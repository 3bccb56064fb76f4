import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readWeightsFile } from '../../src/engine/training/weights-file.js';
import { TINY, Workspace, type Finished } from './cellsmith.js';

describe('a run on the command line', () => {
  let workspace: Workspace;
  let first: Finished;
  before(async function () {
    this.timeout(120_000);
    workspace = await Workspace.create();
    await workspace.write('tiny.nas', TINY);
    first = await workspace.cellsmith('run', 'tiny.nas', '--foreground');
  });
  after(async () => workspace.remove());

  const show = async (
    run: string,
  ): Promise<{
    state: string;
    run: string;
    trials: { trial: number }[];
    identity: { pins: { backend: string } };
  }> => JSON.parse((await workspace.cellsmith('show', run, '--json')).out) as never;
  const until = async (run: string, wanted: string): Promise<void> => {
    for (let i = 0; i < 240; i++) {
      if ((await show(run)).state === wanted) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(`${run} did not become ${wanted}`);
  };

  it('shows phases, cells, the table with intervals and the verdict', () => {
    assert.equal(first.code, 0, first.err);
    for (const expected of [
      /^Tiny +seed 3$/m,
      /first 10,000 MNIST training images/,
      /^supernet .*loss \d/m,
      /Normal\n.*c\(k−/,
      /^search +.*inherited/m,
      /^random baseline .*trained/m,
      /random search at equal cost/,
      /^drawn .*Normal\.svg\ndrawn .*Reduce\.svg/m,
    ]) {
      assert.match(first.out, expected);
    }
    assert.ok(first.out.split('\n').every((line) => line.length <= 100));
    assert.doesNotMatch(first.out + first.err, /\u001b/, 'no control codes when piped');
  });

  it('is listed, shown, drawn and exported', async () => {
    assert.match((await workspace.cellsmith('runs')).out, /tiny +finished/);
    const shown = await workspace.cellsmith('show', 'tiny');
    assert.match(shown.out, /finished\nsearch Tiny over Tiny on digits, seed 3\nwasm/);
    assert.equal((await workspace.cellsmith('graph', 'last', '-o', 'best.svg')).code, 0);
    const genotype = (await workspace.cellsmith('export', 'last')).out.trim();
    assert.match(genotype, /^Genotype\(normal=\[\('/);
    assert.equal((await workspace.cellsmith('export', 'last', genotype)).out.trim(), genotype);
    const { trials } = await show('last');
    assert.ok(trials.length >= 4);
    assert.equal((await workspace.cellsmith('graph', 'last', String(trials[0]?.trial))).code, 0);
  }).timeout(60_000);

  it('exports trained weights whose hash stands in the log', async () => {
    const { code, out, err } = await workspace.cellsmith(
      'export',
      'last',
      '--what',
      'weights',
      '-o',
      'best.safetensors',
    );
    assert.equal(code, 0, err);
    const bytes = await readFile(join(workspace.folder, 'best.safetensors'));
    assert.match(out, new RegExp(createHash('sha256').update(bytes).digest('hex')));
    const { tensors } = readWeightsFile(bytes, 'best.safetensors');
    assert.deepEqual(tensors.get('stem0.0.kernel')?.shape, [4, 1, 3, 3]);
  });

  it('repeats bit for bit from its seed, also on another number of threads, and differs from another seed', async () => {
    const events = async (...options: string[]): Promise<string> => {
      const { code, err, out } = await workspace.cellsmith(
        'run',
        'tiny.nas',
        '--runs',
        'others',
        '--foreground',
        '--json',
        ...options,
      );
      assert.equal(code, 0, err);
      return out;
    };
    const [one, two, other] = [
      await events('--threads', '1'),
      await events('--threads', '2'),
      await events('--seed', '4'),
    ];
    const withoutThreads = (text: string): string => text.replace(/"threads":\d+/g, '');
    assert.equal(withoutThreads(one), withoutThreads(two));
    assert.notEqual(one, other);
    const [folder = ''] = await readdir(join(workspace.folder, 'others'));
    const log = await readFile(join(workspace.folder, 'others', folder, 'events.jsonl'), 'utf8');
    assert.equal(log, one);
  }).timeout(240_000);

  it('goes on in the background, pauses, resumes, stops and ends as if nothing had happened', async () => {
    const started = JSON.parse(
      (await workspace.cellsmith('run', 'tiny.nas', '--runs', 'back', '--json')).out,
    ) as { run: string };
    const call = async (action: string): Promise<Finished> =>
      workspace.cellsmith(action, started.run, '--runs', 'back');
    const state = async (): Promise<string> =>
      (
        JSON.parse((await workspace.cellsmith('show', started.run, '--runs', 'back', '--json')).out) as {
          state: string;
        }
      ).state;
    await call('pause');
    await call('resume');
    await call('stop');
    for (let i = 0; i < 100 && !['stopped', 'finished'].includes(await state()); i++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    if ((await state()) !== 'finished')
      assert.equal(
        (await workspace.cellsmith('resume', started.run, '--runs', 'back', '--foreground')).code,
        0,
      );
    assert.equal(await state(), 'finished');
    const log = await readFile(join(workspace.folder, 'back', started.run, 'events.jsonl'), 'utf8');
    const [original = ''] = await readdir(join(workspace.folder, '.cellsmith', 'runs'));
    assert.equal(
      log,
      await readFile(join(workspace.folder, '.cellsmith', 'runs', original, 'events.jsonl'), 'utf8'),
    );
    assert.match((await call('pause')).err, /cannot pause/);
  }).timeout(240_000);

  it('retrains an architecture as a run of its own', async () => {
    const { code, out, err } = await workspace.cellsmith(
      'retrain',
      'tiny',
      'baseline',
      '--epochs',
      '2',
      '--foreground',
    );
    assert.equal(code, 0, err);
    assert.match(out, /baseline retrained/);
    await until('tiny-baseline-retrained', 'finished');
    const none = await workspace.cellsmith('retrain', 'tiny-baseline', '99');
    assert.match(none.err, /no architecture called 99/);
  }).timeout(120_000);
});
