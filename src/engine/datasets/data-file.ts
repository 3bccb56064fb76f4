import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../../base/user-error.js';

/** No data set read here is larger unpacked; a file that claims to be is damaged or hostile. */
const MAX_UNPACKED_BYTES = 2 ** 31 - 1;

/**
 * The bytes of a data file; a `.gz` file is unpacked.
 * @throws UserError naming the file, if it cannot be read or unpacked.
 */
export async function readDataFile(path: string, remedy: string, signal?: AbortSignal): Promise<Uint8Array> {
  const raw = await readRaw(path, remedy, signal);
  if (!path.endsWith('.gz')) return raw;
  try {
    return await promisify(gunzip)(raw, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    throw new UserError(`${path} is damaged: it cannot be unpacked (${reasonOf(error)}).`, remedy);
  }
}

async function readRaw(path: string, remedy: string, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    return await readFile(path, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw new UserError(`${path} cannot be read (${reasonOf(error)}).`, remedy);
  }
}

export async function isFile(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined;
}

/** Bytes of the file; undefined if there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const facts = await stat(path);
    return facts.isDirectory() ? undefined : facts.size;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UserError(
      `${path} cannot be looked at (${reasonOf(error)}).`,
      'Check the path and its permissions.',
    );
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of an operating-system error, e.g. ENOSPC. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
