import { assert } from '../../base/assert.js';
import { cost } from '../../graph/cost.js';
import type { SelectionConfig } from '../../protocol/run-config.js';
import type { Proposal } from '../../protocol/trial.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import type { Objective } from '../../space/objective.js';
import type { StatisticsStore } from '../backend/backend.js';
import { evaluationBatches } from '../datasets/batches.js';
import type { BatchSource, SearchData } from '../datasets/data.js';
import { calibrate } from '../supernet/calibrate.js';
import type { Supernet } from '../supernet/supernet.js';
import type { Evaluator, TrialResult } from './evaluator.js';
import { failed, failingAsOutcome } from './evaluator.js';
import type { Measurement } from './measure.js';
import { EvaluationPrograms, measureWith } from './measure.js';
import { objectiveValues } from './objective-values.js';
import type { Workplace } from './workplace.js';
import { nextBatch } from './workplace.js';

/**
 * Measures paths with the weights of a trained supernet: batch-norm statistics are re-estimated for the path on the
 * first training images (all paths see the same, without augmentation; one batch at least, for without statistics a
 * path means nothing), then it runs over validation images. Owns its batches and statistics, not the supernet.
 */
export class InheritedEvaluator implements Evaluator, Disposable {
  readonly #workplace: Workplace;
  readonly #supernet: Supernet;
  readonly #objectives: readonly Objective[];
  readonly #statistics: StatisticsStore;
  readonly #calibration: BatchSource;
  readonly #calibrationBatch: number;
  /** The images a trial is measured on. */
  readonly #part: BatchSource;
  readonly #whole: BatchSource;
  readonly #numPartImages: number;
  readonly #numWholeImages: number;

  constructor(
    workplace: Workplace,
    supernet: Supernet,
    {
      config,
      data,
      objectives,
    }: { config: SelectionConfig; data: SearchData; objectives: readonly Objective[] },
  ) {
    const { batch, images, calibrationBatches } = config;
    const total = data.validation.count;
    this.#workplace = workplace;
    this.#supernet = supernet;
    this.#objectives = objectives;
    this.#statistics = workplace.backend.createStatistics();
    this.#calibrationBatch = Math.min(batch, data.train.count);
    const numBatches = Math.min(calibrationBatches, Math.floor(data.train.count / this.#calibrationBatch));
    const numImages = Math.max(1, numBatches) * this.#calibrationBatch;
    this.#calibration = evaluationBatches(data.train, data, this.#calibrationBatch, numImages);
    this.#part = evaluationBatches(data.validation, data, batch, images);
    this.#whole = evaluationBatches(data.validation, data, batch);
    this.#numPartImages = images === 0 ? total : Math.min(images, total);
    this.#numWholeImages = total;
  }

  evaluate(proposal: Proposal): Promise<TrialResult> {
    return failingAsOutcome(proposal.trial, async () => {
      const { trial, architecture } = proposal;
      assert(architecture.kind === 'choices', 'Paths of a supernet are choices');
      const { measurement, cost: spent } = await this.#measure(architecture, this.#part, this.#numPartImages);
      if (!Number.isFinite(measurement.loss)) {
        return failed(
          trial,
          'diverged',
          'The validation loss with inherited weights is not a finite number.',
          spent,
        );
      }
      const values = objectiveValues(this.#objectives, measurement, this.#supernet.network(architecture));
      return { outcome: { kind: 'measured', trial, values }, cost: spent, measurement };
    });
  }

  /** Measures a path on the whole validation split. */
  async rescore(architecture: ChoiceArchitecture): Promise<Rescored> {
    const { measurement, cost: spent } = await this.#measure(architecture, this.#whole, this.#numWholeImages);
    const values = objectiveValues(this.#objectives, measurement, this.#supernet.network(architecture));
    return { values, measurement, cost: spent };
  }

  [Symbol.dispose](): void {
    this.#statistics[Symbol.dispose]();
    this.#calibration[Symbol.dispose]();
    this.#part[Symbol.dispose]();
    this.#whole[Symbol.dispose]();
  }

  async #measure(
    architecture: ChoiceArchitecture,
    source: BatchSource,
    numImages: number,
  ): Promise<{ readonly measurement: Measurement; readonly cost: number }> {
    const graph = this.#workplace.meter.time('plan', () => this.#supernet.network(architecture));
    const { weights } = this.#supernet;
    await this.#workplace.pause();
    using programs = new EvaluationPrograms(this.#workplace, graph);
    const program = programs.ofSize(this.#calibrationBatch);
    calibrate(program, weights, this.#statistics, this.#calibration.batchesPerEpoch, (index) =>
      nextBatch(this.#workplace, this.#calibration, index),
    );
    const measurement = await measureWith(
      programs,
      this.#workplace,
      { weights, statistics: this.#statistics },
      source,
    );
    const numCalibrationImages = this.#calibration.batchesPerEpoch * this.#calibrationBatch;
    this.#workplace.meter.addImages(numCalibrationImages);
    return { measurement, cost: (numImages + numCalibrationImages) * cost(graph).macs };
  }
}

export interface Rescored {
  /** (M,) in the order of the objectives. */
  readonly values: readonly number[];
  readonly measurement: Measurement;
  /** Images × MACs. */
  readonly cost: number;
}
