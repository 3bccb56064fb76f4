import type { RunStatus } from '../protocol/control.js';
import type { RunEvent } from '../protocol/run-event.js';
import type { LogLine } from '../protocol/run-folder.js';
import type { Progress } from '../protocol/trainer-channel.js';
import { ControlClient } from './control-client.js';
import { EventTail } from './event-tail.js';
import { isGoingOn, readRun, type RunView } from './read-run.js';

/** What one hears of a run. Calls come in order; none comes after `close`. */
export interface RunListener {
  /** Every event once, from `fromSeq` on. */
  readonly events?: (events: readonly RunEvent[]) => void;
  readonly progress?: (progress: Progress) => void;
  readonly log?: (line: LogLine) => void;
  /** At first, and at every change. */
  readonly state?: (view: AttachedState) => void;
  /** The event log is corrupt, or the folder is gone: nothing more will come. */
  readonly error?: (error: Error) => void;
}

export interface AttachedState {
  readonly state: RunView['state'];
  /** Why it failed or paused by itself. */
  readonly reason?: string;
  readonly fault?: 'input' | 'run' | 'bug';
}

const POLL_MS = 250;

/**
 * Watches a run, whatever happens to it: through its supervisor's socket while there is one, from the log in its folder
 * otherwise; a run that is resumed by somebody is picked up again. Changes nothing: viewing never resumes.
 */
export class RunAttachment {
  readonly #folder: string;
  readonly #listener: RunListener;
  readonly #tail: EventTail;
  #nextSeq: number;
  #client: ControlClient | undefined;
  #lastState: string | undefined;
  #isClosed = false;
  #wake: () => void = () => undefined;
  readonly #loop: Promise<void>;

  constructor(folder: string, listener: RunListener, fromSeq = 0) {
    this.#folder = folder;
    this.#listener = listener;
    this.#nextSeq = fromSeq;
    this.#tail = new EventTail(folder);
    this.#loop = this.#follow().catch((error: unknown) => {
      if (!this.#isClosed) listener.error?.(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Asks the supervisor. Undefined: there is none (any more). */
  async ask(action: 'pause' | 'resume' | 'stop'): Promise<RunStatus | undefined> {
    return this.#client?.ask(action);
  }

  /** Stops watching; the run goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#client?.close();
    this.#wake();
    await this.#loop;
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      const run = await readRun(this.#folder);
      const client = isGoingOn(run) ? await ControlClient.connect(run) : undefined;
      if (client === undefined) {
        await this.#readLog();
        this.#tell({ state: run.state, ...whyOf(run) });
        await this.#pause();
      } else {
        await this.#listen(client);
      }
    }
  }

  async #listen(client: ControlClient): Promise<void> {
    this.#client = client;
    if (this.#isClosed) client.close();
    this.#tell(client.status);
    await Promise.race([
      client.subscribe(this.#nextSeq, {
        events: (events) => this.#take(events),
        progress: (progress) => this.#listener.progress?.(progress),
        log: (line) => this.#listener.log?.(line),
        state: (status) => {
          // The end is told when everything before it was, from the folder.
          if (status.state === 'running' || status.state === 'paused') this.#tell(status);
        },
      }),
      client.closed,
    ]);
    await client.closed;
    this.#client = undefined;
  }

  /** Events that no supervisor told. */
  async #readLog(): Promise<void> {
    for (let events = await this.#tail.read(); events.length > 0; events = await this.#tail.read()) {
      this.#take(events);
    }
  }

  #take(events: readonly RunEvent[]): void {
    const news = events.filter((event) => event.seq >= this.#nextSeq);
    const last = news.at(-1);
    if (last === undefined || this.#isClosed) return;
    this.#nextSeq = last.seq + 1;
    this.#listener.events?.(news);
  }

  #tell(view: AttachedState): void {
    const { state, reason, fault } = view;
    const key = JSON.stringify([state, reason]);
    if (key === this.#lastState || this.#isClosed) return;
    this.#lastState = key;
    this.#listener.state?.({
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(fault === undefined ? {} : { fault }),
    });
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function whyOf(run: RunView): Pick<AttachedState, 'reason' | 'fault'> {
  const { failure, fault } = run.identity;
  return {
    ...(failure === undefined ? {} : { reason: failure }),
    ...(fault === undefined ? {} : { fault }),
  };
}
