/** Names inside `<workspace>/.cellsmith/runs/<date>-<slug>/`. */
export const RUN_FILES = {
  identity: 'run.json',
  space: 'space.nas',
  config: 'config.json',
  events: 'events.jsonl',
  log: 'log.jsonl',
  checkpoints: 'checkpoints',
  results: 'results',
} as const;

/** `run.json`: which process owns the run, where it listens, and what pins its bits. Rewritten whole, by rename. */
export interface RunIdentity {
  readonly schema: 1;
  /** Random, unique; the handshake of the control socket asks for it. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly state: RunState;
  /** The supervisor, while there is one. */
  readonly supervisor?: {
    readonly pid: number;
    readonly host: string;
    readonly startedAt: string;
    /** Tells this process from a later one with the same pid; empty where the system does not say. */
    readonly processStart: string;
    readonly socket: string;
  };
  /** Where data sets were looked for on this machine; a resume looks there again. */
  readonly dataFolder?: string;
  /** Set when the first trainer reports its device; resuming under others needs `--allow-drift`. */
  readonly pins?: RunPins;
  /** Why it failed: one sentence with the remedy. */
  readonly failure?: string;
  /** Whose fault that was: the user's input or surroundings, the run's (crashes, drift), or a bug of ours. */
  readonly fault?: 'input' | 'run' | 'bug';
}

/** `interrupted` is never written: it is what a reader calls a `running` or `paused` run whose supervisor is gone. */
export type RunState = 'starting' | 'running' | 'paused' | 'stopped' | 'finished' | 'failed';

export interface RunPins {
  readonly version: string;
  readonly backend: string;
  readonly variant: string;
  readonly kernelHash: string;
  readonly processor: string;
  readonly runtime: string;
}

/** A line of `log.jsonl`: what happened on this machine, not part of the result. */
export interface LogLine {
  /** Unix time, milliseconds. */
  readonly atMs: number;
  /** Joins the event log: the last event written before. */
  readonly seq: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly kind: 'process' | 'checkpoint' | 'throughput' | 'control' | 'drift' | 'failure' | 'notice';
  readonly text: string;
  readonly data?: Readonly<Record<string, number | string | boolean>>;
}

/** `checkpoints/<seq>.json`: names blobs by SHA-256; renamed into place only after the events up to `seq` are on disk. */
export interface Checkpoint {
  readonly schema: 1;
  /** Events 0 … seq are covered. */
  readonly seq: number;
  /** The driver's position: plain JSON. */
  readonly state: CheckpointState;
  /** Name → SHA-256 (hex) of a file `checkpoints/<sha256>.bin`. */
  readonly blobs: Readonly<Record<string, string>>;
}

export type CheckpointState = Readonly<Record<string, unknown>>;
