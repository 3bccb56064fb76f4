import { join } from 'node:path';
import { parseEventLine } from '../protocol/parse/run-event-schema.js';
import type { RunEvent } from '../protocol/run-event.js';
import { RUN_FILES } from '../protocol/run-folder.js';
import { readLines } from './read-lines.js';

/** Bytes per read: bounds what a reader of a long log holds at once. */
const BATCH_BYTES = 4 << 20;

/** Reads a growing `events.jsonl` piece by piece, with or without a supervisor; it never writes. */
export class EventTail {
  readonly #path: string;
  #offset = 0;
  #nextSeq = 0;

  constructor(runFolder: string) {
    this.#path = join(runFolder, RUN_FILES.events);
  }

  /** The number of the event that the next `read` begins with. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /**
   * Events that were written since the last call, oldest first; empty at the end. A torn last line is left for later.
   * Throws `UserError` naming the line if one is corrupt or foreign.
   */
  async read(): Promise<readonly RunEvent[]> {
    const { lines, offset } = await readLines(this.#path, this.#offset, BATCH_BYTES);
    const events = lines.map((line, i) => parseEventLine(line, this.#nextSeq + i + 1, this.#path));
    this.#offset = offset;
    this.#nextSeq += events.length;
    return events;
  }
}

/** All events of a run, oldest first, in pieces. */
export async function* readEvents(runFolder: string): AsyncIterable<RunEvent> {
  const tail = new EventTail(runFolder);
  for (let events = await tail.read(); events.length > 0; events = await tail.read()) yield* events;
}
