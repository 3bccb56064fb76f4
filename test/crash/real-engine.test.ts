import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Rng } from '../../src/base/rng.js';
import { startRun } from '../../src/client/runs.js';
import { bundleEngine, temporaryFolder } from '../fixtures/bundles.js';
import { realRunConfig } from '../fixtures/real-run-config.js';
import {
  assertSameRemains,
  killAndFinish,
  NUM_KILLS,
  remainsOf,
  waitForState,
  type Remains,
} from './crash-bench.js';

const KILLS = Math.ceil(NUM_KILLS / 5);
const KILLS_PER_RUN = 2;

describe('A search that trains networks and whose processes are killed', function () {
  this.timeout(120_000 + KILLS * 60_000);
  const temporary = temporaryFolder();
  const engine = { module: '' };
  let uninterrupted: Remains;

  before(async () => {
    engine.module = await bundleEngine(temporary.path);
    const folder = await start('reference');
    await waitForState(folder, 'finished');
    uninterrupted = remainsOf(folder);
  });
  after(() => {
    temporary.remove();
  });

  const start = async (runs: string): Promise<string> => {
    const runsFolder = join(temporary.path, runs);
    const run = { config: realRunConfig(), nasText: '', runsFolder, dataFolder: temporary.path };
    return (await startRun(run, engine)).folder;
  };

  for (const victim of ['trainer', 'supervisor'] as const) {
    it(`has the same events and weights after ${KILLS} kills of its ${victim}`, async () => {
      let killed = 0;
      for (let i = 0; killed < KILLS; i++) {
        const rng = Rng.fromSeed(i).fork(`real ${victim}`);
        const folder = await start(`${victim}-${i}`);
        const numKills = Math.min(KILLS_PER_RUN, KILLS - killed);
        const logBytes = uninterrupted.events.length;
        killed += await killAndFinish(folder, victim, numKills, { rng, logBytes, engine });
        assertSameRemains(remainsOf(folder), uninterrupted, `seed ${i}`);
      }
      assert.equal(killed, KILLS);
    });
  }
});
