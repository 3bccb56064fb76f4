import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { RunAttachment, type AttachedState } from '../../src/client/attach.js';
import { controlRun, resumeRun } from '../../src/client/runs.js';
import { waitForState, waitUntil } from '../crash/crash-bench.js';
import { haveEvents, RESUME, RunBench, supervisorPid } from '../crash/run-bench.js';

/** What one attachment hears, and checks that are asked of it. */
class Ear {
  readonly seqs: number[] = [];
  readonly states: AttachedState['state'][] = [];
  readonly errors: Error[] = [];
  numProgress = 0;
  readonly attachment: RunAttachment;

  constructor(folder: string, fromSeq = 0) {
    const listener = {
      events: (events: readonly { readonly seq: number }[]) => {
        this.seqs.push(...events.map(({ seq }) => seq));
      },
      progress: () => {
        this.numProgress++;
      },
      state: ({ state }: AttachedState) => {
        this.states.push(state);
      },
      error: (error: Error) => {
        this.errors.push(error);
      },
    };
    this.attachment = new RunAttachment(folder, listener, fromSeq);
  }

  async hears(state: AttachedState['state']): Promise<void> {
    await waitUntil(() => this.states.at(-1) === state, `the state ${state}`);
  }
}

describe('An attachment to a run', function () {
  this.timeout(60_000);
  const bench = new RunBench();
  before(() => bench.prepare());
  after(() => {
    bench.remove();
  });
  const seqsFrom = (first: number): number[] => {
    const numEvents = bench.uninterrupted.events.toString().trimEnd().split('\n').length;
    return Array.from({ length: numEvents - first }, (_, i) => first + i);
  };

  it('hears every event once, progress and states, beside others', async () => {
    const held = bench.hold(40);
    const folder = await bench.start(held.environment);
    const [first, second] = [new Ear(folder), new Ear(folder, 50)];
    await haveEvents(folder, 20);
    await first.attachment.ask('pause');
    await second.hears('paused');
    await second.attachment.ask('resume');
    held.release(40);
    await first.hears('finished');
    await second.hears('finished');
    assert.deepEqual(first.seqs, seqsFrom(0));
    assert.deepEqual(second.seqs, seqsFrom(50));
    assert.deepEqual(first.states, ['running', 'paused', 'running', 'finished']);
    assert.ok(first.numProgress > 0);
    await Promise.all([first.attachment.close(), second.attachment.close()]);
  });

  it('stays through the death of the supervisor and a resume by somebody else', async () => {
    const folder = await bench.start(bench.hold(40).environment);
    const ear = new Ear(folder);
    await haveEvents(folder, 30);
    await ear.hears('running');
    process.kill(await supervisorPid(folder), 'SIGKILL');
    await ear.hears('interrupted');
    await resumeRun(folder, bench.engine({}), RESUME);
    await ear.hears('finished');
    assert.deepEqual(ear.seqs, seqsFrom(0));
    await ear.attachment.close();
  });

  it('reads a run that nobody runs, and resumes nothing', async () => {
    const folder = await bench.stopped();
    const ear = new Ear(folder);
    await ear.hears('stopped');
    await delay(400);
    assert.deepEqual(ear.states, ['stopped']);
    assert.ok(ear.seqs.length >= 60);
    assert.equal(await ear.attachment.ask('pause'), undefined);
    await ear.attachment.close();
  });

  it('hears nothing after it is closed, and the run goes on without it', async () => {
    const held = bench.hold(40);
    const folder = await bench.start(held.environment);
    const ear = new Ear(folder);
    await haveEvents(folder, 20);
    await ear.attachment.close();
    const heard = ear.seqs.length;
    held.release(40);
    await waitForState(folder, 'finished');
    assert.equal(ear.seqs.length, heard);
    assert.deepEqual(ear.errors, []);
  });

  it('tells why a run failed', async () => {
    const folder = await bench.start({ CELLSMITH_TEST_FAULT: 'refuse' });
    let last: AttachedState | undefined;
    const attachment = new RunAttachment(folder, { state: (state) => (last = state) });
    await waitUntil(() => last?.state === 'failed', 'the failure');
    assert.deepEqual(last, {
      state: 'failed',
      reason: 'The data set toy is absent. Fetch it.',
      fault: 'input',
    });
    await attachment.close();
    await assert.rejects(controlRun(folder, 'stop'), /the run is failed, so it cannot stop/);
  });
});
