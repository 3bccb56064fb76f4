import type { OneShotConfig } from '../../protocol/run-config.js';
import { Supernet } from '../supernet/supernet.js';
import { finishRun, reasonToFinish, winnersOf } from './finish-run.js';
import type { DriverContext } from './run-host.js';
import { searchScale } from './run-plan.js';
import { SearchRun } from './search-run.js';
import { selectPath } from './selection-phase.js';
import { trainSupernet } from './supernet-phase.js';

/**
 * EN²AS and its relatives: train a supernet on sampled paths, select the best path with inherited weights beside a
 * random-search baseline of equal cost, retrain both winners, test once.
 */
export async function oneShotSearch(context: DriverContext, method: OneShotConfig): Promise<void> {
  const run = new SearchRun(context);
  await run.start(context.data.facts);
  await searchPath(run, method);
  const because = reasonToFinish(run, method.selection.trials);
  await finishRun(run, context.data.heldOut, winnersOf(run), because);
}

/** What needs the supernet; afterwards it is given up. */
async function searchPath(run: SearchRun, method: OneShotConfig): Promise<void> {
  const { space } = run.config;
  if (run.blobs.has('search-weights') || run.blobs.has('training')) return;
  using supernet = new Supernet(run.backend, space, searchScale(space), run.rng.fork('supernet weights'));
  await trainSupernet(run, method, supernet);
  await selectPath(run, method, supernet);
  run.blobs.delete('supernet');
  run.change({ supernet: undefined });
}
