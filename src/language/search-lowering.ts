import type {
  DataConfig,
  MethodConfig,
  RunConfig,
  SelectionConfig,
  TrainingConfig,
} from '../protocol/run-config.js';
import { RUN_SCHEMA } from '../protocol/run-config.js';
import type { SearchSpace } from '../space/search-space.js';
import { Arguments, lowerData, trainImages, type LoweredData } from './datasets.js';
import type * as ast from './generated/ast.js';
import { lowerObjectives } from './objectives.js';
import type { Reporter } from './reporter.js';
import { lowerSampler, lowerStrategy, lowerTraining, optimizerOf } from './role-values.js';
import { readRoles, type Called, type Roles } from './roles.js';

export interface LoweredSearch {
  readonly node: ast.Search;
  readonly name: string;
  /** With the first of `seeds`. */
  readonly config: RunConfig;
  readonly seeds: readonly number[];
}

/** A search as a run configuration with every default filled in; undefined after its mistakes were reported. */
export function lowerSearch(
  node: ast.Search,
  space: SearchSpace,
  lookUp: (kind: string) => readonly ast.Decl[],
  reporter: Reporter,
): LoweredSearch | undefined {
  const data = lowerData(node.data, space, reporter);
  const roles = readRoles(node, lookUp, reporter);
  const objectives =
    roles === undefined ? undefined : lowerObjectives(roles, { node, space, lookUp }, reporter);
  if (data === undefined || roles === undefined || objectives === undefined) return undefined;
  const retrain = optionalTraining(roles.retrain, reporter);
  const baseline = lowerBaseline(roles, reporter);
  const method = lowerMethod(node, { space, roles, data }, reporter);
  if (method === undefined || retrain === 'wrong' || baseline === 'wrong') return undefined;
  const config: RunConfig = {
    schema: RUN_SCHEMA,
    name: node.name,
    space,
    data: data.data,
    objectives,
    seed: roles.seeds[0] ?? DEFAULT_SEED,
    device: roles.device,
    threads: roles.threads,
    method,
    ...(retrain === undefined ? {} : { retrain }),
    ...(baseline === undefined ? {} : { baseline }),
  };
  return { node, name: node.name, config, seeds: roles.seeds.length === 0 ? [DEFAULT_SEED] : roles.seeds };
}

const DEFAULT_SEED = 1;

interface Context {
  readonly space: SearchSpace;
  readonly roles: Roles;
  readonly data: LoweredData;
}

function lowerMethod(node: ast.Search, context: Context, reporter: Reporter): MethodConfig | undefined {
  const { space, roles, data } = context;
  const planned = [roles.train, roles.sample, roles.select].find(
    (called) => called?.declaration.planned === true,
  );
  if (planned !== undefined) return notBuilt(`${planned.declaration.kind} ${planned.declaration.name}`);
  if (data.notBuilt !== undefined) return notBuilt(data.notBuilt);
  if (space.template.kind === 'recurrent') return notBuilt('training recurrent cells');
  if (space.template.kind === 'hierarchy') return lowerOverHierarchy(node, roles, reporter);
  if (roles.train === undefined || roles.select === undefined) {
    reportMissing(node, roles, reporter);
    return undefined;
  }
  if (!checkBatches(roles, data.data, reporter)) return undefined;
  if (roles.train.declaration.name === 'supernet') return lowerOneShot(node, context, reporter);
  return lowerBlackBox(roles, reporter);
}

function notBuilt(part: string): MethodConfig {
  return { kind: 'not_built_yet', part };
}

/** Generators make networks that share no weights: no supernet can hold them. */
function lowerOverHierarchy(node: ast.Search, roles: Roles, reporter: Reporter): MethodConfig | undefined {
  if (roles.train?.declaration.name !== 'supernet' && roles.sample === undefined) {
    return notBuilt('networks from random-graph generators');
  }
  const message = `a supernet cannot search \`${node.space.$refText}\`: networks of a hierarchy share no weights`;
  const remedy = 'Train each trial from scratch: `train: sgd(epochs: 30)`.';
  reporter.error(roles.train?.setting ?? roles.sample?.setting ?? node, { code: 'NAS172', message, remedy });
  return undefined;
}

function reportMissing(node: ast.Search, roles: Roles, reporter: Reporter): void {
  const missing = roles.train === undefined ? 'train' : 'select';
  const remedy =
    missing === 'train'
      ? 'Add `train: supernet(batch: 64)` for shared weights, or `train: sgd(epochs: 10)` for each trial alone.'
      : 'Add `select: random(trials: 100)` or `select: evolution(trials: 200)`.';
  const message = `search \`${node.name}\` has no \`${missing}:\``;
  reporter.error({ node, property: 'name' }, { code: 'NAS161', message, remedy });
}

function lowerOneShot(
  node: ast.Search,
  { roles, data }: Context,
  reporter: Reporter,
): MethodConfig | undefined {
  const { train, select } = roles;
  if (train === undefined || select === undefined) return undefined;
  const trained = train.bind(reporter);
  const sampler = lowerSampler(roles.sample, reporter);
  const selection = lowerSelection(select, reporter);
  if (trained === undefined || sampler === undefined || selection === undefined) return undefined;
  const read = new Arguments(trained);
  const batch = read.number('batch', 0);
  const steps = lowerSteps(node, { roles, data, batch }, reporter);
  if (steps === undefined) return undefined;
  if (sampler.kind === 'novelty' && sampler.warmup >= steps) {
    const message = `the warm-up of ${sampler.warmup} steps leaves no novelty steps of ${steps}`;
    reporter.error(roles.budget?.setting ?? node, {
      code: 'NAS171',
      message,
      remedy: 'Raise the budget or lower `warmup`.',
    });
    return undefined;
  }
  const supernet = {
    ...optimizerOf(read),
    steps,
    batch,
    reportEvery: read.number('report_every', 0),
    checkpointEvery: read.number('checkpoint_every', 0),
  };
  return { kind: 'one_shot', supernet, sampler, selection };
}

function lowerSelection(select: Called, reporter: Reporter): SelectionConfig | undefined {
  const values = select.bind(reporter);
  const strategy = lowerStrategy(select, reporter);
  if (values === undefined || strategy === undefined) return undefined;
  const read = new Arguments(values);
  return {
    strategy,
    trials: read.number('trials', 0),
    batch: read.number('batch', 0),
    images: read.number('images', 0),
    calibrationBatches: read.number('calibration_batches', 0),
    finalists: Math.min(read.number('finalists', 0), read.number('trials', 0)),
  };
}

/** No role may ask for batches larger than the training split. */
function checkBatches(roles: Roles, data: DataConfig, reporter: Reporter): boolean {
  const images = trainImages(data);
  if (images === undefined) return true;
  const trained = [roles.train, roles.retrain, roles.baselineTraining].filter(
    (called) => called !== undefined,
  );
  return trained.every((called) => {
    const batch = new Arguments(called.bind(reporter) ?? new Map()).number('batch', 0);
    if (batch <= images) return true;
    const message = `a batch of ${batch} is larger than the training split of \`${data.name}\`, ${images} images`;
    reporter.error(called.setting, {
      code: 'NAS132',
      message,
      remedy: `Write batch: ${Math.max(1, Math.min(64, images))}, or give \`train\` a larger share.`,
    });
    return false;
  });
}

interface StepsContext {
  readonly roles: Roles;
  readonly data: LoweredData;
  readonly batch: number;
}

/** Steps of the supernet: the budget, or epochs · images / batch, rounded down. */
function lowerSteps(
  node: ast.Search,
  { roles, data, batch }: StepsContext,
  reporter: Reporter,
): number | undefined {
  const { budget } = roles;
  const remedy = 'Write `budget: 1600 steps` or `budget: 100 epochs`.';
  if (budget === undefined) {
    const message = `search \`${node.name}\` has no \`budget:\` for its supernet`;
    reporter.error({ node, property: 'name' }, { code: 'NAS161', message, remedy });
    return undefined;
  }
  if (budget.unit === 'steps') return budget.amount;
  const images = trainImages(data.data);
  if (budget.unit === 'trials' || images === undefined) {
    const isTrials = budget.unit === 'trials';
    const message = isTrials
      ? 'a supernet has a budget of steps or epochs'
      : `how many images \`${data.data.name}\` has shows only when it is opened`;
    reporter.error(budget.setting, {
      code: 'NAS171',
      message,
      remedy: isTrials ? remedy : 'Write the budget in steps.',
    });
    return undefined;
  }
  return Math.max(1, Math.floor((budget.amount * images) / batch));
}

function lowerBlackBox(roles: Roles, reporter: Reporter): MethodConfig | undefined {
  const { train, select, budget, sample } = roles;
  if (train === undefined || select === undefined) return undefined;
  if (sample !== undefined) {
    const message = '`sample:` picks paths of a supernet, but here each trial trains alone';
    reporter.error(sample.setting, {
      code: 'NAS172',
      message,
      remedy: 'Remove it, or write `train: supernet(…)`.',
    });
    return undefined;
  }
  if (budget !== undefined && budget.unit !== 'trials') {
    const message = `trials that train alone have a budget of trials, not ${budget.unit}`;
    reporter.error(budget.setting, {
      code: 'NAS171',
      message,
      remedy: 'Write `budget: 100 trials`; epochs stand in `train:`.',
    });
    return undefined;
  }
  const values = select.bind(reporter);
  const strategy = lowerStrategy(select, reporter);
  const training = lowerTraining(train, reporter);
  if (values === undefined || strategy === undefined || training === undefined) return undefined;
  const trials = budget?.amount ?? new Arguments(values).number('trials', 0);
  return { kind: 'black_box', strategy, trials, training };
}

function optionalTraining(
  called: Called | undefined,
  reporter: Reporter,
): TrainingConfig | undefined | 'wrong' {
  return called === undefined ? undefined : (lowerTraining(called, reporter) ?? 'wrong');
}

/** `baseline: random, sgd(…)`; without a training, that of `retrain:`. */
function lowerBaseline(roles: Roles, reporter: Reporter): RunConfig['baseline'] | 'wrong' {
  const { baseline, baselineTraining } = roles;
  if (baseline === undefined) return undefined;
  if (baseline.declaration.name !== 'random') {
    const message = `a baseline is random search, not \`${baseline.declaration.name}\``;
    reporter.error(baseline.setting, {
      code: 'NAS161',
      message,
      remedy: 'Write `baseline: random, sgd(epochs: 3)`.',
    });
    return 'wrong';
  }
  const trained = baselineTraining ?? roles.retrain;
  if (trained === undefined) {
    const remedy = 'Write `baseline: random, sgd(epochs: 3)`.';
    reporter.error(baseline.setting, {
      code: 'NAS161',
      message: 'the baseline does not say how its trials train',
      remedy,
    });
    return 'wrong';
  }
  const training = lowerTraining(trained, reporter);
  return training === undefined ? 'wrong' : { strategy: { kind: 'random' }, training };
}
