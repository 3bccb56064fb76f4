import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ControlClient } from '../../../src/client/control-client.js';
import type { RunView } from '../../../src/client/read-run.js';
import type { ControlHost } from '../../../src/engine/runs/control-peer.js';
import { ControlServer } from '../../../src/engine/runs/control-server.js';
import type { RunStatus } from '../../../src/protocol/control.js';
import type { RunEvent } from '../../../src/protocol/run-event.js';
import type { Progress } from '../../../src/protocol/trainer-channel.js';
import { temporaryFolder } from '../../fixtures/bundles.js';

const RUN_ID = 'run-of-this-test';
const STATUS: RunStatus = { runId: RUN_ID, state: 'running', lastSeq: -1 };
const PROGRESS: Progress = {
  phase: 'supernet',
  done: 1,
  total: 2,
  share: 0.5,
  imagesPerSecond: 1,
  remainingMs: 1,
  overhead: { plan: 0, sample: 0, load: 0 },
};

/** A run of `events`, which asks are written down. */
class Host implements ControlHost {
  readonly events: RunEvent[] = [];
  readonly asked: string[] = [];
  reads = 0;
  add(count: number, padding = ''): void {
    for (let i = 0; i < count; i++) {
      this.events.push({
        seq: this.events.length,
        type: 'finished',
        because: 'budget-spent',
        ...{ padding },
      });
    }
  }
  status(): RunStatus {
    return { ...STATUS, lastSeq: this.events.length - 1 };
  }
  pause(): void {
    this.asked.push('pause');
  }
  resume(): void {
    this.asked.push('resume');
  }
  stop(): void {
    this.asked.push('stop');
  }
  readEvents(seq: number): Promise<readonly RunEvent[]> {
    this.reads++;
    return Promise.resolve(this.events.slice(seq, seq + 50));
  }
}

describe('The control socket', () => {
  const temporary = temporaryFolder();
  after(() => {
    temporary.remove();
  });
  let count = 0;
  let path = '';
  let host = new Host();
  let server: ControlServer;
  beforeEach(async () => {
    path = join(temporary.path, `${count++}.sock`);
    host = new Host();
    server = await ControlServer.listen(path, RUN_ID, host);
  });
  afterEach(() => server.close(100));

  const view = (id = RUN_ID): RunView => ({
    folder: '',
    state: 'running',
    identity: {
      schema: 1,
      id,
      name: '',
      createdAt: '',
      state: 'running',
      supervisor: { pid: 1, host: '', startedAt: '', processStart: '', socket: path },
    },
  });
  const attach = async (): Promise<ControlClient> => {
    const client = await ControlClient.connect(view());
    assert(client !== undefined);
    return client;
  };
  /** Seqs that a client gets, in order; resolves when there are `wanted`. */
  const collect = (client: ControlClient, fromSeq: number, wanted: number): Promise<number[]> =>
    new Promise((resolve, reject) => {
      const seqs: number[] = [];
      const events = (news: readonly RunEvent[]): void => {
        seqs.push(...news.map(({ seq }) => seq));
        if (seqs.length >= wanted) resolve(seqs);
      };
      const ignore = (): void => undefined;
      client.subscribe(fromSeq, { events, progress: ignore, log: ignore, state: ignore }).catch(reject);
    });
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const closed = (socket: Socket): Promise<void> =>
    new Promise((resolve) => socket.once('close', () => resolve()));
  let requestId = 0;
  const rawRequest = (method: string, parameters: object): string => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++requestId, method, params: parameters });
    return `Content-Length: ${body.length}\r\n\r\n${body}`;
  };

  it('is open to this user only', () => {
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('lets several clients ask and hear old and new events, each from its own place', async () => {
    host.add(120);
    const [first, second] = [await attach(), await attach()];
    assert.deepEqual(first.status, { ...STATUS, lastSeq: 119 });
    const heard = [collect(first, 0, 130), collect(second, 100, 30)];
    await second.ask('pause');
    await first.ask('resume');
    await second.ask('stop');
    host.add(10);
    server.wake();
    assert.deepEqual(await Promise.all(heard), [range(0, 130), range(100, 130)]);
    assert.deepEqual(host.asked, ['pause', 'resume', 'stop']);
    first.close();
    second.close();
  });

  it('ends a client of another run, and tells nobody anything before the handshake', async () => {
    assert.equal(await ControlClient.connect(view('another run')), undefined);
    const socket = connect(path);
    socket.write(rawRequest('run/stop', {}));
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(data.toString())),
    );
    assert.match(answer, /run\/stop before run\/hello/);
    assert.deepEqual(host.asked, []);
    socket.destroy();
  });

  const garbage: readonly (readonly [string, string])[] = [
    ['no protocol at all', 'GET / HTTP/1.1\r\nnonsense\r\n\r\n'],
    ['a body that is not JSON', 'Content-Length: 5\r\n\r\n{{{{{'],
    ['a length that is no number', 'Content-Length: many\r\n\r\n{}'],
    ['endless noise', 'x'.repeat(100_000)],
    ['a wrong handshake', rawRequest('run/hello', { id: 4 })],
  ];
  for (const [what, bytes] of garbage) {
    it(`survives ${what}`, async () => {
      const socket = connect(path);
      socket.on('error', () => undefined);
      socket.write(bytes);
      socket.end();
      socket.resume();
      await closed(socket);
      host.add(3);
      const client = await attach();
      assert.deepEqual(await collect(client, 0, 3), [0, 1, 2]);
      client.close();
    });
  }

  it('is left without a timer by a client that dies in the middle of a message', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    // Mocha's own timer begins with the first wait.
    await turn();
    const before = timers();
    const socket = connect(path);
    socket.write(rawRequest('run/hello', { runId: RUN_ID }).slice(0, -5));
    const client = await attach();
    await client.ask('status');
    socket.destroy();
    client.close();
    await Promise.all([closed(socket), client.closed]);
    await server.close(100);
    await turn();
    assert.equal(timers(), before);
  });

  it('is not held up by a client that reads nothing, and holds little for it', async () => {
    host.add(2_000, 'x'.repeat(10_000));
    const deaf = connect(path);
    deaf.pause();
    deaf.write(rawRequest('run/hello', { runId: RUN_ID }));
    deaf.write(rawRequest('run/subscribe', { fromSeq: 0 }));
    const client = await attach();
    assert.equal((await collect(client, 0, 2_000)).length, 2_000);
    const readsForDeaf = host.reads - 41;
    assert.ok(readsForDeaf < 10, `${readsForDeaf} batches read for a client that takes none`);
    for (let i = 0; i < 5_000; i++) server.sendProgress(PROGRESS);
    assert.equal((await client.ask('status')).lastSeq, 1_999);
    const gone = closed(deaf);
    for (let i = 0; i < 5_000; i++) server.sendState(STATUS);
    deaf.resume();
    await gone;
    client.close();
  });

  it('hands over what is left before it closes', async () => {
    const client = await attach();
    const heard = collect(client, 0, 100);
    await client.ask('status');
    host.add(100);
    await server.close(2_000);
    assert.deepEqual(await heard, range(0, 100));
    await client.closed;
  });
});
