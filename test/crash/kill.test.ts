import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Rng } from '../../src/base/rng.js';
import { findRuns, readRun } from '../../src/client/read-run.js';
import { resumeRun, startRun } from '../../src/client/runs.js';
import { bundle, temporaryFolder } from '../fixtures/bundles.js';
import { testRunConfig } from '../fixtures/test-run-config.js';
import {
  assertSameRemains,
  killAndFinish,
  NUM_KILLS,
  remainsOf,
  waitForEnd,
  waitForState,
  type Remains,
} from './crash-bench.js';

const STEPS = 300;
const KILLS_PER_RUN = 2;

describe('A run whose processes are killed', function () {
  this.timeout(120_000 + NUM_KILLS * 30_000);
  const temporary = temporaryFolder();
  const environment = { CELLSMITH_TEST_STEP_MS: '1' };
  const engine = { module: '', environment };
  let client = '';
  let uninterrupted: Remains;
  let durationMs = 0;

  before(async () => {
    engine.module = await bundle('engine-entry', temporary.path);
    client = await bundle('client-entry', temporary.path);
    const startedAt = performance.now();
    const folder = await start('reference');
    await waitForState(folder, 'finished');
    durationMs = performance.now() - startedAt;
    uninterrupted = remainsOf(folder);
  });
  after(() => {
    temporary.remove();
  });

  const start = async (runs: string): Promise<string> => {
    const runsFolder = join(temporary.path, runs);
    const run = { config: testRunConfig(STEPS), nasText: '', runsFolder, dataFolder: temporary.path };
    return (await startRun(run, engine)).folder;
  };

  for (const victim of ['trainer', 'supervisor'] as const) {
    it(`has the same events after ${NUM_KILLS} kills of its ${victim}`, async () => {
      let killed = 0;
      for (let i = 0; killed < NUM_KILLS; i++) {
        const rng = Rng.fromSeed(i).fork(victim);
        const folder = await start(`${victim}-${i}`);
        const numKills = Math.min(KILLS_PER_RUN, NUM_KILLS - killed);
        const logBytes = uninterrupted.events.length;
        killed += await killAndFinish(folder, victim, numKills, { rng, logBytes, engine });
        assertSameRemains(remainsOf(folder), uninterrupted, `seed ${i}`);
      }
      assert.equal(killed, NUM_KILLS);
    });
  }

  it(`goes on through ${NUM_KILLS} kills of the shell that started it`, async () => {
    for (let i = 0; i < NUM_KILLS; i++) {
      const rng = Rng.fromSeed(i).fork('client');
      const runsFolder = join(temporary.path, `client-${i}`);
      const shell = spawn(process.execPath, [client, engine.module, runsFolder, String(STEPS)], {
        env: { ...process.env, ...environment },
        stdio: 'ignore',
      });
      const gone = new Promise((resolve) => shell.once('exit', resolve));
      await delay(rng.uniform() * durationMs);
      shell.kill('SIGKILL');
      await gone;
      await finishWhatIsThere(runsFolder);
    }
  });

  /** Killed before the folder was made, before its supervisor lived, or later: nothing, a run to resume, a run going on. */
  const finishWhatIsThere = async (runsFolder: string): Promise<void> => {
    const runs = await findRuns(runsFolder);
    assert.ok(runs.length <= 1 && runs.every((run) => !('problem' in run)));
    const folder = runs[0]?.folder;
    if (folder === undefined) return;
    // A supervisor that was just started may not have written its name yet; a second one is refused then.
    const { state } = await readRun(folder);
    if (state === 'interrupted')
      await resumeRun(folder, engine, { allowDrift: false }).catch(() => undefined);
    await waitForEnd(folder);
    assertSameRemains(remainsOf(folder), uninterrupted, folder);
  };
});
