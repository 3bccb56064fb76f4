import type { Command } from 'commander';
import { controlRun, resumeRun } from '../../client/runs.js';
import { basename } from 'node:path';
import type { CliContext } from '../context.js';
import { watchRun } from '../watch-run.js';
import { engineProgram, findRun } from '../run-folder.js';

interface RunsOption {
  readonly runs?: string;
}

/** `attach`, `pause`, `stop` and `resume`: what one does to a run that exists. */
export function addControl(root: Command, context: CliContext): void {
  runCommand(root, 'attach', 'watch a run; Ctrl-C only stops watching').action(
    async (name: string, options: RunsOption) => {
      const run = await findRun(name, options.runs, context);
      await watchRun(run.folder, context, { stopOnInterrupt: false });
    },
  );

  runCommand(root, 'pause', 'let a run wait after its current step').action(
    async (name: string, options: RunsOption) => {
      const run = await findRun(name, options.runs, context);
      await controlRun(run.folder, 'pause');
      context.print(
        `${basename(run.folder)} is paused. Go on with \`cellsmith resume ${basename(run.folder)}\`.`,
      );
    },
  );

  runCommand(root, 'stop', 'save a run and end its processes').action(
    async (name: string, options: RunsOption) => {
      const run = await findRun(name, options.runs, context);
      await controlRun(run.folder, 'stop');
      context.print(
        `${basename(run.folder)} is stopping. Go on with \`cellsmith resume ${basename(run.folder)}\`.`,
      );
    },
  );

  runCommand(root, 'resume', 'go on with a paused, stopped, interrupted or failed run')
    .option('--allow-drift', 'go on although device, runtime or version changed since the start')
    .option('--data <folder>', 'where data sets lie now')
    .option('--foreground', 'watch it')
    .action(
      async (name: string, options: RunsOption & { allowDrift?: true; data?: string; foreground?: true }) => {
        const run = await findRun(name, options.runs, context);
        if (run.state === 'paused') await controlRun(run.folder, 'resume');
        else {
          await resumeRun(run.folder, engineProgram(), {
            allowDrift: options.allowDrift === true,
            ...(options.data === undefined ? {} : { dataFolder: options.data }),
          });
        }
        if (options.foreground === true) await watchRun(run.folder, context, { stopOnInterrupt: true });
        else
          context.print(
            `${basename(run.folder)} goes on in the background. Watch it with \`cellsmith attach ${basename(run.folder)}\`.`,
          );
      },
    );
}

function runCommand(root: Command, name: string, description: string): Command {
  return root
    .command(name)
    .description(description)
    .argument('<run>', 'folder or name of a run, or `last`')
    .option('--runs <folder>', 'where runs lie (default: .cellsmith/runs)');
}
