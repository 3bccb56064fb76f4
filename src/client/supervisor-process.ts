import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { UserError } from '../base/user-error.js';
import { ControlClient } from './control-client.js';
import { readRun, type RunView } from './read-run.js';

/** What a supervisor that cannot begin writes before its sentence, as a JSON line. */
export const SUPERVISOR_COMPLAINT = 'cellsmith-complaint: ';

/** Standard output and error of the supervisor, below the run folder. */
const OUTPUT_FILE = 'supervisor.log';

const POLL_MS = 25;
const START_LIMIT_MS = 30_000;

/** The engine bundle, and how to run it. */
export interface EngineProgram {
  readonly module: string;
  /** Flags of Node before the module. */
  readonly execArgv?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Starts a supervisor that outlives this process, and waits until it answers at its socket (or has already ended the
 * run). Throws `UserError` with the supervisor's own sentence if it cannot begin.
 */
export async function startSupervisor(
  engine: EngineProgram,
  folder: string,
  flags: readonly string[],
): Promise<RunView> {
  const path = join(folder, OUTPUT_FILE);
  const sizeBefore = (await readOutput(path)).length;
  const output = openOutput(path);
  const child = spawn(
    process.execPath,
    [...(engine.execArgv ?? []), engine.module, 'supervise', folder, ...flags],
    {
      detached: true,
      stdio: ['ignore', output, output],
      windowsHide: true,
      // The running program may be an editor: this makes it behave as Node.
      env: { ...process.env, ...engine.environment, ELECTRON_RUN_AS_NODE: '1' },
    },
  );
  closeSync(output);
  let exit: string | undefined;
  child.on('error', (error) => (exit = error.message));
  child.on('exit', (code, signal) => (exit = signal ?? `exit code ${code ?? '?'}`));
  child.unref();
  for (let waitedMs = 0; waitedMs < START_LIMIT_MS; waitedMs += POLL_MS) {
    const hasEnded = exit !== undefined;
    const run = await readRun(folder);
    if (run.identity.supervisor?.pid === child.pid && (hasEnded || (await answers(run)))) return run;
    if (hasEnded) throw complaintIn((await readOutput(path)).slice(sizeBefore), exit ?? '', path);
    await delay(POLL_MS);
  }
  throw new UserError(`The supervisor of ${folder} does not answer.`, `Look at ${path}.`);
}

function openOutput(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    throw new UserError(
      `Cannot write ${path} (${(error as Error).message}).`,
      'Make the run folder writable, and make room.',
    );
  }
}

async function answers(run: RunView): Promise<boolean> {
  const client = await ControlClient.connect(run);
  client?.close();
  return client !== undefined;
}

async function readOutput(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function complaintIn(output: string, exit: string, path: string): UserError {
  // Only whole lines: on a full disk the last one may be torn.
  const line = output
    .split('\n')
    .slice(0, -1)
    .find((text) => text.startsWith(SUPERVISOR_COMPLAINT));
  if (line !== undefined) {
    const schema = v.object({ message: v.string(), remedy: v.string() });
    const { message, remedy } = v.parse(schema, JSON.parse(line.slice(SUPERVISOR_COMPLAINT.length)));
    return new UserError(message, remedy);
  }
  const isSilent = output.trim() === '';
  const remedy = isSilent ? 'It could not say why: perhaps the disk is full. Make room.' : `Look at ${path}.`;
  return new UserError(`The supervisor ended before it began (${exit}).`, remedy);
}
