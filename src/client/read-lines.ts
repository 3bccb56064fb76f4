import { open, type FileHandle } from 'node:fs/promises';
import { isErrno } from './process-identity.js';

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

/** Whole lines of an append-only file from byte `offset` on. `offset` after the call: behind the last whole line. */
export interface LinesRead {
  readonly lines: readonly string[];
  readonly offset: number;
  /** Bytes of a last line without its newline: torn by a crash, or being written right now. */
  readonly tornBytes: number;
}

/** Reads whole lines from `offset` to the end, at most about `limitBytes`. A missing file has none. */
export async function readLines(path: string, offset: number, limitBytes = Infinity): Promise<LinesRead> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { lines: [], offset, tornBytes: 0 };
    throw error;
  }
  try {
    return await readFrom(file, offset, limitBytes);
  } finally {
    await file.close();
  }
}

async function readFrom(file: FileHandle, start: number, limitBytes: number): Promise<LinesRead> {
  const lines: string[] = [];
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  let position = start;
  while (position - start < limitBytes) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    rest = takeLines(Buffer.concat([rest, chunk.subarray(0, bytesRead)]), lines);
  }
  return { lines, offset: position - rest.length, tornBytes: rest.length };
}

/** Moves whole lines out of `bytes` and returns what is left. */
function takeLines(bytes: Buffer, lines: string[]): Buffer {
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.toString('utf8', start, end));
    start = end + 1;
  }
  return bytes.subarray(start);
}
