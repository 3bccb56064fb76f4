import type { RunConfig } from '../../protocol/run-config.js';
import type { RunEvent, RunEventBody } from '../../protocol/run-event.js';
import type { CheckpointState, LogLine } from '../../protocol/run-folder.js';
import type { Progress } from '../../protocol/trainer-channel.js';
import type { Backend } from '../backend/backend.js';
import type { RunData } from '../datasets/data.js';
import type { MakeBatches } from '../training/network-training.js';

/** What a driver gets: everything it may touch. It sees no file, no clock, no socket. */
export interface DriverContext {
  readonly config: RunConfig;
  readonly data: RunData;
  readonly backend: Backend;
  readonly host: RunHost;
  /** How training batches are made, all with the same bits; absent: ahead of the step, by a worker. */
  readonly makeBatches?: MakeBatches;
  /** Where an earlier process of this run stopped; absent on a fresh start. */
  readonly resume?: ResumePoint;
}

/**
 * A driver runs a whole search: it emits the same events in the same order whatever interruptions there were. After a
 * resume it continues from the checkpoint and emits again what came after it; the supervisor verifies instead of appending.
 */
export type Driver = (context: DriverContext) => Promise<void>;

export interface ResumePoint {
  readonly state: CheckpointState;
  readonly blobs: Readonly<Record<string, Uint8Array>>;
  /** The events the checkpoint covers, oldest first. */
  readonly events: readonly RunEvent[];
}

/** The world outside a driver: the supervisor in a run, a list in tests. */
export interface RunHost {
  /** Resolves once the event is taken over; order is kept. */
  emit(body: RunEventBody): Promise<void>;
  /** Resolves once it is on disk. Everything emitted before is covered by it. */
  checkpoint(state: CheckpointState, blobs: Readonly<Record<string, Uint8Array>>): Promise<void>;
  /** Stores a file among the run's results and returns its SHA-256 (hex). */
  result(name: string, bytes: Uint8Array): Promise<string>;
  progress(progress: Progress): void;
  log(line: Omit<LogLine, 'atMs' | 'seq'>): void;
  /**
   * To be awaited between steps, the only points where nothing is half done: returns at once, or waits while the run is
   * paused, or throws `StopRequested` after `beforeStop` was awaited (the driver's last checkpoint).
   */
  breathe(beforeStop: () => Promise<void>): Promise<void>;
  /** Milliseconds for throughput and progress only; never decides anything that is logged in events. */
  now(): number;
}

/** The user stopped the run; the driver's state is saved. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested';
}
