import type { ChoiceArchitecture } from '../space/architecture.js';
import type { Objective } from '../space/objective.js';
import type { SearchSpace } from '../space/search-space.js';

export const RUN_SCHEMA = 1;

/** Everything a run needs, with every default filled in: made by the language, frozen as `config.json`, read by the engine. */
export interface RunConfig {
  readonly schema: typeof RUN_SCHEMA;
  /** Name of the search in the `.nas` file. */
  readonly name: string;
  readonly space: SearchSpace;
  readonly data: DataConfig;
  /** The first decides; the others are reported. */
  readonly objectives: readonly Objective[];
  /** Root of all randomness of the run. */
  readonly seed: number;
  /** `auto`: the first backend that works. */
  readonly device: string;
  /** Worker threads of the device; 0 = as many as physical cores allow (all when started from a shell). */
  readonly threads: number;
  readonly method: MethodConfig;
  /** Training the winner from scratch at the last scale; absent: the run ends with the search. */
  readonly retrain?: TrainingConfig;
  /** Random search with full training at equal cost, interleaved with selection; its winner is retrained alike. */
  readonly baseline?: BaselineConfig;
}

export interface DataConfig {
  /** `digits`, `cifar10`, `mnist`, `fashion_mnist`, `idx`, `cifar10_binary` … : a name the datasets layer knows. */
  readonly name: string;
  /** Folder for data sets that are not built in; undefined: where `data fetch` puts them, or `--data`. */
  readonly folder?: string;
  /** Shares of the training images; the rest of a data set without a test file is test. Their sum is ≤ 1. */
  readonly train: number;
  readonly validation: number;
  /** Share held out as test where the data set has no test file of its own; else 0 and the test file is used. */
  readonly test: number;
  /** At most so many images of the data set are used (0 = all). */
  readonly limit: number;
  readonly augmentation: Augmentation;
}

/** Applied to training images only. */
export interface Augmentation {
  /** Zero padding before a random crop back to the size; 0 = none. */
  readonly crop: number;
  readonly flip: boolean;
  /** Side of the square set to zero; 0 = none. */
  readonly cutout: number;
}

export type MethodConfig = OneShotConfig | BlackBoxConfig | RetrainOnlyConfig | NotBuiltYetConfig;

/** EN²AS and its relatives: train a supernet on sampled paths, then select with inherited weights. */
export interface OneShotConfig {
  readonly kind: 'one_shot';
  /** Training of the shared weights; `steps` counts all sampled paths, warm-up included. */
  readonly supernet: SupernetTraining;
  readonly sampler: SamplerConfig;
  readonly selection: SelectionConfig;
}

export interface SupernetTraining extends OptimizerConfig {
  readonly steps: number;
  readonly batch: number;
  /** Events report progress every so many steps. */
  readonly reportEvery: number;
  /** A checkpoint every so many steps. */
  readonly checkpointEvery: number;
}

export interface OptimizerConfig {
  readonly learningRate: number;
  /** Cosine decay ends here. */
  readonly finalLearningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Largest gradient norm. */
  readonly clipNorm: number;
}

export type SamplerConfig =
  | { readonly kind: 'uniform' }
  /** Our repair of EN²AS' sampler (evolution strategy on novelty): see engine/strategies/novelty-sampler.ts. */
  | {
      readonly kind: 'novelty';
      readonly mode: 'repaired';
      readonly population: number;
      readonly sigma: number;
      readonly alpha: number;
      /** Neighbours in the novelty. */
      readonly k: number;
      /** Noise vectors per step; n in the paper's code. */
      readonly noises: number;
      /** Steps with uniform sampling before; at least `population` rows are then known. */
      readonly warmup: number;
    }
  /** Of `candidates` random cells the one whose slots were used least so far. */
  | { readonly kind: 'count'; readonly candidates: number };

export interface SelectionConfig {
  readonly strategy: StrategyConfig;
  /** Trials with inherited weights. */
  readonly trials: number;
  readonly batch: number;
  /** Validation images per trial; 0 = the whole validation split. */
  readonly images: number;
  /** Batches of training images that re-estimate batch-norm statistics for each path. */
  readonly calibrationBatches: number;
  /** The best of so many are scored again on the whole validation split at the end. */
  readonly finalists: number;
}

export type StrategyConfig =
  | { readonly kind: 'random' }
  /** Regularised evolution (Real et al. 2019): tournament of `sample`, the oldest dies. */
  | { readonly kind: 'regularised_evolution'; readonly population: number; readonly sample: number }
  /** (μ+λ) evolution with crossover and per-gene mutation, as EN²AS' selection. */
  | {
      readonly kind: 'evolution';
      readonly population: number;
      readonly parents: number;
      readonly crossover: number;
      readonly mutationRate: number;
    };

/** Ask, train in full, tell. */
export interface BlackBoxConfig {
  readonly kind: 'black_box';
  readonly strategy: StrategyConfig;
  readonly trials: number;
  /** Training of each trial at the first scale. */
  readonly training: TrainingConfig;
}

/** `cellsmith retrain`: one known architecture is trained from scratch by `retrain` and tested once (role `search`). */
export interface RetrainOnlyConfig {
  readonly kind: 'retrain';
  readonly architecture: ChoiceArchitecture;
  /** The run it was found in. */
  readonly from: string;
}

/** A method that checks and links, but that this version cannot run. */
export interface NotBuiltYetConfig {
  readonly kind: 'not_built_yet';
  /** The strategy or part that is missing, as the user wrote it. */
  readonly part: string;
}

/** Training one network from scratch. */
export interface TrainingConfig extends OptimizerConfig {
  readonly epochs: number;
  readonly batch: number;
  readonly smoothing: number;
  readonly augmentation: Augmentation;
}

export interface BaselineConfig {
  readonly strategy: { readonly kind: 'random' };
  readonly training: TrainingConfig;
}
