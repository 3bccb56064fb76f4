import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UserError } from '../../base/user-error.js';
import { isErrno } from '../../client/process-identity.js';
import { readConfig } from '../../client/read-run.js';
import type { RunConfig } from '../../protocol/run-config.js';
import { RUN_FILES, type LogLine } from '../../protocol/run-folder.js';
import { CheckpointStore, sha256 } from './checkpoints.js';
import { makeFolder, type Disk } from './disk.js';
import { EventLog } from './event-log.js';
import { IdentityFile } from './identity-file.js';
import { RunLog } from './run-log.js';

/** A run folder in the hands of its only writer, which holds the lock. */
export class RunStore {
  readonly folder: string;
  readonly config: RunConfig;
  readonly identity: IdentityFile;
  readonly events: EventLog;
  readonly checkpoints: CheckpointStore;
  readonly #log: RunLog;
  readonly #disk: Disk;

  private constructor(
    folder: string,
    parts: { config: RunConfig; identity: IdentityFile; events: EventLog; log: RunLog; disk: Disk },
  ) {
    this.folder = folder;
    this.config = parts.config;
    this.identity = parts.identity;
    this.events = parts.events;
    this.#log = parts.log;
    this.#disk = parts.disk;
    this.checkpoints = new CheckpointStore(folder, parts.disk);
  }

  /** Throws `UserError` naming the file if the folder is not a whole run, or is one of another schema. */
  static async open(folder: string, disk: Disk, onLogLine: (line: LogLine) => void): Promise<RunStore> {
    const identity = await IdentityFile.open(folder, disk);
    const config = await readConfig(folder);
    await checkEventsAreThere(folder, disk);
    const events = await EventLog.open(folder, disk);
    const log = await RunLog.open(folder, onLogLine);
    return new RunStore(folder, { config, identity, events, log, disk });
  }

  log(line: Omit<LogLine, 'atMs' | 'seq'>): void {
    this.#log.write(this.events.count - 1, line);
  }

  /** Stores a file as `results/<sha256>` with the extension of `name`. Repeatable. */
  async saveResult(name: string, bytes: Uint8Array): Promise<void> {
    const folder = join(this.folder, RUN_FILES.results);
    const path = join(folder, `${sha256(bytes)}${extname(name)}`);
    await makeFolder(folder);
    if ((await sizeOf(path)) !== bytes.length) await this.#disk.replace(path, bytes);
  }

  async close(): Promise<void> {
    await this.events.close();
    await this.#log.close();
  }
}

/** A run that has checkpoints but no event log lost its truth: nobody should start it over by mistake. */
async function checkEventsAreThere(folder: string, disk: Disk): Promise<void> {
  const events = join(folder, RUN_FILES.events);
  if ((await sizeOf(events)) !== undefined) return;
  const newest = await new CheckpointStore(folder, disk).numbers();
  if (newest.length === 0) return;
  throw new UserError(
    `${events} is missing, but the run has checkpoints.`,
    `Restore the file, or remove ${join(folder, RUN_FILES.checkpoints)} to run it again from the start.`,
  );
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
