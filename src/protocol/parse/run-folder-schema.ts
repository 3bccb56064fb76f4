import * as v from 'valibot';
import type { Checkpoint, LogLine, RunIdentity, RunPins, RunState } from '../run-folder.js';
import { checkSchemaVersion, parseAs, parseJson, type Schema } from './parse-as.js';
import { count } from './space-schema.js';

/** `run.json`. Throws `UserError` naming `place`. */
export function parseRunIdentity(text: string, place: string): RunIdentity {
  const remedy = 'Restore the file; without it the folder is not a run.';
  const input = parseJson(text, place, remedy);
  checkSchemaVersion(input, 1, place);
  return parseAs(identitySchema, input, place, remedy);
}

/** `checkpoints/<seq>.json`. Throws `UserError` naming `place`. */
export function parseCheckpoint(text: string, place: string): Checkpoint {
  const remedy = 'Remove the checkpoint: the run goes on from the one before.';
  const input = parseJson(text, place, remedy);
  checkSchemaVersion(input, 1, place);
  return parseAs(checkpointSchema, input, place, remedy);
}

export const runStateSchema: Schema<RunState> = v.picklist([
  'starting',
  'running',
  'paused',
  'stopped',
  'finished',
  'failed',
]);

export const pinsSchema: Schema<RunPins> = v.looseObject({
  version: v.string(),
  backend: v.string(),
  variant: v.string(),
  kernelHash: v.string(),
  processor: v.string(),
  runtime: v.string(),
});

const identitySchema: Schema<RunIdentity> = v.looseObject({
  schema: v.literal(1),
  id: v.pipe(v.string(), v.minLength(8)),
  name: v.string(),
  createdAt: v.string(),
  state: runStateSchema,
  dataFolder: v.exactOptional(v.string()),
  supervisor: v.exactOptional(
    v.looseObject({
      pid: count,
      host: v.string(),
      startedAt: v.string(),
      processStart: v.string(),
      socket: v.string(),
    }),
  ),
  pins: v.exactOptional(pinsSchema),
  failure: v.exactOptional(v.string()),
  fault: v.exactOptional(v.picklist(['input', 'run', 'bug'])),
});

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const checkpointSchema: Schema<Checkpoint> = v.looseObject({
  schema: v.literal(1),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(-1)),
  state: v.record(v.string(), v.unknown()),
  blobs: v.record(v.string(), sha256),
});

/** What a trainer sends; the supervisor adds the time and the last event's number. */
export const logBodySchema = v.looseObject({
  level: v.picklist(['info', 'warn', 'error']),
  kind: v.picklist(['process', 'checkpoint', 'throughput', 'control', 'drift', 'failure', 'notice']),
  text: v.string(),
  data: v.exactOptional(v.record(v.string(), v.union([v.number(), v.string(), v.boolean()]))),
}) satisfies Schema<Omit<LogLine, 'atMs' | 'seq'>>;

export const logLineSchema: Schema<LogLine> = v.looseObject({
  ...logBodySchema.entries,
  atMs: v.number(),
  seq: v.number(),
});
