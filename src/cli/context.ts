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
  /** Replaces the live line on a terminal; nothing elsewhere. */
  readonly live: (line: string) => void;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
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

export function processContext(signal: AbortSignal): CliContext {
  const isTerminal = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  let liveShown = false;
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
    live(line) {
      if (!isTerminal) return;
      const width = process.stderr.columns;
      process.stderr.write(`\r\u001b[K${width > 0 ? line.slice(0, width - 1) : line}`);
      liveShown = true;
    },
    signal,
  };
}
