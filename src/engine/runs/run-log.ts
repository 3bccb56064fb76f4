import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_FILES, type LogLine } from '../../protocol/run-folder.js';
import { isDiskFull } from './disk.js';

/** The writing end of `log.jsonl`: what happened on this machine. Lines come in order; a full disk drops and counts them. */
export class RunLog {
  readonly #file: FileHandle;
  readonly #onLine: (line: LogLine) => void;
  #queue: Promise<void> = Promise.resolve();
  #lost = 0;

  private constructor(file: FileHandle, onLine: (line: LogLine) => void) {
    this.#file = file;
    this.#onLine = onLine;
  }

  static async open(folder: string, onLine: (line: LogLine) => void): Promise<RunLog> {
    return new RunLog(await open(join(folder, RUN_FILES.log), 'a', 0o644), onLine);
  }

  /** `seq`: the last event before. */
  write(seq: number, line: Omit<LogLine, 'atMs' | 'seq'>): void {
    const stamped: LogLine = { atMs: Date.now(), seq, ...line };
    this.#onLine(stamped);
    this.#queue = this.#queue.then(() => this.#append(stamped));
  }

  async #append(line: LogLine): Promise<void> {
    const told = this.#lost === 0 ? line : { ...line, data: { ...line.data, linesLostBefore: this.#lost } };
    try {
      await this.#file.appendFile(`${JSON.stringify(told)}\n`);
      this.#lost = 0;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#lost++;
    }
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#file.close();
  }
}
