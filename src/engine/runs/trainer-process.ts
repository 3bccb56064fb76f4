import { fork, type ChildProcess } from 'node:child_process';

/** How to start a trainer: this module with the argument `train`. */
export interface TrainerProgram {
  readonly module: string;
  readonly execArgv: readonly string[];
}

/** Typed arrays travel over its channel as they are; its standard error is read here. */
export function startTrainer({ module, execArgv }: TrainerProgram): ChildProcess {
  return fork(module, ['train'], {
    execArgv: [...execArgv],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/**
 * How a process ended (`signal SIGKILL`, `exit code 1`), once it is gone and its channel and error stream are read to
 * their ends. (Node's own `close` does not come when it was this side that closed the channel.)
 */
export async function allIsSaid(child: ChildProcess): Promise<string> {
  const [how] = await Promise.all([
    new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(signal === null ? `exit code ${code ?? '?'}` : `signal ${signal}`);
      });
    }),
    new Promise<void>((resolve) => {
      child.once('disconnect', resolve);
    }),
    new Promise<void>((resolve) => {
      child.stderr?.once('close', resolve);
    }),
  ]);
  return how;
}

/** The line of a stack trace that says what went wrong. */
export function lastWords(stderr: string): string {
  const line = stderr.split('\n').find((text) => /^\w*Error\b|FATAL ERROR/.test(text.trim()));
  return line === undefined ? '' : `: ${line.trim().slice(0, 300)}`;
}
