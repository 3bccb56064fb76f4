import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { processStart } from '../../src/client/process-identity.js';
import { findRuns, readRun } from '../../src/client/read-run.js';
import { controlRun, resumeRun } from '../../src/client/runs.js';
import { assertSameRemains, remainsOf, waitForState, waitUntil } from './crash-bench.js';
import { RunBench, RESUME, haveEvents, newestCheckpoint, logOf, supervisorPid } from './run-bench.js';

/** Of util-linux: changes a limit of a process that runs. */
const CHANGE_LIMIT = 'prlimit';

describe('A run whose folder meets trouble', function () {
  this.timeout(120_000);
  const bench = new RunBench();
  before(() => bench.prepare());
  after(() => {
    bench.remove();
  });

  it('goes on from the checkpoint before a corrupt one', async () => {
    const folder = await bench.stopped();
    writeFileSync(join(folder, 'checkpoints', `${newestCheckpoint(folder)}.json`), '{"schema":1,"seq":');
    await bench.finishesAlike(folder);
    assert.match(logOf(folder), /is not valid JSON.*goes on from the checkpoint before it/);
  });

  it('goes on from the start when no checkpoint is whole, and tolerates a torn last line', async () => {
    const folder = await bench.stopped();
    rmSync(join(folder, 'checkpoints'), { recursive: true });
    appendFileSync(join(folder, 'events.jsonl'), '{"seq":9999,"ty');
    await bench.finishesAlike(folder);
  });

  const refusals: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
    [
      'a corrupt line in its log',
      (folder) => {
        const path = join(folder, 'events.jsonl');
        const lines = readFileSync(path, 'utf8').split('\n');
        writeFileSync(path, lines.with(4, 'garbage').join('\n'));
      },
      /events\.jsonl:5 is not valid JSON/,
    ],
    [
      'no event log but checkpoints',
      (folder) => {
        rmSync(join(folder, 'events.jsonl'));
      },
      /events\.jsonl is missing, but the run has checkpoints/,
    ],
    [
      'no configuration',
      (folder) => {
        rmSync(join(folder, 'config.json'));
      },
      /config\.json is missing/,
    ],
    [
      'a configuration of another schema',
      (folder) => {
        writeFileSync(join(folder, 'config.json'), '{"schema":2}');
      },
      /config\.json has schema 2; this version of Cellsmith reads schema 1/,
    ],
    [
      'no run.json',
      (folder) => {
        rmSync(join(folder, 'run.json'));
      },
      /run\.json is missing/,
    ],
    [
      'a run.json of another schema',
      (folder) => {
        writeFileSync(join(folder, 'run.json'), '{"schema":2}');
      },
      /run\.json has schema 2/,
    ],
  ];
  it('refuses to resume a harmed folder with one sentence that names the place, and leaves it alone', async () => {
    const original = await bench.stopped();
    for (const [what, harm, expected] of refusals) {
      const folder = `${original}-${what.replaceAll(' ', '-')}`;
      cpSync(original, folder, { recursive: true });
      harm(folder);
      const before = readdirSync(folder).map((name) => [
        name,
        name.endsWith('.json') ? statSync(join(folder, name)).mtimeMs : 0,
      ]);
      await assert.rejects(resumeRun(folder, bench.engine({}), RESUME), (error: Error) => {
        assert.equal(error.name, 'UserError', what);
        assert.match(error.message, expected, what);
        return true;
      });
      const after = readdirSync(folder).map((name) => [
        name,
        name.endsWith('.json') ? statSync(join(folder, name)).mtimeMs : 0,
      ]);
      const isOurs = ([name]: (string | number)[]): boolean => !/supervisor|log\.jsonl/.test(String(name));
      assert.deepEqual(after.filter(isOurs), before.filter(isOurs), what);
    }
  });

  it('runs in a workspace with a path of over 200 characters', async () => {
    const workspace = join(bench.folder, 'w'.repeat(120), 'ü'.repeat(60));
    mkdirSync(workspace, { recursive: true });
    assert.ok(workspace.length > 180 && Buffer.byteLength(workspace) > 200);
    const folder = await bench.start({}, join(workspace, '.cellsmith', 'runs'));
    await waitForState(folder, 'finished');
    assert.equal(readFileSync(join(workspace, '.cellsmith', '.gitignore'), 'utf8'), '*\n');
  });

  it('takes another folder for its socket where the usual one has too long a path, or says what to do', async () => {
    const long = join(bench.folder, 'r'.repeat(120));
    mkdirSync(long);
    await waitForState(await bench.start({ XDG_RUNTIME_DIR: long }), 'finished');
    await assert.rejects(bench.start({ XDG_RUNTIME_DIR: long, TMPDIR: long }), {
      name: 'UserError',
      message: /No folder for the control socket: the path must have at most 100 bytes/,
    });
  });

  it('is not made where no folder can be made', async () => {
    const file = join(bench.folder, 'a-file');
    writeFileSync(file, '');
    for (const runsFolder of [join(file, 'runs'), '/proc/cellsmith-runs']) {
      await assert.rejects(
        bench.start({}, runsFolder),
        /^UserError: Cannot make a run folder in .*(ENOTDIR|ENOENT|EACCES)/,
      );
    }
  });

  it('ends when its folder is taken away, and resumes when it is back', async () => {
    const held = bench.hold(40);
    const folder = await bench.start(held.environment);
    await haveEvents(folder, 30);
    const pid = await supervisorPid(folder);
    renameSync(folder, `${folder}-away`);
    held.release(40);
    await waitUntil(() => processStart(pid) === undefined, 'the supervisor to notice');
    renameSync(`${folder}-away`, folder);
    await bench.finishesAlike(folder);
  });

  /** A stopped run that goes on under a limit on the size of files, which stands in for a full disk. */
  const runWithoutRoom = async (): Promise<{
    folder: string;
    supervisor: ChildProcess;
    gone: Promise<unknown>;
  }> => {
    const folder = await bench.stopped();
    const blocks = Math.ceil(statSync(join(folder, 'events.jsonl')).size / 1024) + 2;
    const command = `ulimit -S -f ${blocks}; exec "${process.execPath}" "${bench.module}" supervise "${folder}" --resume`;
    const supervisor = spawn('bash', ['-c', command], { stdio: 'ignore' });
    const gone = new Promise((resolve) => supervisor.once('exit', resolve));
    await waitForState(folder, 'paused');
    return { folder, supervisor, gone };
  };

  it('pauses with one sentence when the disk is full, and goes on when there is room', async function () {
    if (process.platform !== 'linux') this.skip();
    const { folder, supervisor, gone } = await runWithoutRoom();
    await controlRun(folder, 'resume');
    const notices = (): number => logOf(folder).split('The disk is full (EFBIG').length - 1;
    await waitUntil(() => notices() === 2, 'a second pause');
    assert.match(logOf(folder), /: the run is paused and nothing is lost\. Make room, then resume it\./);
    await waitForState(folder, 'paused');
    await new Promise((resolve) =>
      spawn(CHANGE_LIMIT, ['--pid', String(supervisor.pid), '--fsize=unlimited']).once('exit', resolve),
    );
    await controlRun(folder, 'resume');
    await gone;
    assert.equal((await readRun(folder)).state, 'finished');
    assertSameRemains(remainsOf(folder), bench.uninterrupted, folder);
  });

  it('can be stopped while the disk is full, and resumed when there is room', async function () {
    if (process.platform !== 'linux') this.skip();
    const { folder, gone } = await runWithoutRoom();
    await controlRun(folder, 'stop');
    await gone;
    assert.equal((await readRun(folder)).state, 'stopped');
    await bench.finishesAlike(folder);
  });

  it('does not begin where there is no room at all, and says so', async function () {
    if (process.platform !== 'linux') this.skip();
    const folder = await bench.stopped();
    const command = `ulimit -S -f 0; "${process.execPath}" "${bench.module}" supervise "${folder}" --resume 2>&1 | cat`;
    const output = spawnSync('bash', ['-c', command], { encoding: 'utf8' }).stdout;
    assert.match(output, /There is no room to run .*EFBIG.*"remedy":"Make room, then resume the run\."/);
    assert.equal((await readRun(folder)).state, 'stopped');
    await bench.finishesAlike(folder);
  });

  it('is listed with its state, and viewing never changes or resumes it', async () => {
    const folder = await bench.stopped();
    const before = readFileSync(join(folder, 'run.json'));
    writeFileSync(join(folder, 'run.json'), before.toString().replace('"stopped"', '"running"'));
    const [run] = await findRuns(join(folder, '..'));
    assert.ok(run !== undefined && 'state' in run);
    assert.equal(run.state, 'interrupted');
    await bench.finishesAlike(folder);
  });
});
