import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { present } from '../../base/assert.js';
import { UserError } from '../../base/user-error.js';
import { readLines } from '../../client/read-lines.js';
import { parseEventLine } from '../../protocol/parse/run-event-schema.js';
import type { RunEvent, RunEventBody } from '../../protocol/run-event.js';
import { RUN_FILES } from '../../protocol/run-folder.js';
import type { Disk } from './disk.js';

/** The bytes of an event, without the newline: a function of its number and body alone. */
export function eventLine(seq: number, body: RunEventBody): string {
  return JSON.stringify({ seq, ...body });
}

/** The writing end of `events.jsonl`. Appended lines are gathered; `flush` puts them on disk in one go. */
export class EventLog {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #disk: Disk;
  /** Start of each line on disk, in bytes, and the end of the last. */
  readonly #offsets: number[];
  #pending: Buffer[] = [];
  #flushing: Promise<void> | undefined;
  #isFinished: boolean;

  private constructor(path: string, file: FileHandle, disk: Disk, offsets: number[], isFinished: boolean) {
    this.#path = path;
    this.#file = file;
    this.#disk = disk;
    this.#offsets = offsets;
    this.#isFinished = isFinished;
  }

  /** Checks every line and cuts a torn last one. Throws `UserError` naming the line that is corrupt or foreign. */
  static async open(folder: string, disk: Disk): Promise<EventLog> {
    const path = join(folder, RUN_FILES.events);
    const { lines, offset, tornBytes } = await readLines(path, 0);
    const offsets = [0];
    let isFinished = false;
    for (const [i, line] of lines.entries()) {
      isFinished = parseEventLine(line, i + 1, path).type === 'finished';
      offsets.push(present(offsets[i], 'offset') + Buffer.byteLength(line) + 1);
    }
    if (offsets[lines.length] !== offset) {
      throw new UserError(`${path} is not UTF-8 throughout.`, 'Restore the file from a copy.');
    }
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    if (tornBytes > 0) await file.truncate(offset);
    return new EventLog(path, file, disk, offsets, isFinished);
  }

  /** Events so far, those that are not on disk yet included. */
  get count(): number {
    return this.durableCount + this.#pending.length;
  }

  get durableCount(): number {
    return this.#offsets.length - 1;
  }

  /** Whether the last event says that the run is over. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  append(body: RunEventBody): void {
    this.#pending.push(Buffer.from(`${eventLine(this.count, body)}\n`));
    this.#isFinished = body.type === 'finished';
  }

  /** Resolves once everything appended before is on disk. After a failure (disk full) nothing is lost: call it again. */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#pending.length === 0) return;
    this.#flushing = this.#writePending().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  async #writePending(): Promise<void> {
    const lines = [...this.#pending];
    const start = this.#end;
    try {
      await this.#disk.write(this.#file, Buffer.concat(lines), start);
    } catch (error) {
      // A part may have been written: no reader should take it for a line.
      await this.#file.truncate(start);
      throw error;
    }
    for (const line of lines) this.#offsets.push(this.#end + line.length);
    this.#pending = this.#pending.slice(lines.length);
  }

  get #end(): number {
    return present(this.#offsets.at(-1), 'end of the log');
  }

  /** Lines on disk from event `seq` on, at most about `limitBytes`, at least one if there is one. */
  async linesFrom(seq: number, limitBytes = Infinity): Promise<readonly string[]> {
    if (seq >= this.durableCount) return [];
    const start = present(this.#offsets[seq], 'offset');
    let last = this.durableCount;
    if (limitBytes < Infinity) {
      for (
        last = seq + 1;
        last < this.durableCount && present(this.#offsets[last], 'offset') - start < limitBytes;
      )
        last++;
    }
    const bytes = Buffer.alloc(present(this.#offsets[last], 'offset') - start);
    await this.#file.read(bytes, 0, bytes.length, start);
    return bytes.toString('utf8').trimEnd().split('\n');
  }

  /** Events 0 … count − 1, which are on disk. */
  async eventsBefore(count: number): Promise<readonly RunEvent[]> {
    if (count === 0) return [];
    const lines = await this.linesFrom(0);
    return lines.slice(0, count).map((line, i) => parseEventLine(line, i + 1, this.#path));
  }

  /** Takes away event `count` and all later ones, after saving their lines as `keepAs` beside the log. */
  async cut(count: number, keepAs: string): Promise<void> {
    await this.flush();
    const lines = await this.linesFrom(count);
    if (lines.length === 0) return;
    await this.#disk.replace(join(this.#path, '..', keepAs), `${lines.join('\n')}\n`);
    this.#offsets.length = count + 1;
    await this.#file.truncate(this.#end);
    await this.#file.sync();
    this.#isFinished = false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
