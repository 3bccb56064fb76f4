import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../base/user-error.js';
import { askRun, controlRun, resumeRun, type LiveRun } from '../../client/runs.js';
import { readConfig, type RunView } from '../../client/read-run.js';
import type { CliContext } from '../context.js';
import { engineProgram, findRun, runArgument } from '../run-folder.js';
import { printResult } from '../run-result.js';
import { waitForBegin, watchRun, type WatchOptions } from '../watch-run.js';

interface RunsOption {
  readonly runs?: string;
}

interface ResumeOptions extends RunsOption {
  readonly allowDrift?: true;
  readonly data?: string;
  readonly foreground?: true;
}

/** `attach`, `pause`, `stop` and `resume`: what one does to a run that exists. */
export function addControl(root: Command, context: CliContext): void {
  runCommand(root, 'attach', 'watch a run; Ctrl-C only stops watching').action(
    async (name: string, options: RunsOption) => {
      const run = await findRun(name, options.runs, context);
      await watchToEnd(run, context, { stopOnInterrupt: false });
    },
  );

  runCommand(root, 'pause', 'let a run wait after its current step').action(
    async (name: string, options: RunsOption) => {
      const run = await findRun(name, options.runs, context);
      await controlRun(run.folder, 'pause');
      const resume = `cellsmith resume ${runArgument(run.folder, context)}`;
      context.print(`${basename(run.folder)} pauses after its current step. Go on with \`${resume}\`.`);
    },
  );

  runCommand(root, 'stop', 'save a run and end its processes').action(
    async (name: string, options: RunsOption) => {
      const run = await findRun(name, options.runs, context);
      await controlRun(run.folder, 'stop');
      const resume = `cellsmith resume ${runArgument(run.folder, context)}`;
      context.print(`${basename(run.folder)} saves and stops. Go on with \`${resume}\`.`);
    },
  );

  runCommand(root, 'resume', 'go on with a paused, stopped, interrupted or failed run')
    .option('--allow-drift', 'go on although device, runtime or version changed since the start')
    .option('--data <folder>', 'where data sets lie now')
    .option('--foreground', 'watch it; Ctrl-C stops and saves it')
    .action(async (name: string, options: ResumeOptions) => {
      const run = await findRun(name, options.runs, context);
      await goOn(await askRun(run), options, context);
      if (options.foreground === true) await watchToEnd(run, context, { stopOnInterrupt: true });
      else {
        const argument = runArgument(run.folder, context);
        await waitForBegin(run.folder, context);
        context.print(
          `${basename(run.folder)} goes on in the background. Watch it with \`cellsmith attach ${argument}\`.`,
        );
      }
    });
}

/** A supervisor that waits is told; where there is none, one is started. */
async function goOn(run: LiveRun, options: ResumeOptions, context: CliContext): Promise<void> {
  if (!run.isSupervised) {
    await resumeRun(run.folder, engineProgram(), {
      allowDrift: options.allowDrift === true,
      ...(options.data === undefined ? {} : { dataFolder: resolve(context.cwd, options.data) }),
    });
    return;
  }
  if (run.state !== 'paused') {
    const argument = runArgument(run.folder, context);
    throw new UserError(
      `${basename(run.folder)} is going on already.`,
      `Watch it with \`cellsmith attach ${argument}\`.`,
    );
  }
  await controlRun(run.folder, 'resume');
}

/** Shows a run until it ends, then what it found. */
async function watchToEnd(run: RunView, context: CliContext, options: WatchOptions): Promise<void> {
  const events = await watchRun(run.folder, context, options);
  if (events !== undefined) {
    const draw = options.stopOnInterrupt;
    await printResult(events, await readConfig(run.folder), { context, run: run.folder, draw });
  }
}

function runCommand(root: Command, name: string, description: string): Command {
  return root
    .command(name)
    .description(description)
    .argument('<run>', 'folder or name of a run, or `last`')
    .option('--runs <folder>', 'where runs lie (default: .cellsmith/runs)');
}
