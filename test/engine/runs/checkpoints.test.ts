import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointStore, sha256 } from '../../../src/engine/runs/checkpoints.js';
import { systemDisk } from '../../../src/engine/runs/disk.js';
import { temporaryFolder } from '../../fixtures/bundles.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('A checkpoint store', () => {
  const temporary = temporaryFolder();
  after(() => {
    temporary.remove();
  });
  const make = (): { folder: string; store: CheckpointStore } => {
    const run = mkdtempSync(join(temporary.path, 'run-'));
    return { folder: join(run, 'checkpoints'), store: new CheckpointStore(run, systemDisk) };
  };
  /** Two checkpoints, at events 10 and 20, that share one blob. */
  const makeTwo = async (): Promise<{ folder: string; store: CheckpointStore }> => {
    const made = make();
    await made.store.save(10, { step: 1 }, { weights: bytes(1), same: bytes(9) });
    await made.store.save(20, { step: 2 }, { weights: bytes(2), same: sha256(bytes(9)) });
    return made;
  };
  const load = async (
    store: CheckpointStore,
    numEvents = 100,
  ): Promise<{ step: unknown; problems: string[] }> => {
    const problems: string[] = [];
    const loaded = await store.loadNewest(numEvents, (problem) => problems.push(problem));
    return { step: loaded?.checkpoint.state['step'], problems };
  };

  it('gives back the newest, with blobs that were named by hash only', async () => {
    const { store } = await makeTwo();
    const loaded = await store.loadNewest(21, (problem) => assert.fail(problem));
    assert.equal(loaded?.checkpoint.seq, 20);
    assert.deepEqual(loaded.checkpoint.state, { step: 2 });
    assert.deepEqual(
      Object.values(loaded.blobs).map((blob) => [...blob]),
      [[2], [9]],
    );
  });

  it('keeps the newest two and the blobs they name, and nothing else', async () => {
    const { folder, store } = await makeTwo();
    writeFileSync(join(folder, '.left.tmp'), 'x');
    await store.save(30, { step: 3 }, { weights: bytes(3), same: bytes(9) });
    const hashes = [bytes(2), bytes(3), bytes(9)].map((blob) => `${sha256(blob)}.bin`);
    assert.deepEqual(readdirSync(folder).sort(), ['20.json', '30.json', ...hashes].sort());
  });

  it('writes only blobs that are new', async () => {
    const { store } = await makeTwo();
    assert.equal(await store.save(30, {}, { weights: bytes(3, 3, 3), same: bytes(9) }), 3);
  });

  it('replaces a checkpoint of the same event', async () => {
    const { store } = await makeTwo();
    await store.save(20, { step: 2.5 }, { weights: bytes(4) });
    assert.equal((await load(store)).step, 2.5);
  });

  const damages: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
    [
      'with a changed blob',
      (folder) => {
        writeFileSync(join(folder, `${sha256(bytes(2))}.bin`), 'x');
      },
      /does not have the content/,
    ],
    [
      'with a missing blob',
      (folder) => {
        rmSync(join(folder, `${sha256(bytes(2))}.bin`));
      },
      /\.bin is missing/,
    ],
    [
      'cut short',
      (folder) => {
        writeFileSync(join(folder, '20.json'), readFileSync(join(folder, '20.json')).subarray(0, 30));
      },
      /20\.json is not valid JSON/,
    ],
    [
      'of another schema',
      (folder) => {
        writeFileSync(join(folder, '20.json'), '{"schema":2}');
      },
      /20\.json has schema 2/,
    ],
  ];
  for (const [what, damage, expected] of damages) {
    it(`falls back to the one before a checkpoint ${what}, and says so once`, async () => {
      const { folder, store } = await makeTwo();
      damage(folder);
      const first = await load(store);
      assert.equal(first.step, 1);
      assert.equal(first.problems.length, 1);
      assert.match(first.problems[0] ?? '', expected);
      assert.deepEqual(await load(store), { step: 1, problems: [] });
    });
  }

  it('falls back to the start if none is whole or none is there', async () => {
    const { folder, store } = await makeTwo();
    rmSync(join(folder, `${sha256(bytes(9))}.bin`));
    const { step, problems } = await load(store);
    assert.deepEqual([step, problems.length], [undefined, 2]);
    assert.deepEqual(await load(make().store), { step: undefined, problems: [] });
  });

  it('passes over a checkpoint that is ahead of the log', async () => {
    const { store } = await makeTwo();
    assert.equal((await load(store, 20)).step, 1);
  });
});
