import * as v from 'valibot';
import { UserError } from '../../base/user-error.js';
import type { DataFacts, RunEvent, RunEventBody, SamplerFacts, Score } from '../run-event.js';
import type { Outcome, Proposal, TrialId } from '../trial.js';
import { parseAs, parseJson, type Schema } from './parse-as.js';
import { runConfigSchema } from './run-config-schema.js';
import { architectureSchema, count, finite } from './space-schema.js';

/** One line of `events.jsonl`, number `lineNumber` counted from 1. Throws `UserError` with the place. */
export function parseEventLine(line: string, lineNumber: number, file: string): RunEvent {
  const place = `${file}:${lineNumber}`;
  const remedy = `Keep the first ${lineNumber - 1} lines of the file and resume the run: later events are computed again.`;
  const event = parseAs(runEventSchema, parseJson(line, place, remedy), place, remedy);
  if (event.seq === lineNumber - 1) return event;
  throw new UserError(`${place}: expected event ${lineNumber - 1} but got event ${event.seq}.`, remedy);
}

const trialId: Schema<TrialId> = v.pipe(
  count,
  v.transform((id) => id as TrialId),
);
const role = v.picklist(['search', 'baseline']);

const proposal: Schema<Proposal> = v.looseObject({
  trial: trialId,
  architecture: architectureSchema,
  epochs: finite,
  parents: v.array(trialId),
});

const outcome: Schema<Outcome> = v.variant('kind', [
  v.looseObject({ kind: v.literal('measured'), trial: trialId, values: v.array(finite) }),
  v.looseObject({
    kind: v.literal('failed'),
    trial: trialId,
    reason: v.picklist(['diverged', 'out-of-memory', 'unbuildable']),
    detail: v.string(),
  }),
]);

const dataFacts: Schema<DataFacts> = v.looseObject({
  name: v.string(),
  description: v.string(),
  hash: v.string(),
  train: count,
  validation: count,
  test: count,
});

const score: Schema<Score> = v.looseObject({
  correct: count,
  of: count,
  weights: v.picklist(['inherited', 'trained', 'retrained']),
});

const sampler: Schema<SamplerFacts> = v.looseObject({
  novelty: v.exactOptional(v.record(v.string(), finite)),
  balance: v.record(v.string(), finite),
});

/** What a trainer sends before the supervisor numbers it. */
export const runEventBodySchema: Schema<RunEventBody> = v.variant('type', [
  v.looseObject({ type: v.literal('started'), config: runConfigSchema, data: dataFacts }),
  v.looseObject({
    type: v.literal('phase'),
    phase: v.picklist(['supernet', 'selection', 'search', 'retrain', 'baseline_retrain', 'test']),
    total: finite,
    unit: v.picklist(['steps', 'trials', 'epochs', 'touch']),
  }),
  v.looseObject({
    type: v.literal('supernet'),
    step: count,
    trainLoss: finite,
    trainAccuracy: finite,
    learningRate: finite,
    gradientNorm: finite,
    architecture: architectureSchema,
    pathAccuracy: finite,
    sampler,
  }),
  v.looseObject({ type: v.literal('asked'), role, proposals: v.array(proposal) }),
  v.looseObject({
    type: v.literal('trial_progress'),
    role,
    trial: trialId,
    epoch: finite,
    validationLoss: finite,
    validationAccuracy: finite,
  }),
  v.looseObject({
    type: v.literal('told'),
    role,
    outcomes: v.array(outcome),
    cost: v.looseObject({ search: finite, baseline: finite }),
  }),
  v.looseObject({
    type: v.literal('selected'),
    role,
    trial: trialId,
    architecture: architectureSchema,
    validation: score,
  }),
  v.looseObject({
    type: v.literal('retrain'),
    role,
    epoch: finite,
    trainLoss: finite,
    validationLoss: finite,
    validationAccuracy: finite,
    learningRate: finite,
  }),
  v.looseObject({
    type: v.literal('tested'),
    role,
    architecture: architectureSchema,
    test: score,
    parameters: finite,
    macs: finite,
    weights: v.string(),
  }),
  v.looseObject({
    type: v.literal('finished'),
    because: v.picklist(['budget-spent', 'space-exhausted', 'stopped-by-time-budget']),
  }),
]);

export const runEventSchema: Schema<RunEvent> = v.intersect([
  v.looseObject({ seq: count }),
  runEventBodySchema,
]);
