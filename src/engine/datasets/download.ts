import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../base/user-error.js';
import { errorCode, reasonOf, sizeOf } from './data-file.js';
import type { RemoteFile } from './remote-sources.js';

export interface DownloadOptions {
  /** Called with the bytes of this file that are on the disk, after each piece. */
  readonly onBytes: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Tries per source before the next one is asked. */
  readonly attempts: number;
  /** Pause before the second try; doubled before each later one. */
  readonly pauseMs: number;
  /** A connection without a byte for so long is given up and tried again. */
  readonly stallMs: number;
}

/**
 * Downloads `file` from the first of `urls` that delivers it whole, to `target`. Bytes go to `target.part`, which stays when the
 * download is interrupted and is continued by the next call; only a checked file gets its name.
 * @throws UserError if no source delivers, the checksum is wrong everywhere, or the disk is full; the signal's reason if aborted.
 */
export async function download(
  file: RemoteFile,
  urls: readonly string[],
  target: string,
  options: DownloadOptions,
): Promise<void> {
  const failures: string[] = [];
  for (const url of urls) {
    for (let attempt = 0; attempt < options.attempts; attempt++) {
      if (attempt > 0)
        await sleep(options.pauseMs * 2 ** (attempt - 1), undefined, { signal: options.signal });
      const result = await tryOnce(file, url, `${target}.part`, options);
      if (result.kind === 'done') {
        await rename(`${target}.part`, target);
        return;
      }
      if (result.kind === 'gone' || attempt + 1 === options.attempts)
        failures.push(`${url}: ${result.reason}`);
      if (result.kind === 'gone') break;
    }
  }
  throw new UserError(
    `${file.name} could not be downloaded. ${failures.join(' ')}`,
    'Check the network (and HTTPS proxy), then run the same command again: it goes on where it stopped. Or put the file there yourself.',
  );
}

/** `gone`: this source will not have it, however often it is asked. */
type Attempt = { readonly kind: 'done' } | { readonly kind: 'again' | 'gone'; readonly reason: string };

async function tryOnce(
  file: RemoteFile,
  url: string,
  part: string,
  options: DownloadOptions,
): Promise<Attempt> {
  try {
    const present = await partBytes(file, part);
    const missing = present < file.bytes ? await fetchInto(file, { url, part, present }, options) : undefined;
    return missing ?? (await checkDownload(file, part, present > 0));
  } catch (error) {
    options.signal?.throwIfAborted();
    throwIfDisk(error, part);
    return { kind: 'again', reason: `the connection failed (${networkReason(error)}).` };
  }
}

/** Brings `part`, of which `present` bytes are there, to its full size; undefined if that worked. */
async function fetchInto(
  file: RemoteFile,
  { url, part, present }: { readonly url: string; readonly part: string; readonly present: number },
  options: DownloadOptions,
): Promise<Attempt | undefined> {
  options.onBytes(present);
  const stall = stallSignal(options);
  try {
    const headers = { 'accept-encoding': 'identity', ...(present > 0 && { range: `bytes=${present}-` }) };
    const response = await fetch(url, { headers, signal: stall.signal });
    const start = await startOf(response, present, part);
    if (typeof start !== 'number') return start;
    const written = await append(response, { part, start, limit: file.bytes }, (bytes) => {
      stall.touch();
      options.onBytes(bytes);
    });
    if (written === file.bytes) return undefined;
    if (written < file.bytes)
      return { kind: 'again', reason: `only ${written} of ${file.bytes} bytes arrived.` };
    await rm(part);
    return { kind: 'gone', reason: `the file there is larger than ${file.bytes} bytes; it was deleted.` };
  } finally {
    stall.end();
  }
}

/** Bytes to go on from. A part that is too long is not of this file. */
async function partBytes(file: RemoteFile, part: string): Promise<number> {
  const size = (await sizeOf(part)) ?? 0;
  if (size <= file.bytes) return size;
  await rm(part);
  return 0;
}

/** Where the body belongs in the file, or why there is none. */
async function startOf(response: Response, present: number, part: string): Promise<number | Attempt> {
  if (response.ok && response.body !== null) {
    if (response.status !== 206) return 0; // The server ignores ranges and sends the whole file.
    const range = response.headers.get('content-range') ?? '';
    if (new RegExp(`^bytes ${present}-`).test(range)) return present;
  }
  await response.body?.cancel();
  if (response.status === 206 || response.status === 416) {
    await rm(part, { force: true });
    return { kind: 'again', reason: `the server does not continue at byte ${present}.` };
  }
  const reason = `the server answered ${response.status} ${response.statusText}.`.replace(' .', '.');
  const mayPass = response.status >= 500 || response.status === 408 || response.status === 429;
  return { kind: mayPass ? 'again' : 'gone', reason };
}

/** Writes the body from byte `start` on and returns the size of the file; stops once it exceeds `limit`. */
async function append(
  response: Response,
  { part, start, limit }: { readonly part: string; readonly start: number; readonly limit: number },
  onBytes: (bytes: number) => void,
): Promise<number> {
  const handle: FileHandle = await open(part, start === 0 ? 'w' : 'a');
  try {
    let size = start;
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      await handle.appendFile(piece);
      size += piece.length;
      onBytes(size);
      if (size > limit) break;
    }
    await handle.sync();
    return size;
  } finally {
    await handle.close();
  }
}

/** A wrong file that was put together from two downloads may come right in one piece; one that came whole is wrong there. */
async function checkDownload(file: RemoteFile, part: string, wasContinued: boolean): Promise<Attempt> {
  if (file.md5 === undefined) return { kind: 'done' };
  const found = await md5Of(part);
  if (found === file.md5) return { kind: 'done' };
  await rm(part);
  const reason = `wrong checksum: MD5 ${found}, expected ${file.md5}; the file was deleted.`;
  return { kind: wasContinued ? 'again' : 'gone', reason };
}

/** MD5 of a file in hex. */
export async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/** The user's signal, or one of its own when no byte comes for `stallMs`. */
function stallSignal({ signal, stallMs }: DownloadOptions): {
  readonly signal: AbortSignal;
  readonly touch: () => void;
  readonly end: () => void;
} {
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(new Error(`no data for ${stallMs / 1000} s`));
  }, stallMs);
  return {
    signal: signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]),
    touch: () => timer.refresh(),
    end: () => {
      clearTimeout(timer);
    },
  };
}

/** @throws UserError if `error` is about the disk and not about the network. */
export function throwIfDisk(error: unknown, path: string): void {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    throw new UserError(
      `The disk is full: ${path} could not be written.`,
      'Free some space, or choose another folder with --to, then run the same command again: it goes on where it stopped.',
    );
  }
  if (
    code !== undefined &&
    ['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'ENOENT', 'EIO'].includes(code)
  ) {
    throw new UserError(
      `${path} cannot be written (${reasonOf(error)}).`,
      'Choose another folder with --to.',
    );
  }
}

/** `fetch failed` says nothing; its cause does. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return reasonOf(error);
  return cause.message === '' ? (errorCode(cause) ?? cause.name) : cause.message;
}
