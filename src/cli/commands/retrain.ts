import { basename } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../base/user-error.js';
import { readSpaceText } from '../../client/read-run.js';
import { chooseArchitecture } from '../chosen-architecture.js';
import type { CliContext } from '../context.js';
import { findRun } from '../run-folder.js';
import { start, withStartOptions, type StartOptions } from './run.js';
import { positiveNumber, wholeNumber } from './sample.js';

interface RetrainOptions extends StartOptions {
  readonly epochs?: number;
  readonly batch?: number;
}

export function addRetrain(root: Command, context: CliContext): void {
  const command = root
    .command('retrain')
    .description('train an architecture of a run from scratch, as a run of its own, and test it once')
    .argument('<run>', 'folder or name of a run, or `last`')
    .argument('[arch]', '`best`, `baseline`, a trial number or a genotype')
    .option('--seed <seed>', 'instead of the seed of the run', wholeNumber)
    .option('--epochs <count>', 'instead of the epochs of the run', positiveNumber)
    .option('--batch <count>', 'instead of the batch size of the run', positiveNumber);
  withStartOptions(command).action(
    async (name: string, arch: string | undefined, options: RetrainOptions) => {
      const run = await findRun(name, options.runs, context);
      const { config, architecture, label } = await chooseArchitecture(run, arch);
      if (config.retrain === undefined) {
        throw new UserError(
          `${basename(run.folder)} says nothing about retraining.`,
          'Add a `retrain:` line to the search and run it again.',
        );
      }
      const { baseline, ...rest } = config;
      const { epochs = config.retrain.epochs, batch = config.retrain.batch } = options;
      const retrain = { ...config.retrain, epochs, batch };
      const method = { kind: 'retrain', architecture, from: basename(run.folder) } as const;
      const own = {
        ...rest,
        name: `${config.name} ${label} retrained`,
        method,
        retrain,
        seed: options.seed ?? config.seed,
      };
      await start(own, { nasText: await readSpaceText(run.folder), options, context });
    },
  );
}
