import * as v from 'valibot';
import type { Objective } from '../../space/objective.js';
import type {
  Augmentation,
  DataConfig,
  MethodConfig,
  RunConfig,
  SamplerConfig,
  SelectionConfig,
  StrategyConfig,
  SupernetTraining,
  TrainingConfig,
} from '../run-config.js';
import { RUN_SCHEMA } from '../run-config.js';
import { checkSchemaVersion, parseAs, type Schema } from './parse-as.js';
import { choiceArchitectureSchema, count, searchSpaceSchema } from './space-schema.js';

/** `config.json`, or a configuration that a program hands over. Throws `UserError` naming `place`. */
export function parseRunConfig(input: unknown, place: string): RunConfig {
  checkSchemaVersion(input, RUN_SCHEMA, place);
  return parseAs(
    runConfigSchema,
    input,
    place,
    'Restore the file, or start the search again from its .nas file.',
  );
}

const augmentation: Schema<Augmentation> = v.looseObject({ crop: count, flip: v.boolean(), cutout: count });

const optimizer = {
  learningRate: v.number(),
  finalLearningRate: v.number(),
  momentum: v.number(),
  weightDecay: v.number(),
  clipNorm: v.number(),
};

const training: Schema<TrainingConfig> = v.looseObject({
  ...optimizer,
  epochs: v.number(),
  batch: count,
  smoothing: v.number(),
  augmentation,
});

const data: Schema<DataConfig> = v.looseObject({
  name: v.string(),
  folder: v.exactOptional(v.string()),
  train: v.number(),
  validation: v.number(),
  test: v.number(),
  limit: count,
  augmentation,
});

const supernet: Schema<SupernetTraining> = v.looseObject({
  ...optimizer,
  steps: count,
  batch: count,
  reportEvery: count,
  checkpointEvery: count,
});

const sampler: Schema<SamplerConfig> = v.variant('kind', [
  v.looseObject({ kind: v.literal('uniform') }),
  v.looseObject({
    kind: v.literal('novelty'),
    mode: v.literal('repaired'),
    population: count,
    sigma: v.number(),
    alpha: v.number(),
    k: count,
    noises: count,
    warmup: count,
  }),
  v.looseObject({ kind: v.literal('count'), candidates: count }),
]);

const strategy: Schema<StrategyConfig> = v.variant('kind', [
  v.looseObject({ kind: v.literal('random') }),
  v.looseObject({ kind: v.literal('regularised_evolution'), population: count, sample: count }),
  v.looseObject({
    kind: v.literal('evolution'),
    population: count,
    parents: count,
    crossover: v.number(),
    mutationRate: v.number(),
  }),
]);

const selection: Schema<SelectionConfig> = v.looseObject({
  strategy,
  trials: count,
  batch: count,
  images: count,
  calibrationBatches: count,
  finalists: count,
});

const method: Schema<MethodConfig> = v.variant('kind', [
  v.looseObject({ kind: v.literal('one_shot'), supernet, sampler, selection }),
  v.looseObject({ kind: v.literal('black_box'), strategy, trials: count, training }),
  v.looseObject({ kind: v.literal('retrain'), architecture: choiceArchitectureSchema, from: v.string() }),
  v.looseObject({ kind: v.literal('not_built_yet'), part: v.string() }),
]);

const objective: Schema<Objective> = v.looseObject({
  name: v.string(),
  goal: v.picklist(['minimize', 'maximize']),
  unit: v.picklist(['ratio', 'ms', 'bytes', 'count']),
  source: v.picklist(['validation', 'analytic', 'device']),
});

export const runConfigSchema: Schema<RunConfig> = v.looseObject({
  schema: v.literal(RUN_SCHEMA),
  name: v.string(),
  space: searchSpaceSchema,
  data,
  objectives: v.array(objective),
  seed: count,
  device: v.string(),
  threads: count,
  method,
  retrain: v.exactOptional(training),
  baseline: v.exactOptional(
    v.looseObject({ strategy: v.looseObject({ kind: v.literal('random') }), training }),
  ),
});
