import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../base/user-error.js';
import { parseRunConfig } from '../protocol/parse/run-config-schema.js';
import type { RunConfig } from '../protocol/run-config.js';
import { RUN_FILES, type RunIdentity } from '../protocol/run-folder.js';
import { replaceFile, syncFolder } from './durable-file.js';
import { isErrno } from './process-identity.js';

/** What a run is made of before anything runs. */
export interface NewRun {
  readonly config: RunConfig;
  /** The text the configuration came from, frozen as `space.nas`. */
  readonly nasText: string;
  /** `<workspace>/.cellsmith/runs`, or wherever the user wants runs. */
  readonly runsFolder: string;
  /** Where data sets without a folder of their own are looked for. */
  readonly dataFolder: string;
}

/**
 * Makes `<runsFolder>/<date>-<slug>[-n]/` in one step: it appears with all its files or not at all. Returns its path.
 * Throws `UserError` if the folder cannot be written.
 */
export async function createRunFolder(run: NewRun, now: Date): Promise<string> {
  const runsFolder = resolve(run.runsFolder);
  try {
    await makeRunsFolder(runsFolder);
    const draft = join(runsFolder, `.new-${randomUUID()}`);
    await mkdir(draft);
    try {
      await fillRunFolder(draft, run, now);
      return await giveName(draft, join(runsFolder, `${localDate(now)}-${slugOf(run.config.name)}`));
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new UserError(
      `Cannot make a run folder in ${runsFolder} (${error.message}).`,
      'Make room or choose a writable folder with --runs.',
    );
  }
}

async function makeRunsFolder(runsFolder: string): Promise<void> {
  await makeFolders(runsFolder);
  const own = dirname(runsFolder);
  if (basename(own) !== '.cellsmith') return;
  try {
    await writeFile(join(own, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** As `mkdir -p`. (Node's own never returns where the system answers "no such folder" for a folder that is there: /proc.) */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (isErrno(error, 'EEXIST') && (await stat(path)).isDirectory()) return;
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await mkdir(path);
  }
}

async function fillRunFolder(folder: string, run: NewRun, now: Date): Promise<void> {
  const config = parseRunConfig(JSON.parse(JSON.stringify(run.config)), 'The configuration of the run');
  const identity: RunIdentity = {
    schema: 1,
    id: randomUUID(),
    name: config.name,
    createdAt: now.toISOString(),
    state: 'starting',
    dataFolder: resolve(run.dataFolder),
  };
  await mkdir(join(folder, RUN_FILES.checkpoints));
  await replaceFile(join(folder, RUN_FILES.space), run.nasText);
  await replaceFile(join(folder, RUN_FILES.config), `${JSON.stringify(config, undefined, 2)}\n`);
  await replaceFile(join(folder, RUN_FILES.identity), `${JSON.stringify(identity, undefined, 2)}\n`);
}

/** Renames `draft` to `wanted`, or to `wanted-2`, `wanted-3` … where that is taken: a rename never replaces a full folder. */
async function giveName(draft: string, wanted: string): Promise<string> {
  for (let n = 1; ; n++) {
    const path = n === 1 ? wanted : `${wanted}-${n}`;
    if (await isTaken(path)) continue;
    try {
      await rename(draft, path);
    } catch (error) {
      if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) continue;
      throw error;
    }
    await syncFolder(dirname(path));
    return path;
  }
}

async function isTaken(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Letters and digits of a name, joined by hyphens: `EN²AS on digits` → `en2as-on-digits`. */
export function slugOf(name: string): string {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? ['run'];
  return words.join('-').slice(0, 40).replace(/-$/, '');
}

/** YYYY-MM-DD in the user's time zone. */
function localDate(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
