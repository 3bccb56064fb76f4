import type { CheckpointState, LogLine, RunPins } from './run-folder.js';
import type { RunConfig } from './run-config.js';
import type { RunEvent, RunEventBody } from './run-event.js';

/** Supervisor → trainer, over the child process channel (structured clone: typed arrays travel as they are). */
export type ToTrainer =
  | {
      readonly type: 'begin';
      readonly config: RunConfig;
      /** Where data sets without a folder of their own are looked for. */
      readonly dataFolder: string;
      /** The newest checkpoint with its blobs and the events it covers; absent on a fresh start. */
      readonly resume?: {
        readonly state: CheckpointState;
        readonly blobs: Readonly<Record<string, Uint8Array>>;
        readonly events: readonly RunEvent[];
      };
      /** Pins of an earlier start: take this very device or refuse. */
      readonly pins?: RunPins;
      readonly allowDrift: boolean;
    }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Checkpoint and exit. */
  | { readonly type: 'stop' }
  /** Everything up to this message is on disk: flow control for `event` and `checkpoint`. */
  | { readonly type: 'acknowledged'; readonly message: number };

/** Trainer → supervisor. */
export type FromTrainer =
  | { readonly type: 'pins'; readonly pins: RunPins }
  | { readonly type: 'event'; readonly message: number; readonly body: RunEventBody }
  | {
      readonly type: 'checkpoint';
      readonly message: number;
      readonly state: CheckpointState;
      /** Only blobs that changed since the last checkpoint need their bytes; others are named by hash. */
      readonly blobs: Readonly<Record<string, Uint8Array | string>>;
    }
  /** A file for the run's `results/` folder (e.g. retrained weights), named by its SHA-256 in an event. */
  | { readonly type: 'result'; readonly message: number; readonly name: string; readonly bytes: Uint8Array }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'log'; readonly line: Omit<LogLine, 'atMs' | 'seq'> }
  | { readonly type: 'paused' | 'resumed' }
  | { readonly type: 'done'; readonly because: 'finished' | 'stopped' }
  /** The user's input or surroundings are wrong: restarting would not help. */
  | { readonly type: 'refused'; readonly message: string; readonly remedy: string };

/** Where the run is; for display only. */
export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** Of the whole run, in [0, 1], by cost. */
  readonly share: number;
  readonly imagesPerSecond: number;
  readonly remainingMs: number;
  /** Share of the step spent outside the kernels: planning, sampling, loading. */
  readonly overhead: { readonly plan: number; readonly sample: number; readonly load: number };
}
