import { unreachable } from '../../base/assert.js';
import { UserError } from '../../base/user-error.js';
import { SUPERVISOR_COMPLAINT } from '../../client/supervisor-process.js';
import { Supervisor, type SuperviseOptions } from './supervisor.js';
import { serveTrainer, type TrainerWork } from './trainer.js';

const USAGE = 'Usage: supervise RUNDIR [--resume] [--allow-drift] [--data DIR] | train';

/** The engine's process entry: `supervise RUNDIR …` (started by a client) or `train` (started by a supervisor). */
export async function engineMain(argv: readonly string[], work: TrainerWork): Promise<void> {
  const [command, ...rest] = argv;
  if (command === 'train') {
    serveTrainer(work);
    return;
  }
  try {
    const options = command === 'supervise' ? parseSupervise(rest) : undefined;
    if (options === undefined) throw new UserError(USAGE, 'Runs are started with `cellsmith run`.');
    process.exitCode = await supervise(options);
  } catch (error) {
    complain(error);
  }
}

/** Returns the exit code: 0 finished or stopped, 1 the user's input is wrong, 2 the run failed, 3 our bug. */
async function supervise(options: SuperviseOptions): Promise<number> {
  const supervisor = new Supervisor(options);
  const stop = (): void => {
    supervisor.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // Closing a terminal or an SSH line ends no run.
  process.on('SIGHUP', () => undefined);
  const { fault } = await supervisor.run();
  switch (fault) {
    case undefined:
      return 0;
    case 'input':
      return 1;
    case 'run':
      return 2;
    case 'bug':
      return 3;
    default:
      return unreachable(fault);
  }
}

function parseSupervise(argv: readonly string[]): SuperviseOptions | undefined {
  const rest = [...argv];
  const take = (flag: string): boolean => {
    const at = rest.indexOf(flag);
    if (at !== -1) rest.splice(at, 1);
    return at !== -1;
  };
  const resume = take('--resume');
  const allowDrift = take('--allow-drift');
  const dataAt = rest.indexOf('--data');
  const dataFolder = dataAt === -1 ? undefined : rest.splice(dataAt, 2)[1];
  const [folder, ...unknown] = rest;
  const module = process.argv[1];
  if (folder === undefined || unknown.length > 0 || module === undefined) return undefined;
  return { folder, resume, allowDrift, dataFolder, program: { module, execArgv: process.execArgv } };
}

/** One line for the client that started this process, and a stack for our bugs. */
function complain(error: unknown): void {
  const isUsers = error instanceof UserError;
  const message = error instanceof Error ? error.message : String(error);
  const remedy = isUsers ? error.remedy : 'Report this as a bug.';
  if (!isUsers && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  process.stderr.write(`${SUPERVISOR_COMPLAINT}${JSON.stringify({ message, remedy })}\n`);
  process.exitCode = isUsers ? 1 : 3;
}
