import type { ChildProcess } from 'node:child_process';
import { assert, unreachable } from '../../base/assert.js';
import { parseFromTrainer } from '../../protocol/parse/channel-schema.js';
import type { RunEventBody } from '../../protocol/run-event.js';
import type { RunPins } from '../../protocol/run-folder.js';
import type { FromTrainer, Progress, ToTrainer } from '../../protocol/trainer-channel.js';
import { GaveUpWaiting, type DiskGuard } from './disk.js';
import { eventLine } from './event-log.js';
import { describeDrift } from './pins.js';
import type { RunStore } from './run-store.js';
import { allIsSaid, lastWords, startTrainer, type TrainerProgram } from './trainer-process.js';

export interface SessionOptions {
  readonly store: RunStore;
  readonly guard: DiskGuard;
  readonly program: TrainerProgram;
  readonly dataFolder: string;
  readonly allowDrift: boolean;
  /** A trainer that was asked to stop and did not is killed after so long. */
  readonly stopTimeoutMs: number;
  readonly onPaused: (isPaused: boolean) => void;
  readonly onProgress: (progress: Progress) => void;
  /** Called after new events are on disk. */
  readonly onEvents: () => void;
}

/** How one trainer process ended. */
export type SessionEnd =
  | { readonly kind: 'finished' | 'stopped' }
  /** The user's input or surroundings are wrong. */
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string }
  | { readonly kind: 'crashed'; readonly how: string; readonly madeCheckpoint: boolean }
  /** It computed something else than the log holds. */
  | { readonly kind: 'diverged'; readonly seq: number }
  /** A bug of ours on this side. */
  | { readonly kind: 'broken'; readonly error: Error };

/** Events reach the disk at the latest after so long, or after so many messages. */
const FLUSH_AFTER_MS = 200;
const FLUSH_AFTER_MESSAGES = 64;
const STDERR_KEPT = 8_192;

/**
 * One life of the trainer process: starts it at the newest checkpoint, numbers its events, verifies those that the log
 * already holds, appends the others, and acknowledges what is on disk.
 */
export class TrainerSession {
  readonly #options: SessionOptions;
  #child: ChildProcess | undefined;
  #resolve: (end: SessionEnd) => void = () => undefined;
  /** Messages are handled one after the other, flushes in between. */
  #queue: Promise<void> = Promise.resolve();
  #flushTimer: NodeJS.Timeout | undefined;
  #stopTimer: NodeJS.Timeout | undefined;
  #end: SessionEnd | undefined;
  /** Number of the trainer's next event, and what the log holds from there on. */
  #position = 0;
  #expected: string[] = [];
  #lastMessage = 0;
  #acknowledged = 0;
  #madeCheckpoint = false;
  #isPaused = false;
  #isStopping = false;
  #stderr = '';

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Resolves when the process is gone and everything it said is dealt with. */
  async run(): Promise<SessionEnd> {
    let begin: ToTrainer;
    try {
      begin = await this.#prepare();
    } catch (error) {
      if (!(error instanceof GaveUpWaiting)) throw error;
      return { kind: 'stopped' };
    }
    if (this.#isStopping) return { kind: 'stopped' };
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#start(begin);
      if (this.#isPaused) this.pause();
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#send({ type: 'pause' });
  }

  resume(): void {
    this.#isPaused = false;
    this.#send({ type: 'resume' });
  }

  /** Asks the trainer for a last checkpoint; kills it if it takes too long. */
  stop(): void {
    this.#isStopping = true;
    if (this.#child === undefined) return;
    this.#send({ type: 'stop' });
    this.#stopTimer ??= setTimeout(() => {
      this.#log('warn', 'The trainer did not stop in time and was killed; the newest checkpoint stands.');
      this.kill();
    }, this.#options.stopTimeoutMs);
  }

  /** Ends the process at once. */
  kill(): void {
    this.#isStopping = true;
    this.#child?.kill('SIGKILL');
  }

  async #prepare(): Promise<ToTrainer> {
    const { store, guard, dataFolder, allowDrift } = this.#options;
    await guard.attempt(() => store.events.flush());
    const loaded = await store.checkpoints.loadNewest(store.events.count, (problem) => {
      store.log({ level: 'warn', kind: 'checkpoint', text: problem });
    });
    this.#position = loaded === undefined ? 0 : loaded.checkpoint.seq + 1;
    this.#expected = [...(await store.events.linesFrom(this.#position))];
    const { pins } = store.identity.current;
    return {
      type: 'begin',
      config: store.config,
      dataFolder,
      allowDrift,
      ...(pins === undefined ? {} : { pins }),
      ...(loaded === undefined
        ? {}
        : {
            resume: {
              state: loaded.checkpoint.state,
              blobs: loaded.blobs,
              events: await store.events.eventsBefore(this.#position),
            },
          }),
    };
  }

  #start(begin: ToTrainer): void {
    const child = startTrainer(this.#options.program);
    this.#child = child;
    const from = this.#position === 0 ? 'from the start' : `after event ${this.#position - 1}`;
    this.#log('info', `Trainer ${child.pid ?? '?'} begins ${from}.`);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    child.on('message', (message) => {
      this.#push(() => this.#handle(parseFromTrainer(message)));
    });
    child.on('error', (error) => {
      this.#finish({ kind: 'broken', error });
    });
    void allIsSaid(child).then((how) => {
      this.#push(() => this.#flush(this.#lastMessage));
      this.#push(async () => {
        await Promise.resolve();
        this.#settle(how);
      });
    });
    this.#send(begin);
  }

  #send(message: ToTrainer): void {
    // A process that is gone cannot be told; its end is dealt with in #settle.
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }

  #push(action: () => Promise<void>): void {
    this.#queue = this.#queue.then(action).catch((error: unknown) => {
      this.#finish(
        error instanceof GaveUpWaiting
          ? { kind: 'stopped' }
          : { kind: 'broken', error: error instanceof Error ? error : new Error(String(error)) },
      );
    });
  }

  async #handle(message: FromTrainer): Promise<void> {
    if (this.#end !== undefined) return;
    switch (message.type) {
      case 'pins':
        return this.#comparePins(message.pins);
      case 'event':
        this.#event(message.body);
        return this.#took(message.message);
      case 'checkpoint':
        return this.#checkpoint(message);
      case 'result':
        await this.#options.guard.attempt(() => this.#options.store.saveResult(message.name, message.bytes));
        return this.#flush(message.message);
      case 'progress':
        this.#options.onProgress(message.progress);
        return;
      case 'log':
        this.#options.store.log(message.line);
        return;
      case 'paused':
      case 'resumed':
        this.#options.onPaused(message.type === 'paused');
        return;
      case 'done':
        return this.#done(message.because);
      case 'refused':
        this.#finish({ kind: 'refused', message: message.message, remedy: message.remedy });
        return;
      default:
        return unreachable(message);
    }
  }

  async #comparePins(pins: RunPins): Promise<void> {
    const { store, guard, allowDrift } = this.#options;
    const drift = describeDrift(store.identity.current.pins, pins);
    if (drift !== undefined && !allowDrift) {
      this.#finish({
        kind: 'refused',
        message: `This run began with another ${drift}, so its numbers may not repeat here.`,
        remedy: 'Resume it where it began, or with --allow-drift, which is marked in the log.',
      });
      return;
    }
    if (drift !== undefined) {
      const keptAs = `events-before-drift-${this.#position}.jsonl`;
      const cut = this.#expected.length;
      await guard.attempt(() => store.events.cut(this.#position, keptAs));
      this.#expected = [];
      const saved = cut === 0 ? '' : ` The ${cut} events after the checkpoint are kept in ${keptAs}.`;
      store.log({ level: 'warn', kind: 'drift', text: `Goes on with another ${drift}.${saved}` });
    }
    await guard.attempt(() => store.identity.update({ pins }));
  }

  #event(body: RunEventBody): void {
    const { store } = this.#options;
    const expected = this.#expected.shift();
    if (expected === undefined) {
      store.events.append(body);
    } else if (eventLine(this.#position, body) !== expected) {
      const data = { expected, got: eventLine(this.#position, body) };
      const text = `Event ${this.#position} differs from the log after a resume.`;
      store.log({ level: 'error', kind: 'failure', text, data });
      this.#finish({ kind: 'diverged', seq: this.#position });
    }
    this.#position++;
  }

  async #checkpoint(message: Extract<FromTrainer, { readonly type: 'checkpoint' }>): Promise<void> {
    const { store, guard } = this.#options;
    const seq = this.#position - 1;
    await this.#flush(this.#lastMessage);
    const bytes = await guard.attempt(() => store.checkpoints.save(seq, message.state, message.blobs));
    store.log({ level: 'info', kind: 'checkpoint', text: `Checkpoint after event ${seq}.`, data: { bytes } });
    this.#madeCheckpoint = true;
    await this.#flush(message.message);
  }

  /** Sees to it that `message` is acknowledged soon. */
  async #took(message: number): Promise<void> {
    this.#lastMessage = message;
    if (message - this.#acknowledged >= FLUSH_AFTER_MESSAGES) return this.#flush(message);
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = undefined;
      this.#push(() => this.#flush(this.#lastMessage));
    }, FLUSH_AFTER_MS);
  }

  async #flush(message: number): Promise<void> {
    const { store, guard, onEvents } = this.#options;
    await guard.attempt(() => store.events.flush());
    onEvents();
    this.#lastMessage = message;
    if (message === this.#acknowledged) return;
    this.#acknowledged = message;
    this.#send({ type: 'acknowledged', message });
  }

  async #done(because: 'finished' | 'stopped'): Promise<void> {
    const { events } = this.#options.store;
    await this.#flush(this.#lastMessage);
    if (because === 'stopped') {
      this.#finish({ kind: 'stopped' });
      return;
    }
    if (this.#expected.length > 0) {
      this.#finish({ kind: 'diverged', seq: this.#position });
      return;
    }
    assert(events.isFinished, 'The driver ended without its `finished` event');
    this.#finish({ kind: 'finished' });
  }

  /** The process is gone, and everything it sent is dealt with. */
  #settle(how: string): void {
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#stopTimer);
    const end = this.#end ?? this.#unexpectedEnd(how);
    this.#end = end;
    if (this.#stderr !== '' && end.kind !== 'finished') {
      const data = { stderr: this.#stderr };
      this.#options.store.log({ level: 'error', kind: 'failure', text: 'Last words of the trainer.', data });
    }
    this.#resolve(end);
  }

  #unexpectedEnd(how: string): SessionEnd {
    if (this.#isStopping) return { kind: 'stopped' };
    const text = `${how}${lastWords(this.#stderr)}`;
    return { kind: 'crashed', how: text, madeCheckpoint: this.#madeCheckpoint };
  }

  /** Decides how this session ended and lets the process go, or kills it. */
  #finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#child?.pid === undefined) {
      this.#resolve(end);
      return;
    }
    if (this.#child.connected) this.#child.disconnect();
    if (end.kind !== 'finished' && end.kind !== 'stopped') this.#child.kill('SIGKILL');
    this.#stopTimer ??= setTimeout(() => {
      this.kill();
    }, this.#options.stopTimeoutMs);
  }

  #log(level: 'info' | 'warn', text: string): void {
    this.#options.store.log({ level, kind: 'process', text });
  }
}
