import { setImmediate as turn } from 'node:timers/promises';
import type { RunEventBody } from '../../protocol/run-event.js';
import type { CheckpointState, LogLine, RunPins } from '../../protocol/run-folder.js';
import type { FromTrainer, Progress } from '../../protocol/trainer-channel.js';
import { sha256 } from './checkpoints.js';

/** Events that may be under way to the disk at once. */
const WINDOW = 256;
const PROGRESS_EVERY_MS = 200;

/** The driver's host in a trainer process: everything goes over the channel to the supervisor. */
export class TrainerHost {
  readonly #send: (message: FromTrainer) => void;
  readonly #makeStop: () => Error;
  #message = 0;
  #acknowledged = 0;
  #waiting: { readonly message: number; readonly resolve: () => void }[] = [];
  /** Hashes of the blobs of the newest checkpoint, which need not be sent again. */
  #blobHashes: ReadonlyMap<string, string>;
  #isPaused = false;
  #isStopped = false;
  #wake: () => void = () => undefined;
  #progressAt = -Infinity;

  /** `makeStop` makes what `breathe` throws when the run is stopped; `blobs`: those of the checkpoint it begins with. */
  constructor(
    send: (message: FromTrainer) => void,
    makeStop: () => Error,
    blobs: Readonly<Record<string, Uint8Array>>,
  ) {
    this.#send = send;
    this.#makeStop = makeStop;
    this.#blobHashes = new Map(Object.entries(blobs).map(([name, bytes]) => [name, sha256(bytes)]));
  }

  acknowledged(message: number): void {
    this.#acknowledged = message;
    const ready = this.#waiting.filter((waiter) => waiter.message <= message);
    this.#waiting = this.#waiting.filter((waiter) => waiter.message > message);
    for (const waiter of ready) waiter.resolve();
  }

  pause(): void {
    this.#isPaused = true;
  }

  unpause(): void {
    this.#isPaused = false;
    this.#wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  pins(pins: RunPins): void {
    this.#send({ type: 'pins', pins });
  }

  /** Resolves when everything that was sent is on disk. */
  async drain(): Promise<void> {
    await this.#until(this.#message);
  }

  async emit(body: RunEventBody): Promise<void> {
    this.#send({ type: 'event', message: ++this.#message, body });
    await this.#until(this.#message - WINDOW);
  }

  async checkpoint(state: CheckpointState, blobs: Readonly<Record<string, Uint8Array>>): Promise<void> {
    const hashes = new Map(Object.entries(blobs).map(([name, bytes]) => [name, sha256(bytes)]));
    const known = new Set(this.#blobHashes.values());
    const sent = Object.entries(blobs).map(([name, bytes]) => {
      const hash = hashes.get(name);
      return [name, hash !== undefined && known.has(hash) ? hash : bytes] as const;
    });
    const message = ++this.#message;
    this.#send({ type: 'checkpoint', message, state, blobs: Object.fromEntries(sent) });
    await this.#until(message);
    this.#blobHashes = hashes;
  }

  async result(name: string, bytes: Uint8Array): Promise<string> {
    const message = ++this.#message;
    this.#send({ type: 'result', message, name, bytes });
    await this.#until(message);
    return sha256(bytes);
  }

  progress(progress: Progress): void {
    const now = this.now();
    if (now - this.#progressAt < PROGRESS_EVERY_MS) return;
    this.#progressAt = now;
    this.#send({ type: 'progress', progress });
  }

  log(line: Omit<LogLine, 'atMs' | 'seq'>): void {
    this.#send({ type: 'log', line });
  }

  async breathe(beforeStop: () => Promise<void>): Promise<void> {
    // Messages are heard only between turns of the event loop; a driver may never wait for anything else.
    await turn();
    if (this.#isPaused && !this.#isStopped) await this.#pauseEnds();
    if (!this.#isStopped) return;
    await beforeStop();
    throw this.#makeStop();
  }

  now(): number {
    return performance.now();
  }

  async #pauseEnds(): Promise<void> {
    this.#send({ type: 'paused' });
    while (this.#isPaused && !this.#isStopped) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (!this.#isStopped) this.#send({ type: 'resumed' });
  }

  async #until(message: number): Promise<void> {
    if (message <= this.#acknowledged) return;
    await new Promise<void>((resolve) => this.#waiting.push({ message, resolve }));
  }
}
