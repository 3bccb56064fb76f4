import * as v from 'valibot';
import type { FromTrainer, Progress, ToTrainer } from '../trainer-channel.js';
import type { CheckpointState } from '../run-folder.js';
import { parseAs, type Schema } from './parse-as.js';
import { runConfigSchema } from './run-config-schema.js';
import { runEventBodySchema, runEventSchema } from './run-event-schema.js';
import { logBodySchema, pinsSchema } from './run-folder-schema.js';
import { count } from './space-schema.js';

/** A message of the trainer. Throws `UserError`: to the supervisor, a trainer that talks nonsense is broken. */
export function parseFromTrainer(input: unknown): FromTrainer {
  return parseAs(fromTrainerSchema, input, 'A message of the trainer', 'Report this as a bug.');
}

/** A message of the supervisor. */
export function parseToTrainer(input: unknown): ToTrainer {
  return parseAs(toTrainerSchema, input, 'A message of the supervisor', 'Report this as a bug.');
}

const bytes = v.instance(Uint8Array);
const state: Schema<CheckpointState> = v.record(v.string(), v.unknown());

export const progressSchema: Schema<Progress> = v.looseObject({
  phase: v.string(),
  done: v.number(),
  total: v.number(),
  share: v.number(),
  imagesPerSecond: v.number(),
  remainingMs: v.number(),
  overhead: v.looseObject({ plan: v.number(), sample: v.number(), load: v.number() }),
});

/** Letters, digits, `.`, `_` and `-`: a plain file name on every system. */
const fileName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}$/));

const fromTrainerSchema: Schema<FromTrainer> = v.variant('type', [
  v.looseObject({ type: v.literal('pins'), pins: pinsSchema }),
  v.looseObject({ type: v.literal('event'), message: count, body: runEventBodySchema }),
  v.looseObject({
    type: v.literal('checkpoint'),
    message: count,
    state,
    blobs: v.record(v.string(), v.union([bytes, v.string()])),
  }),
  v.looseObject({ type: v.literal('result'), message: count, name: fileName, bytes }),
  v.looseObject({ type: v.literal('progress'), progress: progressSchema }),
  v.looseObject({ type: v.literal('log'), line: logBodySchema }),
  v.looseObject({ type: v.picklist(['paused', 'resumed']) }),
  v.looseObject({ type: v.literal('done'), because: v.picklist(['finished', 'stopped']) }),
  v.looseObject({ type: v.literal('refused'), message: v.string(), remedy: v.string() }),
]);

const toTrainerSchema: Schema<ToTrainer> = v.variant('type', [
  v.looseObject({
    type: v.literal('begin'),
    config: runConfigSchema,
    dataFolder: v.string(),
    resume: v.exactOptional(
      v.looseObject({ state, blobs: v.record(v.string(), bytes), events: v.array(runEventSchema) }),
    ),
    pins: v.exactOptional(pinsSchema),
    allowDrift: v.boolean(),
  }),
  v.looseObject({ type: v.picklist(['pause', 'resume', 'stop']) }),
  v.looseObject({ type: v.literal('acknowledged'), message: count }),
]);
