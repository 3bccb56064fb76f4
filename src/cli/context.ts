import { UserError } from '../base/user-error.js';
import { fitting } from './terminal/format.js';
import { styleFor, type Style } from './terminal/style.js';

/** Where a command prints and what it knows of its surroundings. */
export interface CliContext {
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Style of standard output. */
  readonly style: Style;
  readonly isTerminal: boolean;
  /** One line on standard output. */
  readonly print: (line: string) => void;
  /** One line on standard error: progress and notes that must not mix with results. */
  readonly note: (line: string) => void;
  /** Replaces the live line on a terminal; nothing elsewhere. Parts that do not fit are left out, the last ones first. */
  readonly live: (parts: readonly string[]) => void;
  /** Columns for text: those of the terminal, at most 100. */
  readonly width: number;
  /** From the first call on, Ctrl-C aborts this signal instead of ending the process; a second Ctrl-C ends it. */
  readonly interruption: () => AbortSignal;
}

/** Exit codes of the command line: part of its contract. */
export const EXIT = { done: 0, userError: 1, runFailed: 2, ourBug: 3 } as const;

/** A run that the command waited for ended badly. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
  /** That of whose fault it was: the input, the run, or a bug of ours. */
  readonly exitCode: number;

  constructor(message: string, fault: 'input' | 'run' | 'bug' = 'run') {
    super(message);
    this.exitCode = { input: EXIT.userError, run: EXIT.runFailed, bug: EXIT.ourBug }[fault];
  }
}

const MAX_WIDTH = 100;

export function processContext(): CliContext {
  const isTerminal = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  let liveShown = false;
  let interrupted: AbortSignal | undefined;
  const clear = (): void => {
    if (liveShown) process.stderr.write('\r\u001b[K');
    liveShown = false;
  };
  return {
    cwd: process.cwd(),
    environment: process.env,
    style: styleFor(process.stdout, process.env),
    isTerminal,
    print(line) {
      clear();
      process.stdout.write(`${line}\n`);
    },
    note(line) {
      clear();
      process.stderr.write(`${line}\n`);
    },
    live(parts) {
      if (!isTerminal) return;
      process.stderr.write(`\r\u001b[K${fitting(parts, columnsOf(process.stderr) - 1)}`);
      liveShown = true;
    },
    get width() {
      return Math.min(columnsOf(process.stdout), MAX_WIDTH);
    },
    interruption() {
      interrupted ??= abortOnInterrupt();
      return interrupted;
    },
  };
}

/** Columns of a terminal; of anything else, and of a terminal that does not know, as many as text may take. */
function columnsOf(stream: NodeJS.WriteStream): number {
  const { columns } = stream as { columns?: number };
  return columns !== undefined && columns > 0 ? columns : MAX_WIDTH;
}

function abortOnInterrupt(): AbortSignal {
  const abort = new AbortController();
  process.once('SIGINT', () => {
    abort.abort(new UserError('Interrupted.', 'Start the command again to go on.'));
  });
  return abort.signal;
}
