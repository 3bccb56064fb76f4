import { Command, CommanderError } from 'commander';
import { UserError } from '../base/user-error.js';
import { addCheck } from './commands/check.js';
import { addControl } from './commands/control.js';
import { addData } from './commands/data.js';
import { addDevices } from './commands/devices.js';
import { addExport } from './commands/export.js';
import { addGraph } from './commands/graph.js';
import { addInfo } from './commands/info.js';
import { addRetrain } from './commands/retrain.js';
import { addRun } from './commands/run.js';
import { addRuns } from './commands/runs.js';
import { addSample } from './commands/sample.js';
import { addShow } from './commands/show.js';
import { EXIT, processContext, RunFailed, type CliContext } from './context.js';
import { VERSION } from '../protocol/version.js';

/** The command line. Each command is one file in `commands/`; exit codes and `--json` schemas are in docs/cli.md. */
function program(context: CliContext): Command {
  const root = new Command('cellsmith')
    .description('Neural architecture search: check a search space, run the search, take the best cell away.')
    .version(VERSION)
    .showHelpAfterError(
      'Run `cellsmith --help` for the commands, `cellsmith COMMAND --help` for one of them.',
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => context.note(text.trimEnd()) });
  for (const add of COMMANDS) add(root, context);
  for (const command of root.commands) command.exitOverride().copyInheritedSettings(root);
  return root;
}

const COMMANDS = [
  addCheck,
  addInfo,
  addSample,
  addGraph,
  addRun,
  addRuns,
  addShow,
  addControl,
  addRetrain,
  addExport,
  addData,
  addDevices,
];

async function main(): Promise<number> {
  const context = processContext();
  try {
    await program(context).parseAsync(process.argv);
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.done;
  } catch (error) {
    return report(error, context);
  }
}

function report(error: unknown, context: CliContext): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.userError;
  if (error instanceof UserError) {
    context.note(`${context.style.red('error:')} ${error.message}`);
    context.note(error.remedy);
    return EXIT.userError;
  }
  if (error instanceof RunFailed) {
    context.note(`${context.style.red('error:')} ${error.message}`);
    return error.exitCode;
  }
  if (isSurroundings(error)) {
    context.note(`${context.style.red('error:')} ${error.message}`);
    context.note('Make room, or see to the permissions of the place, and run the command again.');
    return EXIT.userError;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  context.note(`${context.style.red('This is a bug of Cellsmith:')} ${text}`);
  context.note(`Please report it with the command you ran (version ${VERSION}).`);
  return EXIT.ourBug;
}

/** What the system refused for a reason that no program can mend: no room, no permission, too many open files. */
function isSurroundings(error: unknown): error is Error {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return false;
  return SURROUNDINGS.has(String(error.code));
}

const SURROUNDINGS: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EACCES',
  'EPERM',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'EIO',
]);

// A reader that has seen enough (`| head`) closes the pipe: no fault of anybody. A run goes on without its watcher.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done);
    throw error;
  });
}
process.exitCode = await main();
