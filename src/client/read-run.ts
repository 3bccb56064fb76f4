import type { Dirent } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../base/user-error.js';
import { parseRunConfig } from '../protocol/parse/run-config-schema.js';
import { parseJson } from '../protocol/parse/parse-as.js';
import { parseRunIdentity } from '../protocol/parse/run-folder-schema.js';
import type { RunConfig } from '../protocol/run-config.js';
import { RUN_FILES, type RunIdentity, type RunState } from '../protocol/run-folder.js';
import { isErrno, liveness } from './process-identity.js';

/** A run as its folder tells it. */
export interface RunView {
  readonly folder: string;
  readonly identity: RunIdentity;
  /** `interrupted`: it was going on when its supervisor died; `resumeRun` goes on with it. */
  readonly state: RunState | 'interrupted';
}

/** A folder among the runs that cannot be read as one. */
export interface BrokenRun {
  readonly folder: string;
  readonly problem: UserError;
}

/** Whether the run has a supervisor at work. */
export function isGoingOn({ state }: Pick<RunView, 'state'>): boolean {
  return state === 'starting' || state === 'running' || state === 'paused';
}

/** A supervisor on another machine counts as dead after so long without a heartbeat. */
const HEARTBEAT_LIMIT_MS = 60_000;

export function runsFolderOf(workspace: string): string {
  return join(resolve(workspace), '.cellsmith', 'runs');
}

/** All runs below a runs folder, oldest first, and folders that are not readable as runs. Touches nothing. */
export async function findRuns(runsFolder: string): Promise<(RunView | BrokenRun)[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(runsFolder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const runs = await Promise.all(names.map((entry) => viewOrProblem(join(runsFolder, entry.name))));
  return runs.sort((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1));
}

/** Sorts by time of creation; a folder that does not tell it sorts by the date in its name. */
function ageKey(run: RunView | BrokenRun): string {
  const name = basename(run.folder);
  return `${'identity' in run ? run.identity.createdAt : name.slice(0, 10)} ${name}`;
}

async function viewOrProblem(folder: string): Promise<RunView | BrokenRun> {
  try {
    return await readRun(folder);
  } catch (error) {
    if (error instanceof UserError) return { folder, problem: error };
    throw error;
  }
}

/** Status of one run, from its folder alone: nothing is written, started or resumed. Throws `UserError` if it is no run. */
export async function readRun(folder: string): Promise<RunView> {
  const identity = await readIdentity(folder);
  return { folder, identity, state: await stateOf(folder, identity) };
}

export async function readIdentity(folder: string): Promise<RunIdentity> {
  const path = join(folder, RUN_FILES.identity);
  return parseRunIdentity(await readOwnFile(path, folder), path);
}

/** The frozen configuration. Throws `UserError` naming the file. */
export async function readConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, RUN_FILES.config);
  const text = await readOwnFile(path, folder);
  return parseRunConfig(parseJson(text, path, 'Restore the file, or start the search again.'), path);
}

/** The frozen `.nas` text. */
export async function readSpaceText(folder: string): Promise<string> {
  return readOwnFile(join(folder, RUN_FILES.space), folder);
}

async function stateOf(folder: string, identity: RunIdentity): Promise<RunView['state']> {
  if (!isGoingOn(identity)) return identity.state;
  if (identity.supervisor === undefined) return 'interrupted';
  const life = liveness(identity.supervisor);
  const lives = life === 'elsewhere' ? await hasHeartbeat(folder) : life === 'alive';
  return lives ? identity.state : 'interrupted';
}

/** Whether the heartbeat (the time stamp of `run.json`) is young. Clocks of machines that share a folder may differ a little. */
export async function hasHeartbeat(folder: string): Promise<boolean> {
  const { mtimeMs } = await stat(join(folder, RUN_FILES.identity));
  return Date.now() - mtimeMs < HEARTBEAT_LIMIT_MS;
}

async function readOwnFile(path: string, folder: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new UserError(
      `${path} is missing: ${folder} is not a whole run folder.`,
      'Name a folder that `cellsmith runs` lists, or restore the file.',
    );
  }
}
