import { assert } from '../../base/assert.js';
import type { Rng } from '../../base/rng.js';
import { cost } from '../../graph/cost.js';
import type { TrainingConfig } from '../../protocol/run-config.js';
import type { Proposal } from '../../protocol/trial.js';
import type { Architecture } from '../../space/architecture.js';
import type { Objective } from '../../space/objective.js';
import type { Scale, SearchSpace } from '../../space/search-space.js';
import type { SearchData } from '../datasets/data.js';
import type { Evaluator, ReportProgress, TrialResult } from './evaluator.js';
import { failed, failingAsOutcome } from './evaluator.js';
import type { Measurement } from './measure.js';
import type { MakeBatches } from './network-training.js';
import { NetworkTraining, trainingCost } from './network-training.js';
import { objectiveValues } from './objective-values.js';
import type { StandaloneNetwork } from './standalone-networks.js';
import { StandaloneNetworks } from './standalone-networks.js';
import type { Workplace } from './workplace.js';

export interface FullTrainingOptions {
  readonly space: SearchSpace;
  readonly scale: Scale;
  readonly objectives: readonly Objective[];
  readonly config: TrainingConfig;
  readonly data: SearchData;
  /** Each trial forks it by its number. */
  readonly rng: Rng;
  readonly makeBatches: MakeBatches;
}

/** Trains every proposal from scratch and measures it on the whole validation split after each epoch; the last counts. */
export class FullTrainingEvaluator implements Evaluator {
  readonly #workplace: Workplace;
  readonly #options: FullTrainingOptions;
  readonly #networks: StandaloneNetworks;

  constructor(workplace: Workplace, options: FullTrainingOptions) {
    const { space, scale, config } = options;
    this.#workplace = workplace;
    this.#options = options;
    this.#networks = new StandaloneNetworks(space, scale, config.smoothing);
  }

  /** Images × MACs that a trial of this architecture takes, told beforehand. Throws `UnbuildableError`. */
  costOf(architecture: Architecture): number {
    const { config, data } = this.#options;
    const stepsPerEpoch = Math.floor(data.train.count / config.batch);
    return config.epochs * this.#epochCost(this.#networks.build(architecture), stepsPerEpoch);
  }

  evaluate(proposal: Proposal, report: ReportProgress): Promise<TrialResult> {
    return failingAsOutcome(proposal.trial, () => this.#train(proposal, report));
  }

  async #train(proposal: Proposal, report: ReportProgress): Promise<TrialResult> {
    const { config, data, rng, makeBatches, objectives } = this.#options;
    const { trial } = proposal;
    assert(proposal.epochs === config.epochs, 'Trials of one run train equally long');
    const network = this.#networks.build(proposal.architecture);
    const request = { network, config, data, rng: rng.fork(trial), makeBatches };
    using training = new NetworkTraining(this.#workplace, request);
    const epochCost = this.#epochCost(network, training.stepsPerEpoch);
    let measurement: Measurement | undefined;
    for (let epoch = 1; epoch <= config.epochs; epoch++) {
      const { trainLoss } = await training.trainEpoch(epoch);
      measurement = await training.validate();
      if (!Number.isFinite(trainLoss) || !Number.isFinite(measurement.loss)) {
        return failed(
          trial,
          'diverged',
          `The loss of epoch ${epoch} is not a finite number.`,
          epoch * epochCost,
        );
      }
      await report(epoch, measurement, epochCost);
    }
    assert(measurement !== undefined, 'A trial trains for at least one epoch');
    const values = objectiveValues(objectives, measurement, network.inference);
    return { outcome: { kind: 'measured', trial, values }, cost: config.epochs * epochCost, measurement };
  }

  /** Training and validation of one epoch. */
  #epochCost({ training, inference }: StandaloneNetwork, stepsPerEpoch: number): number {
    const { config, data } = this.#options;
    return trainingCost(training, config.batch, stepsPerEpoch) + data.validation.count * cost(inference).macs;
  }
}
