import { Rng } from '../../base/rng.js';
import { cost, trainingMacs } from '../../graph/cost.js';
import type { RunConfig, SelectionConfig, TrainingConfig } from '../../protocol/run-config.js';
import type { Phase } from '../../protocol/run-event.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { instantiate } from '../../space/instantiate/instantiator.js';
import { sample } from '../../space/sample.js';
import type { Scale, SearchSpace } from '../../space/search-space.js';
import type { SearchData } from '../datasets/data.js';

/** A phase with what it will cost about: images × MACs, from the mean over a few random architectures. */
export interface PlannedPhase {
  readonly phase: Phase;
  readonly cost: number;
}

/** The phases of a run in their order. For progress and time left only. */
export function planRun(config: RunConfig, data: SearchData): readonly PlannedPhase[] {
  const { method, baseline, retrain } = config;
  const plan: PlannedPhase[] = [];
  const spend = baseline === undefined ? 1 : 2;
  if (method.kind === 'one_shot') {
    const mean = meanCost(config, searchScale(config.space));
    const supernet = method.supernet.steps * method.supernet.batch * mean.training;
    const selection = selectionImages(method.selection, data) * mean.inference;
    const withBaseline = baseline === undefined ? selection : supernet + 2 * selection;
    plan.push({ phase: 'supernet', cost: supernet }, { phase: 'selection', cost: withBaseline });
  }
  if (method.kind === 'black_box') {
    const trial = fullTraining(method.training, data, meanCost(config, searchScale(config.space)));
    plan.push({ phase: 'search', cost: spend * method.trials * trial });
  }
  if (retrain !== undefined) {
    const each = fullTraining(retrain, data, meanCost(config, retrainScale(config.space)));
    plan.push({ phase: 'retrain', cost: each });
    if (baseline !== undefined) plan.push({ phase: 'baseline_retrain', cost: each });
  }
  return plan;
}

/** What a search trains: the first scale. */
export function searchScale(space: SearchSpace): Scale {
  return space.scales[0]!;
}

/** What the winner is retrained at: the scale `evaluate`, else the last. */
export function retrainScale(space: SearchSpace): Scale {
  return space.scales.find(({ name }) => name === 'evaluate') ?? space.scales.at(-1)!;
}

function selectionImages(
  { trials, images, batch, calibrationBatches, finalists }: SelectionConfig,
  data: SearchData,
): number {
  const whole = data.validation.count;
  const calibration = batch * calibrationBatches;
  return trials * ((images === 0 ? whole : images) + calibration) + finalists * (whole + calibration);
}

function fullTraining({ epochs }: TrainingConfig, data: SearchData, mean: MeanCost): number {
  return epochs * (data.train.count * mean.training + data.validation.count * mean.inference);
}

/** MACs per image, training and inference. */
interface MeanCost {
  readonly training: number;
  readonly inference: number;
}

function meanCost({ space, method }: RunConfig, scale: Scale): MeanCost {
  const rng = Rng.fromSeed(0);
  const architectures: readonly ChoiceArchitecture[] =
    method.kind === 'retrain' ? [method.architecture] : Array.from({ length: 4 }, () => sample(space, rng));
  const graphs = architectures.map((architecture) =>
    instantiate(space, architecture, { scale, weights: 'standalone' }),
  );
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    training: mean(graphs.map(trainingMacs)),
    inference: mean(graphs.map((graph) => cost(graph).macs)),
  };
}
