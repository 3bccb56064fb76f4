import type { Rng } from '../../base/rng.js';
import { UserError } from '../../base/user-error.js';
import { trainingMacs } from '../../graph/cost.js';
import type { NetworkGraph, WeightKey } from '../../graph/network-graph.js';
import type { TrainingConfig } from '../../protocol/run-config.js';
import { initialValues, weightSpecs } from '../../space/instantiate/initialise.js';
import type { Program, SgdUpdate, StatisticsStore, WeightStore } from '../backend/backend.js';
import type { TrainingBatchOptions } from '../datasets/batches.js';
import { evaluationBatches } from '../datasets/batches.js';
import type { BatchSource, SearchData } from '../datasets/data.js';
import type { LoadedNetwork, Measurement } from './measure.js';
import { measure } from './measure.js';
import { packWeights, unpackWeights } from './packed-weights.js';
import { cosineRate } from './schedule.js';
import type { StandaloneNetwork } from './standalone-networks.js';
import type { Workplace } from './workplace.js';
import { compile, nextBatch } from './workplace.js';

/** Shuffled, augmented training batches: `trainingBatches` or `plainTrainingBatches`. */
export type MakeBatches = (data: SearchData, options: TrainingBatchOptions, rng: Rng) => BatchSource;

export interface TrainingRequest {
  readonly network: StandaloneNetwork;
  readonly config: TrainingConfig;
  readonly data: SearchData;
  /** Initial weights, order and augmentation. */
  readonly rng: Rng;
  readonly makeBatches: MakeBatches;
}

/** Where a training is; with the packed weights all that a resumed one needs. Plain JSON. */
export interface TrainingPosition {
  /** Finished steps. */
  readonly step: number;
  /** Of the batch losses of the epoch of the last step. */
  readonly lossSum: number;
}

/**
 * Training of one network from scratch: SGD with momentum, cosine decay, batch norms with running statistics (momentum
 * 0.1). Owns its weights, statistics, program and batches. Throws `OutOfMemoryError` when made.
 */
export class NetworkTraining implements Disposable, LoadedNetwork {
  /** For inference. */
  readonly graph: NetworkGraph;
  readonly weights: WeightStore;
  readonly statistics: StatisticsStore;
  readonly stepsPerEpoch: number;
  readonly #workplace: Workplace;
  readonly #request: TrainingRequest;
  readonly #keys: readonly WeightKey[];
  readonly #program: Program;
  readonly #batches: BatchSource;
  readonly #validation: BatchSource;
  #step = 0;
  #lossSum = 0;

  constructor(workplace: Workplace, request: TrainingRequest) {
    const { network, config, data, rng } = request;
    this.graph = network.inference;
    this.#workplace = workplace;
    this.#request = request;
    this.#program = compile(workplace, network.training, {
      batch: config.batch,
      outputs: ['loss'],
      train: true,
    });
    this.weights = workplace.backend.createWeights();
    this.statistics = workplace.backend.createStatistics();
    const specs = weightSpecs(network.training);
    this.#keys = specs.map(({ key }) => key);
    for (const spec of specs)
      this.weights.write(spec.key, spec.shape, initialValues(spec, rng.fork('weights')));
    this.#batches = request.makeBatches(data, config, rng.fork('order'));
    this.#validation = evaluationBatches(data.validation, data, config.batch);
    this.stepsPerEpoch = this.#batches.batchesPerEpoch;
  }

  get position(): TrainingPosition {
    return { step: this.#step, lossSum: this.#lossSum };
  }

  /**
   * Trains to the end of epoch `epoch` (from 1), from wherever it is. Stops early where the loss is not finite; the
   * `trainLoss` is then not finite either.
   */
  async trainEpoch(epoch: number): Promise<EpochFacts> {
    const end = epoch * this.stepsPerEpoch;
    if (this.#step === end - this.stepsPerEpoch) this.#lossSum = 0;
    while (this.#step < end && Number.isFinite(this.#lossSum)) {
      await this.#workplace.pause();
      this.#trainStep();
    }
    return { trainLoss: this.#lossSum / this.stepsPerEpoch, learningRate: this.#rate(end - 1) };
  }

  validate(): Promise<Measurement> {
    return measure(this.#workplace, this, this.#validation);
  }

  /** Weights, momenta and running statistics. */
  save(): Uint8Array {
    return this.#pack(true, {});
  }

  /** Weights and running statistics alone. */
  result(metadata: Readonly<Record<string, string>>): Uint8Array {
    return this.#pack(false, metadata);
  }

  restore(position: TrainingPosition, bytes: Uint8Array): void {
    unpackWeights(bytes, 'The checkpoint of this training', this.weights, this.statistics);
    this.#step = position.step;
    this.#lossSum = position.lossSum;
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
    this.#batches[Symbol.dispose]();
    this.#validation[Symbol.dispose]();
    this.weights[Symbol.dispose]();
    this.statistics[Symbol.dispose]();
  }

  #trainStep(): void {
    const feeds = nextBatch(this.#workplace, this.#batches, this.#step);
    const { outputs } = this.#program.run(feeds, this.weights, {
      statistics: { kind: 'batch', into: this.statistics, momentum: RUNNING_MOMENTUM },
      update: sgdUpdate(this.#request.config, this.#rate(this.#step)),
    });
    this.#lossSum += outputs['loss']![0]!;
    this.#step++;
    this.#workplace.meter.addImages(feeds.label.length);
  }

  #rate(step: number): number {
    const { learningRate, finalLearningRate, epochs } = this.#request.config;
    return cosineRate(learningRate, finalLearningRate, step, epochs * this.stepsPerEpoch);
  }

  #pack(momenta: boolean, metadata: Readonly<Record<string, string>>): Uint8Array {
    return packWeights({
      keys: this.#keys,
      weights: this.weights,
      momenta,
      statistics: this.statistics,
      metadata,
    });
  }
}

export interface EpochFacts {
  /** Mean over the steps, in nats. */
  readonly trainLoss: number;
  /** Of the last step. */
  readonly learningRate: number;
}

/** One step of the optimiser at a given rate. A largest gradient norm of 0 means: no clipping. */
export function sgdUpdate(
  { momentum, weightDecay, clipNorm }: Pick<TrainingConfig, 'momentum' | 'weightDecay' | 'clipNorm'>,
  learningRate: number,
): SgdUpdate {
  return { learningRate, momentum, weightDecay, clipNorm: clipNorm > 0 ? clipNorm : Infinity };
}

/** Images × MACs of so many steps of training, forward and backward. */
export function trainingCost(graph: NetworkGraph, batch: number, numSteps: number): number {
  return numSteps * batch * trainingMacs(graph);
}

/** The loss of a training that nothing can replace is not finite. */
export function divergedError(what: string): UserError {
  return new UserError(
    `${what} diverged: the loss is not a finite number.`,
    'Lower the learning rate, or clip gradients at a smaller norm.',
  );
}

/** Weight of a new batch in the running statistics: PyTorch's default. */
const RUNNING_MOMENTUM = 0.1;
