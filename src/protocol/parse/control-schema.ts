import * as v from 'valibot';
import type { EventNotification, LogNotification, RunStatus } from '../control.js';
import type { Progress } from '../trainer-channel.js';
import { progressSchema } from './channel-schema.js';
import { parseAs, type Schema } from './parse-as.js';
import { runEventSchema } from './run-event-schema.js';
import { logLineSchema, runStateSchema } from './run-folder-schema.js';
import { count } from './space-schema.js';

const REMEDY = 'Use one version of Cellsmith for the run and for looking at it.';

/** Parameters of `hello`. */
export function parseHello(input: unknown): { readonly runId: string } {
  return parseAs(v.looseObject({ runId: v.string() }), input, 'The handshake', REMEDY);
}

/** Parameters of `subscribe`. */
export function parseSubscribe(input: unknown): { readonly fromSeq: number } {
  return parseAs(v.looseObject({ fromSeq: count }), input, 'The subscription', REMEDY);
}

export function parseRunStatus(input: unknown): RunStatus {
  return parseAs(statusSchema, input, 'The status of the run', REMEDY);
}

export function parseEventNotification(input: unknown): EventNotification {
  return parseAs(v.looseObject({ events: v.array(runEventSchema) }), input, 'Events of the run', REMEDY);
}

export function parseLogNotification(input: unknown): LogNotification {
  return parseAs(v.looseObject({ line: logLineSchema }), input, 'A log line of the run', REMEDY);
}

export function parseProgress(input: unknown): Progress {
  return parseAs(progressSchema, input, 'Progress of the run', REMEDY);
}

const statusSchema: Schema<RunStatus> = v.looseObject({
  runId: v.string(),
  state: runStateSchema,
  lastSeq: v.pipe(v.number(), v.safeInteger(), v.minValue(-1)),
  progress: v.exactOptional(progressSchema),
  reason: v.exactOptional(v.string()),
});
