import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SupervisorLock } from '../../../src/engine/runs/lock.js';
import { processStart } from '../../../src/client/process-identity.js';
import { temporaryFolder } from '../../fixtures/bundles.js';

describe('The lock of a run folder', () => {
  const temporary = temporaryFolder();
  after(() => {
    temporary.remove();
  });
  const make = (): string => mkdtempSync(join(temporary.path, 'run-'));
  const lockOf = (folder: string, pid: number, start: string, host = hostname()): void => {
    writeFileSync(join(folder, 'supervisor-1.lock'), `${pid}\n${host}\n${start}\n`);
  };

  it('is held by one and says by which process', async () => {
    const folder = make();
    const lock = await SupervisorLock.acquire(folder);
    await assert.rejects(SupervisorLock.acquire(folder), {
      message: `${folder} is already being run by process ${process.pid}.`,
      remedy: 'Attach to the run, or stop it first.',
    });
    await lock.release();
    await (await SupervisorLock.acquire(folder)).release();
    assert.deepEqual(readdirSync(folder), ['supervisor-2.lock']);
  });

  it('is free when its owner is dead', async () => {
    const child = spawn(process.execPath, ['-e', '0']);
    const { pid } = child;
    assert(pid !== undefined);
    const start = processStart(pid) ?? '';
    await new Promise((resolve) => child.once('close', resolve));
    const folder = make();
    lockOf(folder, pid, start);
    await SupervisorLock.acquire(folder);
  });

  it('is free when its owner’s pid is another process’s now', async () => {
    const folder = make();
    lockOf(folder, process.pid, 'another-boot:1');
    await SupervisorLock.acquire(folder);
  });

  it('is held by a process of another machine while that shows a heartbeat', async () => {
    const folder = make();
    writeFileSync(join(folder, 'run.json'), '{}');
    lockOf(folder, 1, '', 'elsewhere');
    await assert.rejects(SupervisorLock.acquire(folder), /already being run by process 1 on elsewhere/);
  });

  it('is taken by exactly one of many at once, also from a dead owner', async () => {
    for (let round = 0; round < 20; round++) {
      const folder = make();
      if (round % 2 === 1) lockOf(folder, process.pid, 'another-boot:1');
      const attempts = await Promise.allSettled(
        Array.from({ length: 8 }, () => SupervisorLock.acquire(folder)),
      );
      assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1);
    }
  });
});
