import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { readIdentity } from '../../client/read-run.js';
import { RUN_FILES, type RunIdentity } from '../../protocol/run-folder.js';
import { isDiskFull, type Disk } from './disk.js';

/** The writing end of `run.json`. Its time stamp is the run's heartbeat. */
export class IdentityFile {
  readonly #path: string;
  readonly #disk: Disk;
  #current: RunIdentity;
  #queue: Promise<void> = Promise.resolve();

  private constructor(path: string, disk: Disk, current: RunIdentity) {
    this.#path = path;
    this.#disk = disk;
    this.#current = current;
  }

  static async open(folder: string, disk: Disk): Promise<IdentityFile> {
    return new IdentityFile(join(folder, RUN_FILES.identity), disk, await readIdentity(folder));
  }

  get current(): RunIdentity {
    return this.#current;
  }

  /** Takes over `changes` at once and resolves when they are on disk. */
  async update(changes: Partial<RunIdentity>): Promise<void> {
    this.#set({ ...this.#current, ...changes });
    await this.#queue;
  }

  /** As `update`, but a full disk leaves the file as it was: for states that a reader can do without. */
  async tryUpdate(changes: Partial<RunIdentity>): Promise<void> {
    await this.update(changes).catch(ignoreFullDisk);
  }

  /** Forgets an earlier failure. */
  async begin(
    supervisor: NonNullable<RunIdentity['supervisor']>,
    dataFolder: string | undefined,
  ): Promise<void> {
    const next: Mutable<RunIdentity> = { ...this.#current, supervisor, state: 'running' };
    delete next.failure;
    delete next.fault;
    if (dataFolder !== undefined) next.dataFolder = dataFolder;
    this.#set(next);
    await this.#queue;
  }

  #set(next: RunIdentity): void {
    this.#current = next;
    const write = (): Promise<void> =>
      this.#disk.replace(this.#path, `${JSON.stringify(this.#current, undefined, 2)}\n`);
    this.#queue = this.#queue.then(write, write);
  }

  async beat(): Promise<void> {
    const now = new Date();
    await utimes(this.#path, now, now);
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function ignoreFullDisk(error: unknown): void {
  if (!isDiskFull(error)) throw error;
}
