import { createReadStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../base/user-error.js';
import { throwIfDisk } from './download.js';
import type { ArchiveMember } from './remote-sources.js';

const BLOCK = 512;

/**
 * Takes `members` out of a tar.gz, each to the path `targetOf` gives. Members are found by their exact path and must have their
 * exact size; nothing else is written, so an archive cannot place files. Memory stays small.
 * @throws UserError if the archive is damaged or lacks a member.
 */
export async function unpackMembers(
  archive: string,
  members: readonly ArchiveMember[],
  targetOf: (member: ArchiveMember) => string,
  signal?: AbortSignal,
): Promise<void> {
  const remedy = `Delete ${archive} and run the same command again.`;
  const missing = new Map(members.map((member) => [member.path, member]));
  const unpack = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
    const reader = new BlockReader(pieces);
    for (;;) {
      const header = parseHeader(await reader.block(), archive, remedy);
      if (header === undefined) break;
      const member = missing.get(header.path);
      if (member === undefined || !header.isFile) {
        await reader.copy(header.bytes, undefined);
        continue;
      }
      if (header.bytes !== member.bytes) {
        throw new UserError(
          `${archive}: ${member.path} has ${header.bytes} bytes, but ${member.bytes} were expected.`,
          remedy,
        );
      }
      await writeMember(reader, header.bytes, targetOf(member));
      missing.delete(header.path);
    }
    await reader.drain(); // So that the checksum of the gzip stream is reached.
  };
  try {
    await pipeline(createReadStream(archive), createGunzip(), unpack, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UserError) throw error;
    throwIfDisk(error, archive);
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`${archive} is damaged: it cannot be unpacked (${reason}).`, remedy);
  }
  if (missing.size > 0) throw new UserError(`${archive} lacks ${[...missing.keys()].join(', ')}.`, remedy);
}

/** The file gets its name when it is whole. */
async function writeMember(reader: BlockReader, bytes: number, target: string): Promise<void> {
  const handle = await open(`${target}.part`, 'w');
  try {
    await reader.copy(bytes, async (piece) => {
      await handle.appendFile(piece);
    });
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${target}.part`, target);
}

interface Header {
  readonly path: string;
  readonly bytes: number;
  readonly isFile: boolean;
}

/** POSIX ustar header; undefined at the end of the archive (a block of zeros). */
function parseHeader(block: Uint8Array, archive: string, remedy: string): Header | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const text = (from: number, length: number): string =>
    Buffer.from(block.subarray(from, from + length))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  const octal = (from: number, length: number): number => Number.parseInt(`0${text(from, length).trim()}`, 8);
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  const bytes = octal(124, 12);
  if (sum !== octal(148, 8) || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw new UserError(`${archive} is damaged: a header in it has a wrong checksum.`, remedy);
  }
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  const kind = text(156, 1);
  return {
    path: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    bytes,
    isFile: kind === '' || kind === '0',
  };
}

/** Cuts a stream of pieces of any size into blocks of 512 bytes. */
class BlockReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async block(): Promise<Uint8Array> {
    const block = new Uint8Array(BLOCK);
    let filled = 0;
    await this.copy(BLOCK, (piece) => {
      block.set(piece, filled);
      filled += piece.length;
    });
    return block;
  }

  /** Hands on `bytes` bytes, piece by piece, and skips the padding to the next block. */
  async copy(bytes: number, use: ((piece: Uint8Array) => Promise<void> | void) | undefined): Promise<void> {
    let left = bytes;
    let padding = (BLOCK - (bytes % BLOCK)) % BLOCK;
    while (left > 0 || padding > 0) {
      if (this.#piece.length === 0) await this.#refill();
      const taken = this.#piece.subarray(0, left > 0 ? left : padding);
      if (left > 0) {
        await use?.(taken);
        left -= taken.length;
      } else {
        padding -= taken.length;
      }
      this.#piece = this.#piece.subarray(taken.length);
    }
  }

  async drain(): Promise<void> {
    while ((await this.#pieces.next()).done !== true);
  }

  async #refill(): Promise<void> {
    const next = await this.#pieces.next();
    if (next.done === true) throw new Error('it ends too early');
    this.#piece = next.value;
  }
}
