import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventLog } from '../../../src/engine/runs/event-log.js';
import { systemDisk, type Disk } from '../../../src/engine/runs/disk.js';
import type { RunEventBody } from '../../../src/protocol/run-event.js';
import { temporaryFolder } from '../../fixtures/bundles.js';

const phase = (total: number): RunEventBody => ({ type: 'phase', phase: 'supernet', total, unit: 'steps' });
const line = (seq: number): string =>
  `{"seq":${seq},"type":"phase","phase":"supernet","total":${seq},"unit":"steps"}\n`;

describe('An event log', () => {
  const temporary = temporaryFolder();
  after(() => {
    temporary.remove();
  });
  const folderWith = (text?: string): string => {
    const folder = mkdtempSync(join(temporary.path, 'log-'));
    if (text !== undefined) writeFileSync(join(folder, 'events.jsonl'), text);
    return folder;
  };
  const textOf = (folder: string): string => readFileSync(join(folder, 'events.jsonl'), 'utf8');
  const using = async (
    folder: string,
    use: (log: EventLog) => Promise<void>,
    disk: Disk = systemDisk,
  ): Promise<void> => {
    const log = await EventLog.open(folder, disk);
    try {
      await use(log);
    } finally {
      await log.close();
    }
  };

  it('numbers events and writes one line each', async () => {
    const folder = folderWith();
    await using(folder, async (log) => {
      log.append(phase(0));
      log.append(phase(1));
      assert.deepEqual([log.count, log.durableCount], [2, 0]);
      await log.flush();
      assert.deepEqual([log.count, log.durableCount, log.isFinished], [2, 2, false]);
      log.append({ type: 'finished', because: 'budget-spent' });
      await Promise.all([log.flush(), log.flush()]);
      assert.equal(log.isFinished, true);
    });
    assert.equal(
      textOf(folder),
      `${line(0)}${line(1)}{"seq":2,"type":"finished","because":"budget-spent"}\n`,
    );
  });

  it('goes on after a torn last line, which it cuts', async () => {
    for (const torn of ['{"seq":2,"ty', '\0\0\0', '{"seq":2,"name":"é']) {
      const folder = folderWith(`${line(0)}${line(1)}${torn}`);
      await using(folder, async (log) => {
        assert.equal(log.count, 2);
        log.append(phase(2));
        await log.flush();
      });
      assert.equal(textOf(folder), `${line(0)}${line(1)}${line(2)}`);
    }
  });

  it('refuses a corrupt or foreign line and says where', async () => {
    const check = async (text: string, expected: RegExp): Promise<void> => {
      const folder = folderWith(text);
      await assert.rejects(EventLog.open(folder, systemDisk), expected);
      assert.equal(textOf(folder), text);
    };
    await check(`${line(0)}garbage\n${line(2)}`, /events\.jsonl:2 is not valid JSON/);
    await check(`${line(0)}${line(2)}`, /events\.jsonl:2: expected event 1 but got event 2/);
    await check(`${line(0)}\n${line(1)}`, /events\.jsonl:2 is not valid JSON/);
  });

  it('reads lines back from any event on, in bounded pieces', async () => {
    const folder = folderWith(Array.from({ length: 10 }, (_, i) => line(i)).join(''));
    await using(folder, async (log) => {
      assert.deepEqual(
        (await log.linesFrom(7)).map((text) => `${text}\n`),
        [line(7), line(8), line(9)],
      );
      assert.equal((await log.linesFrom(0, 1)).length, 1);
      assert.equal((await log.linesFrom(0, 200)).length, 3);
      assert.deepEqual(await log.linesFrom(10), []);
      assert.deepEqual(
        (await log.eventsBefore(2)).map(({ seq }) => seq),
        [0, 1],
      );
    });
  });

  it('loses nothing and leaves no half line when the disk is full', async () => {
    const folder = folderWith(line(0));
    let isFull = true;
    const disk: Disk = {
      ...systemDisk,
      async write(file, bytes, position) {
        await systemDisk.write(file, isFull ? bytes.subarray(0, 40) : bytes, position);
        if (isFull)
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      },
    };
    await using(
      folder,
      async (log) => {
        log.append(phase(1));
        await assert.rejects(log.flush(), { code: 'ENOSPC' });
        assert.equal(textOf(folder), line(0));
        log.append(phase(2));
        isFull = false;
        await log.flush();
      },
      disk,
    );
    assert.equal(textOf(folder), line(0) + line(1) + line(2));
  });

  it('keeps what it cuts', async () => {
    const folder = folderWith(line(0) + line(1) + line(2));
    await using(folder, async (log) => {
      await log.cut(1, 'kept.jsonl');
      log.append(phase(1));
      await log.flush();
    });
    assert.equal(textOf(folder), line(0) + line(1));
    assert.equal(readFileSync(join(folder, 'kept.jsonl'), 'utf8'), line(1) + line(2));
  });

  it('sees its end in a log that was finished', async () => {
    const folder = folderWith(line(0));
    appendFileSync(join(folder, 'events.jsonl'), '{"seq":1,"type":"finished","because":"budget-spent"}\n');
    await using(folder, (log) => {
      assert.equal(log.isFinished, true);
      return Promise.resolve();
    });
  });
});
