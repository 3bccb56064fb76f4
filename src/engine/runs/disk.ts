import { mkdir, type FileHandle } from 'node:fs/promises';
import { replaceFile } from '../../client/durable-file.js';
import { isErrno } from '../../client/process-identity.js';

/** The operations of a run that take space. Tests put a full disk in its place. */
export interface Disk {
  /** Writes `bytes` at `position` and makes them survive a power cut. */
  write(file: FileHandle, bytes: Uint8Array, position: number): Promise<void>;
  /** Replaces a file as a whole. */
  replace(path: string, content: Uint8Array | string): Promise<void>;
}

export const systemDisk: Disk = {
  async write(file, bytes, position) {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
    await file.datasync();
  },
  replace: replaceFile,
};

/** Makes a folder unless it is there; its parent must be there, lest a run that was moved away is half made again. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** Whether `error` says that there is no room: disk, quota, or the process's file size limit. */
export function isDiskFull(error: unknown): error is Error {
  return isErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
}

/** The run was ended while it waited for room. */
export class GaveUpWaiting extends Error {
  override readonly name = 'GaveUpWaiting';
}

/** Repeats what failed for want of space, each time the user asks for it; so a full disk pauses a run and loses nothing. */
export class DiskGuard {
  readonly #onFull: (error: Error) => void;
  #waiting: Waiter[] = [];
  #gaveUp = false;

  constructor(onFull: (error: Error) => void) {
    this.#onFull = onFull;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves once `action`, which must be repeatable, succeeded. Rejects with `GaveUpWaiting` after `giveUp`. */
  async attempt<T>(action: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        await this.#wait(error);
      }
    }
  }

  retry(): void {
    for (const waiter of this.#take()) waiter.retry();
  }

  /** From now on a full disk is an error. */
  giveUp(): void {
    this.#gaveUp = true;
    for (const waiter of this.#take())
      waiter.giveUp(new GaveUpWaiting('The run ended while it waited for room.'));
  }

  #take(): readonly Waiter[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  #wait(error: Error): Promise<void> {
    if (this.#gaveUp) return Promise.reject(new GaveUpWaiting(error.message));
    return new Promise((retry, giveUp) => {
      this.#waiting.push({ retry, giveUp });
      this.#onFull(error);
    });
  }
}

interface Waiter {
  readonly retry: () => void;
  readonly giveUp: (reason: Error) => void;
}
