import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyWith, TINY, Workspace, type Finished } from './cellsmith.js';

/** TINY long enough to be interrupted, without the many short trials of a baseline. */
const LONG = tinyWith(
  ['budget: 20 steps', 'budget: 1500 steps'],
  ['baseline: random, sgd(epochs: 1, batch: 10)', ''],
  ['lr: 0.05)\n  sample', 'lr: 0.05, checkpoint_every: 50)\n  sample'],
);

/** Of util-linux: changes a limit of a process that runs. */
const CHANGE_LIMIT = 'prlimit';

interface Identity {
  readonly state: string;
  readonly supervisor: { readonly pid: number };
  readonly pins: Readonly<Record<string, string>>;
}

describe('a run that was harmed, on the command line', () => {
  let workspace: Workspace;
  let finished: string;
  before(async function () {
    this.timeout(60_000);
    workspace = await Workspace.create();
    await workspace.write('tiny.nas', TINY);
    await workspace.write('long.nas', LONG);
    const { code, err } = await workspace.cellsmith('run', 'tiny.nas', '--foreground');
    assert.equal(code, 0, err);
    finished = join(workspace.folder, '.cellsmith', 'runs', readdirSync(runsOf('.cellsmith'))[0] ?? '');
  });
  after(async () => workspace.remove());

  const runsOf = (folder: string): string => join(workspace.folder, folder, 'runs');
  const identityOf = (folder: string): Identity =>
    JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Identity;
  const begun = async (runs: string): Promise<string> => {
    const { out, err } = await workspace.cellsmith('run', 'long.nas', '--runs', runs, '--json');
    assert.equal(err, '');
    return (JSON.parse(out) as { folder: string }).folder;
  };
  const becomes = async (folder: string, state: string): Promise<void> => {
    for (let i = 0; i < 300 && identityOf(folder).state !== state; i++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(identityOf(folder).state, state);
  };
  const refuses = ({ code, err }: Finished, expected: RegExp): void => {
    assert.equal(code, 1, err);
    assert.match(err, expected);
    assert.doesNotMatch(err, / at .*\.mjs:/, 'no stack for the user');
  };

  it('is listed with what is wrong, beside the others, and nothing of it is touched', async () => {
    const harms: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
      [
        'schema',
        (folder) => {
          writeFileSync(join(folder, 'run.json'), '{"schema":2}');
        },
        /run\.json has schema 2; this version/,
      ],
      [
        'no-identity',
        (folder) => {
          rmSync(join(folder, 'run.json'));
        },
        /run\.json is missing: .* is not a whole run folder/,
      ],
      [
        'no-events',
        (folder) => {
          rmSync(join(folder, 'events.jsonl'));
        },
        /events\.jsonl is missing, though the run has finished/,
      ],
      [
        'torn',
        (folder) => {
          writeFileSync(join(folder, 'events.jsonl'), '{"seq":0\n{}\n');
        },
        /events\.jsonl:1 is not valid JSON/,
      ],
    ];
    for (const [name, harm] of harms) {
      const folder = join(workspace.folder, 'harmed', name);
      cpSync(finished, folder, { recursive: true });
      harm(folder);
    }
    cpSync(finished, join(workspace.folder, 'harmed', 'whole'), { recursive: true });
    const { code, out } = await workspace.cellsmith('runs', '--runs', 'harmed');
    assert.equal(code, 0);
    assert.match(out, /^whole +finished +–/m);
    assert.equal(out.match(/ unreadable /g)?.length, harms.length);
    assert.ok(out.split('\n').every((line) => line.length <= 100 || line.includes(workspace.folder)));
    for (const [name, , expected] of harms) {
      const files = readdirSync(join(workspace.folder, 'harmed', name));
      refuses(await workspace.cellsmith('show', name, '--runs', 'harmed'), expected);
      assert.deepEqual(readdirSync(join(workspace.folder, 'harmed', name)), files);
    }
    rmSync(join(workspace.folder, 'harmed', 'whole', 'results'), { recursive: true });
    const weights = await workspace.cellsmith(
      'export',
      'harmed/whole',
      '--what',
      'weights',
      '-o',
      'w.safetensors',
    );
    refuses(weights, /Cannot read .*\.safetensors.*\nTrain it again: `cellsmith retrain whole`/);
  }).timeout(60_000);

  it('by kill -9 of everything is shown as interrupted, resumes, and ends as if nothing had happened', async () => {
    const folder = await begun('killed');
    const { supervisor } = identityOf(folder);
    const trainers = execFileSync('ps', ['-o', 'pid=', '--ppid', String(supervisor.pid)], {
      encoding: 'utf8',
    });
    for (const pid of [supervisor.pid, ...trainers.trim().split(/\s+/).map(Number)])
      process.kill(pid, 'SIGKILL');
    assert.match((await workspace.cellsmith('runs', '--runs', 'killed')).out, / interrupted +supernet /);
    const shown = await workspace.cellsmith('show', 'last', '--runs', 'killed');
    assert.match(shown.out, /interrupted, supernet .*\nGo on with it: `cellsmith resume killed\//);
    refuses(
      await workspace.cellsmith('stop', 'last', '--runs', 'killed'),
      /is interrupted, so it cannot stop\.\n.*resume/,
    );
    const attached = await workspace.cellsmith('attach', 'last', '--runs', 'killed');
    assert.equal(attached.code, 2);
    assert.match(attached.err, /its process is gone\. Go on with `cellsmith resume killed\//);
    assert.equal((await workspace.cellsmith('resume', 'last', '--runs', 'killed')).code, 0);
    refuses(
      await workspace.cellsmith('resume', 'last', '--runs', 'killed'),
      /is going on already\.\nWatch it with/,
    );
    await becomes(folder, 'finished');
    refuses(await workspace.cellsmith('resume', 'last', '--runs', 'killed'), /this run has finished/);
    const whole = await workspace.cellsmith(
      'run',
      'long.nas',
      '--runs',
      'unharmed',
      '--foreground',
      '--json',
    );
    assert.equal(readFileSync(join(folder, 'events.jsonl'), 'utf8'), whole.out);
  }).timeout(120_000);

  it('by Ctrl-C in the foreground is saved and stopped; by Ctrl-C while one watches it goes on', async () => {
    const interrupt = async (command: string): Promise<Finished> =>
      workspace.shell(
        `$CELLSMITH ${command} > seen.txt & until grep -q ^supernet seen.txt; do sleep 0.1; done; kill -INT $!; wait $!`,
      );
    const stopped = await interrupt('run long.nas --runs mine --foreground');
    assert.equal(stopped.code, 0);
    assert.match(
      stopped.err,
      /Saving and stopping …\n.* is stopped and saved\. Go on with `cellsmith resume mine\//,
    );
    const [name = ''] = readdirSync(join(workspace.folder, 'mine'));
    const folder = join(workspace.folder, 'mine', name);
    assert.equal(identityOf(folder).state, 'stopped');
    assert.equal((await workspace.cellsmith('resume', 'last', '--runs', 'mine')).code, 0);
    const left = await interrupt('attach last --runs mine');
    assert.equal(left.code, 0);
    assert.match(left.err, /goes on in the background\. Watch it with `cellsmith attach mine\//);
    await becomes(folder, 'finished');
  }).timeout(60_000);

  it('is not resumed on another processor, kernel or runtime unless one insists, and says so at once', async () => {
    const folder = await begun('moved');
    await workspace.cellsmith('stop', 'last', '--runs', 'moved');
    await becomes(folder, 'stopped');
    const path = join(folder, 'run.json');
    const identity = identityOf(folder);
    for (const [pin, name] of [
      ['processor', 'processor class'],
      ['variant', 'kernel'],
      ['runtime', 'runtime'],
    ] as const) {
      writeFileSync(path, JSON.stringify({ ...identity, pins: { ...identity.pins, [pin]: 'other' } }));
      const resumed = await workspace.cellsmith('resume', 'last', '--runs', 'moved');
      refuses(resumed, new RegExp(`began with another .*${name}.*\\(other, now .*--allow-drift`));
    }
    assert.match(
      (await workspace.cellsmith('runs', '--runs', 'moved')).out,
      / failed .*\n\n.*began with another runtime/,
    );
    const anyway = await workspace.cellsmith(
      'resume',
      'last',
      '--runs',
      'moved',
      '--allow-drift',
      '--foreground',
    );
    assert.equal(anyway.code, 0, anyway.err);
    assert.match(readFileSync(join(folder, 'log.jsonl'), 'utf8'), /"kind":"drift"/);
  }).timeout(120_000);

  it('by a full disk pauses, tells why, and goes on when there is room', async function () {
    if (process.platform !== 'linux') this.skip();
    const { code, err } = await workspace.shell('ulimit -S -f 16; $CELLSMITH run long.nas --runs full');
    assert.equal(code, 0, err);
    const [name = ''] = readdirSync(join(workspace.folder, 'full'));
    const folder = join(workspace.folder, 'full', name);
    await becomes(folder, 'paused');
    const listed = await workspace.cellsmith('runs', '--runs', 'full');
    assert.match(listed.out, / paused [^]*\n\n.*The disk is full \(EFBIG[^]*nothing is\s+lost/);
    execFileSync(CHANGE_LIMIT, ['--pid', String(identityOf(folder).supervisor.pid), '--fsize=unlimited']);
    assert.equal((await workspace.cellsmith('resume', 'last', '--runs', 'full')).code, 0);
    await becomes(folder, 'finished');
    for (const command of [
      'export last --what json -o x.json',
      'export last --what weights -o x.safetensors',
    ]) {
      const written = await workspace.shell(`ulimit -S -f 0; $CELLSMITH ${command} --runs full 2>&1 | cat`);
      assert.match(written.out, /Cannot write .*EFBIG.*\nMake room/);
    }
    const started = await workspace.shell('ulimit -S -f 0; $CELLSMITH run tiny.nas 2>&1 | cat');
    assert.match(started.out, /Cannot make a run folder in .*EFBIG.*\nMake room/);
  }).timeout(120_000);

  it('in a workspace with a path of over 200 characters is like any other', async () => {
    const deep = join('w'.repeat(120), 'ü'.repeat(60));
    mkdirSync(join(workspace.folder, deep), { recursive: true });
    const { code, err } = await workspace.cellsmith(
      'run',
      'tiny.nas',
      '--runs',
      `${deep}/runs`,
      '--foreground',
    );
    assert.equal(code, 0, err);
    assert.match((await workspace.cellsmith('show', 'last', '--runs', `${deep}/runs`)).out, /finished/);
  }).timeout(60_000);
});
