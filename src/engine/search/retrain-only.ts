import { UserError } from '../../base/user-error.js';
import type { RetrainOnlyConfig } from '../../protocol/run-config.js';
import { finishRun } from './finish-run.js';
import type { DriverContext } from './run-host.js';
import { SearchRun } from './search-run.js';

/** Trains one known architecture from scratch and tests it once. */
export async function retrainOnly(
  context: DriverContext,
  { architecture }: RetrainOnlyConfig,
): Promise<void> {
  if (context.config.retrain === undefined) {
    throw new UserError(
      `${context.config.name} does not say how to retrain.`,
      'Add a retrain block to the search, or name another search of the file.',
    );
  }
  const run = new SearchRun(context);
  await run.start(context.data.facts);
  await finishRun(run, context.data.heldOut, [{ role: 'search', architecture }], 'budget-spent');
}
