import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { unreachable } from '../../base/assert.js';
import { UserError } from '../../base/user-error.js';
import { thisProcess } from '../../client/process-identity.js';
import { readIdentity } from '../../client/read-run.js';
import { socketPath } from '../../client/socket-path.js';
import type { RunStatus } from '../../protocol/control.js';
import type { RunEvent } from '../../protocol/run-event.js';
import type { RunIdentity, RunState } from '../../protocol/run-folder.js';
import type { Progress } from '../../protocol/trainer-channel.js';
import { ControlServer } from './control-server.js';
import { DiskGuard, isDiskFull, systemDisk, type Disk } from './disk.js';
import { SupervisorLock } from './lock.js';
import { RunStore } from './run-store.js';
import type { TrainerProgram } from './trainer-process.js';
import { TrainerSession, type SessionEnd } from './trainer-session.js';

export interface SuperviseOptions {
  readonly folder: string;
  /** Whether a run that was started before may go on. */
  readonly resume: boolean;
  readonly allowDrift: boolean;
  /** Where data sets are looked for; undefined: where the run looked before. */
  readonly dataFolder: string | undefined;
  readonly program: TrainerProgram;
  readonly disk?: Disk;
  readonly stopTimeoutMs?: number;
}

/** How a supervised run left its folder. */
export type RunEnd = Pick<RunIdentity, 'state' | 'failure' | 'fault'>;

/** So many crashes without a new checkpoint between them end the run. */
const MAX_CRASHES = 3;
const HEARTBEAT_MS = 5_000;
const STOP_TIMEOUT_MS = 60_000;
const CLOSE_GRACE_MS = 2_000;
const LEAVING_POLL_MS = 50;
const LEAVING_LIMIT_MS = 2 * CLOSE_GRACE_MS;
const THROUGHPUT_LOG_MS = 60_000;
const EVENT_BATCH_BYTES = 256 * 1024;

/** The process around a run: holds no tensors, owns the folder, the socket and the heartbeat, and keeps a trainer going. */
export class Supervisor {
  readonly #options: SuperviseOptions;
  readonly #guard = new DiskGuard((error) => {
    this.#diskIsFull(error);
  });
  #store!: RunStore;
  #server: ControlServer | undefined;
  #session: TrainerSession | undefined;
  #progress: Progress | undefined;
  #reason: string | undefined;
  #lostFolder: UserError | undefined;
  #wantsPause = false;
  #wantsStop = false;
  #throughputLoggedAt = 0;

  constructor(options: SuperviseOptions) {
    this.#options = options;
  }

  /** Resolves when the run finished, stopped or failed. Throws `UserError` if it cannot begin, or lost its folder. */
  async run(): Promise<RunEnd> {
    const { folder, disk = systemDisk } = this.#options;
    this.#checkStartable(await readIdentity(folder));
    try {
      return await this.#runLocked(disk);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      throw new UserError(
        `There is no room to run ${folder} (${error.message}).`,
        'Make room, then resume the run.',
      );
    }
  }

  async #runLocked(disk: Disk): Promise<RunEnd> {
    const { folder } = this.#options;
    const lock = await this.#acquireLock();
    try {
      this.#store = await RunStore.open(folder, disk, (line) => {
        this.#server?.sendLog(line);
      });
      // Again: another supervisor may have ended the run while this one waited for nothing but the lock.
      this.#checkStartable(this.#store.identity.current);
      return await this.#supervise();
    } finally {
      await lock.release();
    }
  }

  /** Waits a little for a supervisor that has ended its run and is about to go. */
  async #acquireLock(): Promise<SupervisorLock> {
    const { folder } = this.#options;
    for (let waitedMs = 0; ; waitedMs += LEAVING_POLL_MS) {
      try {
        return await SupervisorLock.acquire(folder);
      } catch (error) {
        const { state } = await readIdentity(folder);
        const isLeaving = state === 'stopped' || state === 'failed';
        if (!(error instanceof UserError) || !isLeaving || waitedMs >= LEAVING_LIMIT_MS) throw error;
      }
      await delay(LEAVING_POLL_MS);
    }
  }

  pause(): void {
    if (this.#wantsPause) return;
    this.#wantsPause = true;
    this.#store.log({ level: 'info', kind: 'control', text: 'Pause was asked for.' });
    this.#session?.pause();
  }

  resume(): void {
    this.#store.log({ level: 'info', kind: 'control', text: 'Resume was asked for.' });
    this.#wantsPause = false;
    this.#reason = undefined;
    this.#guard.retry();
    this.#session?.resume();
    if (!this.#guard.isWaiting) this.#enter('running');
  }

  /** Gracefully the first time; the second time at once. */
  stop(): void {
    if (this.#wantsStop) {
      this.#session?.kill();
      return;
    }
    this.#wantsStop = true;
    this.#store.log({ level: 'info', kind: 'control', text: 'Stop was asked for.' });
    this.#guard.giveUp();
    this.#session?.stop();
  }

  status(): RunStatus {
    const { id, state, failure } = this.#store.identity.current;
    const reason = this.#reason ?? failure;
    return {
      runId: id,
      state,
      lastSeq: this.#store.events.durableCount - 1,
      ...(this.#progress === undefined ? {} : { progress: this.#progress }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  async readEvents(seq: number): Promise<readonly RunEvent[]> {
    const lines = await this.#store.events.linesFrom(seq, EVENT_BATCH_BYTES);
    return lines.map((line) => JSON.parse(line) as RunEvent);
  }

  #checkStartable(identity: RunIdentity): void {
    const { folder, resume } = this.#options;
    if (identity.state === 'finished') {
      throw new UserError(`${folder}: this run has finished.`, 'Look at it with `cellsmith show`.');
    }
    if (identity.state !== 'starting' && !resume) {
      throw new UserError(`${folder}: this run was started before.`, 'Go on with it: `cellsmith resume`.');
    }
  }

  async #supervise(): Promise<RunEnd> {
    const store = this.#store;
    const { id } = store.identity.current;
    const socket = socketPath(id);
    this.#server = await ControlServer.listen(socket, id, this);
    const heart = setInterval(() => {
      this.#beat();
    }, HEARTBEAT_MS);
    try {
      const startedAt = new Date().toISOString();
      await store.identity.begin({ ...thisProcess(), startedAt, socket }, this.#options.dataFolder);
      store.log({ level: 'info', kind: 'process', text: `Supervisor ${process.pid} owns the run.` });
      const end = await this.#runTrainers();
      if (this.#lostFolder !== undefined) throw this.#lostFolder;
      return await this.#leave(end);
    } catch (error) {
      if (!existsSync(this.#options.folder)) this.#lost(error);
      if (this.#lostFolder !== undefined) throw this.#lostFolder;
      if (isDiskFull(error)) throw error;
      return await this.#leave({
        kind: 'broken',
        error: error instanceof Error ? error : new Error(String(error)),
      });
    } finally {
      clearInterval(heart);
      this.#session?.kill();
      await this.#server.close(CLOSE_GRACE_MS);
      await store.close();
    }
  }

  /** One trainer after the other, until one ends the run. */
  async #runTrainers(): Promise<SessionEnd> {
    let crashes = 0;
    for (;;) {
      if (this.#store.events.isFinished) return { kind: 'finished' };
      const end = await this.#runTrainer();
      if (end.kind !== 'crashed') return end;
      crashes = end.madeCheckpoint ? 1 : crashes + 1;
      this.#store.log({ level: 'error', kind: 'process', text: `The trainer crashed (${end.how}).` });
      if (this.#wantsStop) return { kind: 'stopped' };
      if (crashes >= MAX_CRASHES) return end;
    }
  }

  async #runTrainer(): Promise<SessionEnd> {
    const session = new TrainerSession({
      store: this.#store,
      guard: this.#guard,
      program: this.#options.program,
      dataFolder: this.#store.identity.current.dataFolder ?? '',
      allowDrift: this.#options.allowDrift,
      stopTimeoutMs: this.#options.stopTimeoutMs ?? STOP_TIMEOUT_MS,
      onPaused: (isPaused) => {
        if (isPaused === this.#wantsPause) this.#enter(isPaused ? 'paused' : 'running');
      },
      onProgress: (progress) => {
        this.#takeProgress(progress);
      },
      onEvents: () => this.#server?.wake(),
    });
    this.#session = session;
    if (this.#wantsPause) session.pause();
    if (this.#wantsStop) session.stop();
    return session.run();
  }

  #takeProgress(progress: Progress): void {
    this.#progress = progress;
    this.#server?.sendProgress(progress);
    if (Date.now() - this.#throughputLoggedAt < THROUGHPUT_LOG_MS) return;
    this.#throughputLoggedAt = Date.now();
    const { imagesPerSecond, overhead, phase, done, total } = progress;
    const text = `${phase}: ${done} of ${total}.`;
    this.#store.log({ level: 'info', kind: 'throughput', text, data: { imagesPerSecond, ...overhead } });
  }

  #diskIsFull(error: Error): void {
    this.#reason = `The disk is full (${error.message}): the run is paused and nothing is lost. Make room, then resume it.`;
    this.#store.log({ level: 'error', kind: 'notice', text: this.#reason });
    this.#wantsPause = true;
    this.#session?.pause();
    this.#enter('paused');
  }

  /** Tells everyone. A full disk must not keep a run from pausing because of it. */
  #enter(state: RunState): void {
    this.#store.identity.tryUpdate({ state }).catch((error: unknown) => {
      this.#lost(error);
    });
    this.#server?.sendState(this.status());
  }

  #beat(): void {
    this.#store.identity.beat().catch((error: unknown) => {
      this.#lost(error);
    });
  }

  /** The folder was taken away under the run. */
  #lost(error: unknown): void {
    this.#lostFolder ??= new UserError(
      `${this.#options.folder} cannot be written any more (${String(error)}).`,
      'Put it back where it was, then resume the run.',
    );
    this.#wantsStop = true;
    this.#guard.giveUp();
    this.#session?.kill();
  }

  /** Writes down how the run ended and tells everyone. */
  async #leave(end: SessionEnd): Promise<RunEnd> {
    const result = this.#describeEnd(end);
    const text = result.failure ?? `The run is ${result.state}.`;
    if (result.failure === undefined) this.#store.log({ level: 'info', kind: 'process', text });
    else this.#store.log({ level: 'error', kind: 'failure', text });
    if (end.kind === 'broken') {
      const data = { stack: end.error.stack ?? '' };
      this.#store.log({ level: 'error', kind: 'failure', text: 'A bug of the supervisor.', data });
    }
    this.#guard.giveUp();
    await this.#store.identity.tryUpdate(result);
    this.#server?.sendState(this.status());
    return result;
  }

  #describeEnd(end: SessionEnd): RunEnd {
    const restart = 'Resuming goes on from the newest checkpoint.';
    switch (end.kind) {
      case 'finished':
        return { state: 'finished' };
      case 'stopped':
        return { state: 'stopped' };
      case 'refused':
        return { state: 'failed', fault: 'input', failure: `${end.message} ${end.remedy}` };
      case 'crashed': {
        const memory = end.how.includes('SIGKILL') ? ' Perhaps the machine ran out of memory.' : '';
        const failure = `The trainer crashed ${MAX_CRASHES} times without a new checkpoint (${end.how}).${memory} ${restart}`;
        return { state: 'failed', fault: 'run', failure };
      }
      case 'diverged': {
        const failure = `Event ${end.seq} came out differently after a resume: this run does not repeat. Both lines are in log.jsonl; the event log is as it was.`;
        return { state: 'failed', fault: 'run', failure };
      }
      case 'broken':
        return { state: 'failed', fault: 'bug', failure: `Internal error: ${end.error.message} ${restart}` };
      default:
        return unreachable(end);
    }
  }
}
