import type { TrainingConfig } from '../../protocol/run-config.js';
import type { TrialRole } from '../../protocol/trial.js';
import type { Architecture } from '../../space/architecture.js';
import { OutOfMemoryError } from '../backend/backend.js';
import { UserError } from '../../base/user-error.js';
import { divergedError, NetworkTraining } from '../training/network-training.js';
import { StandaloneNetworks } from '../training/standalone-networks.js';
import type { Workplace } from '../training/workplace.js';
import { retrainScale } from './run-plan.js';
import type { SearchRun } from './search-run.js';

/** The name under which the run keeps the weights of a retrained winner. */
export function weightsName(role: TrialRole): string {
  return `${role}-weights`;
}

/**
 * Trains a winner from scratch at the last scale, on the training split; the validation split is only reported. Both
 * winners are trained alike: equal settings, equal order of images, equal random numbers for equal weight keys.
 */
export async function retrain(
  run: SearchRun,
  role: TrialRole,
  architecture: Architecture,
  config: TrainingConfig,
): Promise<void> {
  if (run.blobs.has(weightsName(role))) return;
  await run.enter(role === 'search' ? 'retrain' : 'baseline_retrain', config.epochs, 'epochs');
  const scale = retrainScale(run.config.space);
  const network = new StandaloneNetworks(run.config.space, scale, config.smoothing).build(architecture);
  const save = (): Promise<void> => saveTraining(run, role, training, reported);
  using training = begin(run.workplace(save), run, network, config);
  let reported = restore(run, role, training);
  while (reported < config.epochs) {
    run.progress.at(reported);
    const { trainLoss, learningRate } = await training.trainEpoch(reported + 1);
    const { correct, of, loss } = await training.validate();
    if (!Number.isFinite(trainLoss) || !Number.isFinite(loss)) throw divergedError('Retraining the winner');
    reported++;
    await run.emit({
      type: 'retrain',
      role,
      epoch: reported,
      trainLoss,
      validationLoss: loss,
      validationAccuracy: correct / of,
      learningRate,
    });
    if (reported < config.epochs) await save();
  }
  await finish(run, role, training, architecture);
}

function begin(
  workplace: Workplace,
  run: SearchRun,
  network: ReturnType<StandaloneNetworks['build']>,
  config: TrainingConfig,
): NetworkTraining {
  const { data, makeBatches } = run;
  const rng = run.rng.fork('retraining');
  try {
    return new NetworkTraining(workplace, { network, config, data, rng, makeBatches });
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    throw new UserError(
      `Retraining does not fit into memory: ${error.message}`,
      'What was found is kept: train it with `cellsmith retrain RUN --batch N`, or with fewer channels in the last scale.',
    );
  }
}

/** Number of epochs that were reported before; the training is brought to where it was. */
function restore(run: SearchRun, role: TrialRole, training: NetworkTraining): number {
  const saved = run.state.training;
  const bytes = run.blobs.get(TRAINING);
  if (saved?.role !== role || bytes === undefined) return 0;
  training.restore(saved, bytes);
  return saved.reported;
}

async function saveTraining(
  run: SearchRun,
  role: TrialRole,
  training: NetworkTraining,
  reported: number,
): Promise<void> {
  run.blobs.set(TRAINING, training.save());
  run.change({ training: { role, reported, ...training.position } });
  await run.checkpoint();
}

async function finish(
  run: SearchRun,
  role: TrialRole,
  training: NetworkTraining,
  architecture: Architecture,
): Promise<void> {
  const { config } = run;
  const metadata = {
    format: 'pt',
    space: config.space.id,
    scale: retrainScale(config.space).name,
    architecture: JSON.stringify(architecture),
    seed: String(config.seed),
  };
  run.blobs.delete(TRAINING);
  run.blobs.set(weightsName(role), training.result(metadata));
  run.change({ training: undefined });
  await run.checkpoint();
}

const TRAINING = 'training';
