import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStart } from '../../src/client/process-identity.js';
import { readRun } from '../../src/client/read-run.js';
import { controlRun, resumeRun } from '../../src/client/runs.js';
import { assertSameRemains, remainsOf, trainerPid, waitForState, waitUntil } from './crash-bench.js';
import {
  RunBench,
  RESUME,
  numEvents,
  haveEvents,
  newestCheckpoint,
  logOf,
  supervisorPid,
} from './run-bench.js';

describe('A run whose processes meet trouble', function () {
  this.timeout(120_000);
  const bench = new RunBench();
  before(() => bench.prepare());
  after(() => {
    bench.remove();
  });

  it('is not started twice on one folder: the second is told which process has it', async () => {
    const held = bench.hold(20);
    const folder = await bench.start(held.environment);
    const { pid } = (await readRun(folder)).identity.supervisor ?? {};
    await assert.rejects(resumeRun(folder, bench.engine({}), RESUME), {
      name: 'UserError',
      message: `${folder} is already being run by process ${pid}.`,
    });
    held.release(20);
    await waitForState(folder, 'finished');
    assertSameRemains(remainsOf(folder), bench.uninterrupted, folder);
    await assert.rejects(resumeRun(folder, bench.engine({}), RESUME), /this run has finished/);
  });

  it('pauses, goes on, stops with a checkpoint and resumes to the same events', async () => {
    const held = bench.hold(30, 80);
    const folder = await bench.start(held.environment);
    await haveEvents(folder, 32);
    await controlRun(folder, 'pause');
    await waitForState(folder, 'paused');
    held.release(30);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(numEvents(folder), 32);
    await controlRun(folder, 'resume');
    await haveEvents(folder, 82);
    await controlRun(folder, 'stop');
    await waitForState(folder, 'stopped');
    assert.equal(newestCheckpoint(folder), numEvents(folder) - 1);
    await assert.rejects(controlRun(folder, 'pause'), /the run is stopped, so it cannot pause/);
    await bench.finishesAlike(folder);
  });

  it('stops while it is paused', async () => {
    const folder = await bench.start(bench.hold(30).environment);
    await haveEvents(folder, 10);
    await controlRun(folder, 'pause');
    await waitForState(folder, 'paused');
    await controlRun(folder, 'stop');
    await waitForState(folder, 'stopped');
    await bench.finishesAlike(folder);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`takes ${signal} as a wish to stop, and SIGHUP as none`, async () => {
      const folder = await bench.start(bench.hold(30).environment);
      await haveEvents(folder, 10);
      const pid = await supervisorPid(folder);
      process.kill(pid, 'SIGHUP');
      await haveEvents(folder, 32);
      process.kill(pid, signal);
      await waitForState(folder, 'stopped');
      await waitUntil(() => processStart(pid) === undefined, 'the supervisor to end');
      await bench.finishesAlike(folder);
    });
  }

  it('fails with the sentence of a trainer that cannot run it, and blames the input', async () => {
    const folder = await bench.start({ CELLSMITH_TEST_FAULT: 'refuse' });
    await waitForState(folder, 'failed');
    const { failure, fault } = (await readRun(folder)).identity;
    assert.deepEqual([failure, fault], ['The data set toy is absent. Fetch it.', 'input']);
    await bench.finishesAlike(folder);
  });

  for (const [kind, how] of [
    ['throw', 'exit code 70: TypeError: something of ours is undefined'],
    ['exit', 'exit code 9'],
  ] as const) {
    it(`gives up after three crashes at one place (${kind}), says how, and can be resumed`, async () => {
      const folder = await bench.start({ CELLSMITH_TEST_FAULT: `${kind}:60` });
      await waitForState(folder, 'failed');
      const { failure, fault } = (await readRun(folder)).identity;
      assert.equal(
        failure?.startsWith(`The trainer crashed 3 times without a new checkpoint (${how}).`),
        true,
        failure,
      );
      assert.equal(fault, 'run');
      assert.equal(logOf(folder).match(/Trainer \d+ begins/g)?.length, 3);
      await bench.finishesAlike(folder);
    });
  }

  it('fails cleanly when its trainer talks nonsense', async () => {
    const folder = await bench.start({ CELLSMITH_TEST_FAULT: 'nonsense:60' });
    await waitForState(folder, 'failed');
    assert.equal((await readRun(folder)).identity.fault, 'bug');
    await bench.finishesAlike(folder);
  });

  it('kills a trainer that hangs when it is asked to stop a second time', async () => {
    const folder = await bench.start({ CELLSMITH_TEST_FAULT: 'hang:60' });
    await haveEvents(folder, 60);
    const trainer = trainerPid(folder) ?? 0;
    await controlRun(folder, 'stop');
    await controlRun(folder, 'stop');
    await waitForState(folder, 'stopped');
    assert.equal(processStart(trainer), undefined);
    await bench.finishesAlike(folder);
  });

  it('stops at an event that comes out differently, keeps the log and writes down both lines', async () => {
    const folder = await bench.interruptedAhead();
    const before = readFileSync(join(folder, 'events.jsonl'));
    const seq = newestCheckpoint(folder) + 1;
    await resumeRun(folder, bench.engine({ CELLSMITH_TEST_FAULT: 'differ:0' }), RESUME);
    await waitForState(folder, 'failed');
    const { failure, fault } = (await readRun(folder)).identity;
    assert.match(failure ?? '', new RegExp(`^Event ${seq} came out differently after a resume`));
    assert.equal(fault, 'run');
    assert.equal(readFileSync(join(folder, 'events.jsonl')).equals(before), true);
    const line =
      logOf(folder)
        .split('\n')
        .find((text) => text.includes('differs from the log')) ?? '';
    const { data } = JSON.parse(line) as { data: { expected: string; got: string } };
    assert.equal(data.expected, before.toString().split('\n')[seq]);
    assert.notEqual(data.got, data.expected);
    await bench.finishesAlike(folder);
  });

  it('keeps the events that drift makes it compute again', async () => {
    const folder = await bench.interruptedAhead();
    const first = newestCheckpoint(folder) + 1;
    const after = readFileSync(join(folder, 'events.jsonl'), 'utf8').split('\n').slice(first);
    await resumeRun(folder, bench.engine({ CELLSMITH_TEST_RUNTIME: 'node 99' }), { allowDrift: true });
    await waitForState(folder, 'finished');
    const kept = readFileSync(join(folder, `events-before-drift-${first}.jsonl`), 'utf8');
    assert.ok(after.join('\n').startsWith(kept) && kept.length > 100);
    assertSameRemains(remainsOf(folder), bench.uninterrupted, folder);
  });

  it('refuses other pins, names the difference, and goes on with --allow-drift, which the log tells', async () => {
    const folder = await bench.stopped();
    const other = bench.engine({ CELLSMITH_TEST_RUNTIME: 'node 99' });
    await resumeRun(folder, other, RESUME);
    await waitForState(folder, 'failed');
    const { failure, fault } = (await readRun(folder)).identity;
    assert.match(failure ?? '', /began with another runtime \(node, now node 99\).*--allow-drift/);
    assert.equal(fault, 'input');
    await resumeRun(folder, other, { allowDrift: true });
    await waitForState(folder, 'finished');
    assert.match(logOf(folder), /"kind":"drift","text":"Goes on with another runtime \(node, now node 99\)/);
    assertSameRemains(remainsOf(folder), bench.uninterrupted, folder);
  });
});
