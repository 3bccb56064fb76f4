import { assert } from '../../base/assert.js';
import { cost } from '../../graph/cost.js';
import type { TrialRole } from '../../protocol/trial.js';
import type { Architecture } from '../../space/architecture.js';
import { evaluationBatches } from '../datasets/batches.js';
import type { RunData } from '../datasets/data.js';
import { measure } from '../training/measure.js';
import { unpackWeights } from '../training/packed-weights.js';
import { StandaloneNetworks } from '../training/standalone-networks.js';
import { weightsName } from './retrain-phase.js';
import { retrainScale } from './run-plan.js';
import type { SearchRun } from './search-run.js';

export interface Winner {
  readonly role: TrialRole;
  readonly architecture: Architecture;
}

/**
 * The one touch of the test split: measures the retrained winners at the very end, when nothing can be chosen any more,
 * and hands out their weights. The only code that is given held-out data.
 */
export async function testOnce(
  run: SearchRun,
  heldOut: RunData['heldOut'],
  winners: readonly Winner[],
  batch: number,
): Promise<void> {
  if (heldOut.test.count === 0) {
    run.host.log({ level: 'warn', kind: 'notice', text: 'The data hold no test images: nothing is tested.' });
    return;
  }
  await run.enter('test', winners.length, 'touch');
  for (const winner of winners) await testWinner(run, heldOut, winner, batch);
}

async function testWinner(
  run: SearchRun,
  { test }: RunData['heldOut'],
  { role, architecture }: Winner,
  batch: number,
): Promise<void> {
  const bytes = run.blobs.get(weightsName(role));
  assert(bytes !== undefined, `The winner of ${role} was retrained`);
  const { space } = run.config;
  const graph = new StandaloneNetworks(space, retrainScale(space), 0).build(architecture).inference;
  using weights = run.backend.createWeights();
  using statistics = run.backend.createStatistics();
  unpackWeights(bytes, 'The checkpoint of the retrained winner', weights, statistics);
  using source = evaluationBatches(test, run.data, batch);
  const { correct, of } = await measure(run.workplace(), { graph, weights, statistics }, source);
  const { parameters, macs } = cost(graph);
  await run.emit({
    type: 'tested',
    role,
    architecture,
    test: { correct, of, weights: 'retrained' },
    parameters,
    macs,
    weights: await run.host.result(`${weightsName(role)}.safetensors`, bytes),
  });
}
