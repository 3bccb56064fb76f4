import { createHash } from 'node:crypto';
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/user-error.js';
import { isErrno } from '../../client/process-identity.js';
import { parseCheckpoint } from '../../protocol/parse/run-folder-schema.js';
import { RUN_FILES, type Checkpoint, type CheckpointState } from '../../protocol/run-folder.js';
import { makeFolder, type Disk } from './disk.js';

const NUM_KEPT = 2;
const CHECKPOINT_NAME = /^(-?\d+)\.json$/;

export interface LoadedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly blobs: Readonly<Record<string, Uint8Array>>;
}

/** The `checkpoints/` folder: `<seq>.json` names blobs `<sha256>.bin` by their content. The newest two are kept. */
export class CheckpointStore {
  readonly #folder: string;
  readonly #disk: Disk;

  constructor(runFolder: string, disk: Disk) {
    this.#folder = join(runFolder, RUN_FILES.checkpoints);
    this.#disk = disk;
  }

  /**
   * Saves a checkpoint; the caller has put the events up to `seq` on disk before. Blobs that are given by hash must be
   * those of an earlier checkpoint that is still kept. Repeatable after a failure. Returns the bytes of new blobs.
   */
  async save(
    seq: number,
    state: CheckpointState,
    blobs: Readonly<Record<string, Uint8Array | string>>,
  ): Promise<number> {
    await makeFolder(this.#folder);
    const hashes: Record<string, string> = {};
    let newBytes = 0;
    for (const [name, blob] of Object.entries(blobs)) {
      const hash = typeof blob === 'string' ? blob : sha256(blob);
      if (typeof blob !== 'string' && !(await this.#hasBlob(hash, blob.length))) {
        await this.#disk.replace(this.#blobPath(hash), blob);
        newBytes += blob.length;
      }
      hashes[name] = hash;
    }
    const checkpoint: Checkpoint = { schema: 1, seq, state, blobs: hashes };
    await this.#disk.replace(join(this.#folder, `${seq}.json`), `${JSON.stringify(checkpoint)}\n`);
    await this.#prune();
    return newBytes;
  }

  /**
   * The newest whole checkpoint that covers only events of a log of `numEvents`; undefined: start over. Those that
   * cannot be read are reported and removed, so that they are not taken for the newest again.
   */
  async loadNewest(
    numEvents: number,
    report: (problem: string) => void,
  ): Promise<LoadedCheckpoint | undefined> {
    for (const seq of (await this.numbers()).reverse()) {
      const path = join(this.#folder, `${seq}.json`);
      try {
        if (seq >= numEvents) throw new UserError(`${path} is ahead of the event log.`, '');
        return await this.#load(path);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        report(`${error.message} The run goes on from the checkpoint before it.`);
        await rm(path);
      }
    }
    return undefined;
  }

  async #load(path: string): Promise<LoadedCheckpoint> {
    const checkpoint = parseCheckpoint(await readFile(path, 'utf8'), path);
    const blobs: Record<string, Uint8Array> = {};
    for (const [name, hash] of Object.entries(checkpoint.blobs)) blobs[name] = await this.#loadBlob(hash);
    return { checkpoint, blobs };
  }

  async #loadBlob(hash: string): Promise<Uint8Array> {
    const path = this.#blobPath(hash);
    try {
      const bytes = await readFile(path);
      if (sha256(bytes) === hash) return bytes;
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      throw new UserError(`${path} is missing.`, '');
    }
    // It must go: a later checkpoint with the same content would take it for its own.
    await rm(path);
    throw new UserError(`${path} does not have the content that its name says.`, '');
  }

  /** Keeps the newest checkpoints and the blobs they name; removes all else, left-overs of a crash included. */
  async #prune(): Promise<void> {
    const numbers = await this.numbers();
    const kept = new Set<string>();
    for (const seq of numbers.slice(-NUM_KEPT)) {
      const path = join(this.#folder, `${seq}.json`);
      kept.add(`${seq}.json`);
      for (const hash of await blobsNamedBy(path)) kept.add(`${hash}.bin`);
    }
    const names = await readdir(this.#folder);
    // Checkpoints before their blobs: a crash in between must not leave one whose blobs are gone.
    names.sort((a, b) => Number(b.endsWith('.json')) - Number(a.endsWith('.json')));
    for (const name of names) {
      if (!kept.has(name)) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  /** Events covered by each checkpoint, ascending. */
  async numbers(): Promise<number[]> {
    try {
      const names = await readdir(this.#folder);
      const numbers = names.flatMap((name) => CHECKPOINT_NAME.exec(name)?.[1] ?? []).map(Number);
      return numbers.sort((a, b) => a - b);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  #blobPath(hash: string): string {
    return join(this.#folder, `${hash}.bin`);
  }

  async #hasBlob(hash: string, numBytes: number): Promise<boolean> {
    try {
      return (await stat(this.#blobPath(hash))).size === numBytes;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }
}

/** Hashes that the checkpoint at `path` names; none if it cannot be read (then its blobs are of no use either). */
async function blobsNamedBy(path: string): Promise<readonly string[]> {
  try {
    return Object.values(parseCheckpoint(await readFile(path, 'utf8'), path).blobs);
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** SHA-256 of bytes, 64 hex digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
