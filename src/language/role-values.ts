import { present } from '../base/assert.js';
import type {
  OptimizerConfig,
  SamplerConfig,
  StrategyConfig,
  TrainingConfig,
} from '../protocol/run-config.js';
import { Arguments } from './datasets.js';
import type { Reporter } from './reporter.js';
import type { Called } from './roles.js';

/** Without `sample:` every path is as likely as any other. */
export function lowerSampler(called: Called | undefined, reporter: Reporter): SamplerConfig | undefined {
  if (called === undefined) return { kind: 'uniform' };
  const values = called.bind(reporter);
  if (values === undefined) return undefined;
  const read = new Arguments(values);
  switch (called.declaration.name) {
    case 'novelty':
      return lowerNovelty(called, read, reporter);
    case 'count':
      return { kind: 'count', candidates: read.number('candidates', 0) };
    default:
      return { kind: 'uniform' };
  }
}

function lowerNovelty(called: Called, read: Arguments, reporter: Reporter): SamplerConfig | undefined {
  const population = read.number('population', 0);
  const k = read.number('k', 0);
  const warmup = read.number('warmup', 0);
  if (k > population) {
    const message = `\`k\` is ${k}, but the population has ${population} members`;
    reporter.error(called.setting, { code: 'NAS102', message, remedy: `Write k: ${population} or less.` });
    return undefined;
  }
  if (warmup < population) {
    const message = `a warm-up of ${warmup} steps cannot fill a population of ${population}`;
    reporter.error(called.setting, {
      code: 'NAS102',
      message,
      remedy: `Write warmup: ${population} or more.`,
    });
    return undefined;
  }
  return {
    kind: 'novelty',
    mode: 'repaired',
    population,
    sigma: read.number('sigma', 0),
    alpha: read.number('alpha', 0),
    k,
    noises: read.number('noises', 0),
    warmup,
  };
}

export function lowerStrategy(called: Called, reporter: Reporter): StrategyConfig | undefined {
  const values = called.bind(reporter);
  if (values === undefined) return undefined;
  const read = new Arguments(values);
  const population = read.number('population', 0);
  const isWithin = (name: string): boolean => {
    const value = read.number(name, 0);
    if (value <= population) return true;
    const message = `\`${name}\` is ${value}, but the population has ${population} members`;
    reporter.error(called.setting, {
      code: 'NAS102',
      message,
      remedy: `Write ${name}: ${population} or less.`,
    });
    return false;
  };
  switch (called.declaration.name) {
    case 'evolution': {
      if (!isWithin('parents')) return undefined;
      const parents = read.number('parents', 0);
      const crossover = read.number('crossover', 0);
      return {
        kind: 'evolution',
        population,
        parents,
        crossover,
        mutationRate: read.number('mutation_rate', 0),
      };
    }
    case 'regularised_evolution':
      if (!isWithin('sample')) return undefined;
      return { kind: 'regularised_evolution', population, sample: read.number('sample', 0) };
    default:
      return { kind: 'random' };
  }
}

export function lowerTraining(called: Called, reporter: Reporter): TrainingConfig | undefined {
  if (called.declaration.name !== 'sgd') {
    const message = `one network is trained by \`sgd\`, not by \`${called.declaration.name}\``;
    reporter.error(called.setting, {
      code: 'NAS161',
      message,
      remedy: 'Write sgd(epochs: 10), for example.',
    });
    return undefined;
  }
  const values = called.bind(reporter);
  if (values === undefined) return undefined;
  const read = new Arguments(values);
  return {
    ...optimizerOf(read),
    epochs: read.number('epochs', 0),
    batch: read.number('batch', 0),
    smoothing: read.number('smoothing', 0),
    augmentation: read.augmentation(),
  };
}

/** The optimiser's part of `supernet` and `sgd`. */
export function optimizerOf(read: Arguments): OptimizerConfig {
  const setting = (name: string): number => {
    const value = read.number(name, NaN);
    return present(Number.isNaN(value) ? undefined : value, `argument ${name}`);
  };
  return {
    learningRate: setting('lr'),
    finalLearningRate: setting('final_lr'),
    momentum: setting('momentum'),
    weightDecay: setting('weight_decay'),
    clipNorm: setting('clip'),
  };
}
