import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { UserError } from '../base/user-error.js';
import { compileText, type CompiledSearch, type CompileResult } from '../language/index.js';
import type { Diagnostic } from '../protocol/diagnostic.js';
import type { SearchSpace } from '../space/search-space.js';
import type { CliContext } from './context.js';
import { harmless } from './terminal/format.js';

export interface NasFile extends CompileResult {
  readonly path: string;
  readonly text: string;
}

/** Reads and compiles a `.nas` file. Wrong text gives diagnostics, an unreadable file a `UserError`. */
export async function readNasFile(path: string, context: CliContext): Promise<NasFile> {
  const full = resolve(context.cwd, path);
  let text: string;
  try {
    const facts = await stat(full);
    if (!facts.isFile()) throw unreadable(path, facts.isDirectory() ? 'It is a folder' : 'It is no file');
    if (facts.size > MAX_BYTES)
      throw new UserError(
        `${path} is larger than 4 MiB.`,
        'A `.nas` file is a short text: is this the right file?',
      );
    text = await readFile(full, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw unreadable(path, isMissing ? 'There is no such file' : (error as Error).message);
  }
  return { ...(await compileText(text, full)), path, text };
}

function unreadable(path: string, reason: string): UserError {
  return new UserError(
    `Cannot read ${path}: ${reason}.`,
    'Name a `.nas` file; examples/ has some to start from.',
  );
}

const MAX_BYTES = 4 * 2 ** 20;

/** As `readNasFile`, but errors in the text end the command after they were printed. */
export async function readValidNasFile(path: string, context: CliContext): Promise<NasFile> {
  const file = await readNasFile(path, context);
  const errors = file.diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  if (errors.length > 0) {
    for (const diagnostic of errors) printDiagnostic(path, diagnostic, (line) => context.note(line));
    throw new UserError(
      `${path} has ${plural(errors.length, 'error')}.`,
      `Mend the text; \`cellsmith check ${basename(path)}\` lists everything.`,
    );
  }
  return file;
}

/** `file:line:col: severity CODE message` and the remedy indented below: what problem matchers read. */
export function printDiagnostic(path: string, diagnostic: Diagnostic, print: (line: string) => void): void {
  const { line, column } = diagnostic.range;
  print(
    `${path}:${line}:${column}: ${diagnostic.severity} ${diagnostic.code} ${harmless(diagnostic.message, 500)}`,
  );
  if (diagnostic.remedy !== '') print(`    ${harmless(diagnostic.remedy, 500)}`);
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The named space, or the only one. */
export function chooseSpace(file: NasFile, name: string | undefined): SearchSpace {
  return choose(file, file.spaces, { kind: 'space', option: '--space', name });
}

/** The named search, or the only one. */
export function chooseSearch(file: NasFile, name: string | undefined): CompiledSearch {
  return choose(file, file.searches, { kind: 'search', option: '--search', name });
}

interface Wanted {
  readonly kind: string;
  readonly option: string;
  readonly name: string | undefined;
}

function choose<T extends { readonly name: string }>(file: NasFile, found: readonly T[], wanted: Wanted): T {
  const names = found.map((one) => one.name).join(', ');
  const [first, second] = found;
  if (first === undefined)
    throw new UserError(
      `${file.path} declares no ${wanted.kind}.`,
      `Add a \`${wanted.kind}\`; see the files in examples/.`,
    );
  if (wanted.name !== undefined) {
    const named = found.find((one) => one.name === wanted.name);
    if (named !== undefined) return named;
    throw new UserError(
      `${file.path} has no ${wanted.kind} called ${harmless(wanted.name)}.`,
      `It has: ${names}.`,
    );
  }
  if (second === undefined) return first;
  throw new UserError(
    `${file.path} declares ${found.length} ${wanted.kind === 'search' ? 'searches' : 'spaces'}.`,
    `Choose one with ${wanted.option}: ${names}.`,
  );
}
