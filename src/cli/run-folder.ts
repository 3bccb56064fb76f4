import { access } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../base/user-error.js';
import { findRuns, readRun, runsFolderOf, type RunView } from '../client/read-run.js';
import type { EngineProgram } from '../client/supervisor-process.js';
import type { CliContext } from './context.js';

/** The engine's process entry, which lies beside the bundled command line. */
export function engineProgram(): EngineProgram {
  return { module: fileURLToPath(new URL('./engine.mjs', import.meta.url)) };
}

/** `--runs`, or `.cellsmith/runs` below the working folder. */
export function runsFolder(option: string | undefined, context: CliContext): string {
  return option === undefined ? runsFolderOf(context.cwd) : resolve(context.cwd, option);
}

/** RUN on the command line: a folder, a run's folder name, the start of one that is unique, or `last`. */
export async function findRun(
  name: string,
  option: string | undefined,
  context: CliContext,
): Promise<RunView> {
  const asPath = resolve(context.cwd, name);
  if (await exists(join(asPath, 'run.json'))) return readRun(asPath);
  const folder = runsFolder(option, context);
  const names = (await findRuns(folder)).map((run) => basename(run.folder));
  if (names.length === 0) {
    throw new UserError(
      `There are no runs in ${folder}.`,
      'Start one with `cellsmith run FILE`, or name the folder with --runs.',
    );
  }
  const found = name === 'last' ? names.slice(-1) : matching(names, name);
  const [only, second] = found;
  if (only === undefined)
    throw new UserError(`No run is called ${name}.`, `Runs in ${folder}: ${names.slice(-5).join(', ')}.`);
  if (second !== undefined)
    throw new UserError(
      `${name} could be any of ${found.length} runs.`,
      `Say which: ${found.slice(0, 5).join(', ')}.`,
    );
  return readRun(join(folder, only));
}

/** A run as one can name it on the command line from here: its name, or the path where it does not lie in the usual folder. */
export function runArgument(folder: string, context: CliContext): string {
  if (dirname(folder) === runsFolderOf(context.cwd)) return basename(folder);
  const path = relative(context.cwd, folder);
  const shown = path.startsWith('..') ? folder : path;
  return /^[\w./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", String.raw`'\''`)}'`;
}

function matching(names: readonly string[], name: string): readonly string[] {
  if (names.includes(name)) return [name];
  return names.filter(
    (one) => one.startsWith(name) || one.replace(/^\d{4}-\d{2}-\d{2}-/, '').startsWith(name),
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    throw error;
  }
}

/** `<workspace>/.cellsmith/drawings`: derived pictures lie beside the runs, never inside one. */
export function drawingsFolder(run: string): string {
  return join(dirname(dirname(run)), 'drawings');
}
