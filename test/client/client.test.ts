import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { createRunFolder, slugOf } from '../../src/client/create-run-folder.js';
import { EventTail, readEvents } from '../../src/client/event-tail.js';
import { liveness, processStart, thisProcess } from '../../src/client/process-identity.js';
import { findRuns, readConfig, readRun, readSpaceText, runsFolderOf } from '../../src/client/read-run.js';
import { socketPath } from '../../src/client/socket-path.js';
import type { RunIdentity } from '../../src/protocol/run-folder.js';
import { temporaryFolder } from '../fixtures/bundles.js';
import { testRunConfig } from '../fixtures/test-run-config.js';

const NOW = new Date(2026, 0, 5, 12);

describe('A run folder seen from outside', () => {
  const temporary = temporaryFolder();
  after(() => {
    temporary.remove();
  });
  const make = (runsFolder: string, now = NOW, name = 'EN²AS: on digits!'): Promise<string> =>
    createRunFolder(
      { config: testRunConfig(1, { name }), nasText: 'the text', runsFolder, dataFolder: 'data' },
      now,
    );
  const workspace = (): string => mkdtempSync(join(temporary.path, 'w-'));
  const changeIdentity = (folder: string, changes: Partial<RunIdentity>): void => {
    const path = join(folder, 'run.json');
    writeFileSync(
      path,
      JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...changes }),
    );
  };
  const supervisor = (changes: object): NonNullable<RunIdentity['supervisor']> => ({
    ...thisProcess(),
    startedAt: '',
    socket: '/nowhere',
    ...changes,
  });

  it('is made whole, named by date and slug, and ignored by git', async () => {
    const root = workspace();
    const folder = await make(runsFolderOf(root));
    assert.equal(folder, join(root, '.cellsmith', 'runs', '2026-01-05-en2as-on-digits'));
    assert.equal(readFileSync(join(root, '.cellsmith', '.gitignore'), 'utf8'), '*\n');
    assert.deepEqual(readdirSync(folder).sort(), ['checkpoints', 'config.json', 'run.json', 'space.nas']);
    assert.deepEqual(await readConfig(folder), testRunConfig(1, { name: 'EN²AS: on digits!' }));
    assert.equal(await readSpaceText(folder), 'the text');
    const { identity, state } = await readRun(folder);
    assert.deepEqual(
      [identity.name, state, identity.state],
      ['EN²AS: on digits!', 'interrupted', 'starting'],
    );
  });

  it('gets a number where its name is taken, also when many are made at once', async () => {
    const runs = join(workspace(), 'mine');
    const folders = await Promise.all(Array.from({ length: 6 }, () => make(runs)));
    const names = folders.map((folder) => basename(folder)).sort();
    const expected = ['', '-2', '-3', '-4', '-5', '-6'].map(
      (suffix) => `2026-01-05-en2as-on-digits${suffix}`,
    );
    assert.deepEqual(names, expected);
    assert.deepEqual(readdirSync(runs).sort(), expected);
  });

  it('makes slugs of any name', () => {
    const slugs = ['a', 'Ünï cöde', '???', 'x'.repeat(80), '--a--'].map(slugOf);
    assert.deepEqual(slugs, ['a', 'u-ni-co-de', 'run', 'x'.repeat(40), 'a']);
  });

  it('is listed from the oldest to the newest, with broken ones and without drafts', async () => {
    const runs = join(workspace(), 'runs');
    assert.deepEqual(await findRuns(runs), []);
    for (const hour of [9, 10, 11]) await make(runs, new Date(2026, 0, 5, hour), 'b');
    await make(runs, new Date(2026, 0, 4), 'z');
    mkdirSync(join(runs, '2026-01-05-half'));
    mkdirSync(join(runs, '.new-1'));
    const found = await findRuns(runs);
    const names = found.map((run) => basename(run.folder));
    assert.deepEqual(names, [
      '2026-01-04-z',
      '2026-01-05-half',
      '2026-01-05-b',
      '2026-01-05-b-2',
      '2026-01-05-b-3',
    ]);
    const [broken] = found.filter((run) => 'problem' in run);
    assert.match(broken?.problem.message ?? '', /half[/\\]run\.json is missing/);
  });

  it('is running while its supervisor lives, interrupted when that is gone', async () => {
    const folder = await make(join(workspace(), 'runs'));
    const check = async (who: object, expected: string): Promise<void> => {
      changeIdentity(folder, { state: 'running', supervisor: supervisor(who) });
      assert.equal((await readRun(folder)).state, expected);
    };
    await check({}, 'running');
    await check({ processStart: 'another-boot:1' }, 'interrupted');
    await check({ pid: 2 ** 22 + 1 }, 'interrupted');
    await check({ host: 'elsewhere' }, 'running');
    utimesSync(join(folder, 'run.json'), new Date(0), new Date(0));
    assert.equal((await readRun(folder)).state, 'interrupted');
    changeIdentity(folder, { state: 'finished', supervisor: supervisor({ pid: 2 ** 22 + 1 }) });
    assert.equal((await readRun(folder)).state, 'finished');
  });

  it('knows processes by pid and start', () => {
    const own = thisProcess();
    assert.equal(own.processStart, processStart(process.pid));
    assert.equal(liveness(own), 'alive');
    assert.equal(liveness({ ...own, processStart: 'x:1' }), 'dead');
    assert.equal(liveness({ ...own, host: `not-${hostname()}` }), 'elsewhere');
  });

  it('has its events read while they are written: whole lines only', async () => {
    const folder = workspace();
    const path = join(folder, 'events.jsonl');
    const line = (seq: number): string =>
      `${JSON.stringify({ seq, type: 'finished', because: 'budget-spent' })}\n`;
    const tail = new EventTail(folder);
    assert.deepEqual(await tail.read(), []);
    writeFileSync(path, line(0) + line(1).slice(0, 10));
    assert.deepEqual(
      (await tail.read()).map(({ seq }) => seq),
      [0],
    );
    assert.deepEqual(await tail.read(), []);
    writeFileSync(path, line(1).slice(10) + line(2), { flag: 'a' });
    assert.deepEqual(
      (await tail.read()).map(({ seq }) => seq),
      [1, 2],
    );
    const all: number[] = [];
    for await (const { seq } of readEvents(folder)) all.push(seq);
    assert.deepEqual(all, [0, 1, 2]);
    writeFileSync(path, '{"seq":7}\n', { flag: 'a' });
    await assert.rejects(tail.read(), /events\.jsonl:4: /);
  });

  it('has a socket outside itself with a short path of its own', () => {
    const [one, other] = ['id-1', 'id-2'].map((id) => socketPath(id, { XDG_RUNTIME_DIR: temporary.path }));
    assert.equal(one?.startsWith(temporary.path), true);
    assert.notEqual(one, other);
    assert.ok(socketPath('id', { XDG_RUNTIME_DIR: '/no/such/folder' }).length <= 100);
  });
});
