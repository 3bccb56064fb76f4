import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { MessageConnection } from 'vscode-jsonrpc/node.js';
import { UserError } from '../base/user-error.js';
import { CONTROL_METHODS, type RunStatus } from '../protocol/control.js';
import {
  parseEventNotification,
  parseLogNotification,
  parseProgress,
  parseRunStatus,
} from '../protocol/parse/control-schema.js';
import type { RunEvent } from '../protocol/run-event.js';
import type { LogLine } from '../protocol/run-folder.js';
import type { Progress } from '../protocol/trainer-channel.js';
import { messageConnection } from './message-connection.js';
import type { RunView } from './read-run.js';

/** What a supervisor tells of itself while one listens. */
export interface ControlListener {
  readonly events: (events: readonly RunEvent[]) => void;
  readonly progress: (progress: Progress) => void;
  readonly log: (line: LogLine) => void;
  readonly state: (status: RunStatus) => void;
}

const HELLO_LIMIT_MS = 5_000;
const LAST_WORDS_MS = 200;

/** A connection to the supervisor of a run, after the handshake. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #connection: MessageConnection;
  /** The status at the handshake. */
  readonly status: RunStatus;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;

  private constructor(
    socket: Socket,
    connection: MessageConnection,
    status: RunStatus,
    closed: Promise<void>,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.status = status;
    this.closed = closed;
  }

  /** Undefined if nobody of this run answers there. */
  static async connect(run: RunView): Promise<ControlClient | undefined> {
    const path = run.identity.supervisor?.socket;
    if (path === undefined) return undefined;
    const socket = await openSocket(path);
    if (socket === undefined) return undefined;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const connection = messageConnection(socket);
    connection.onError(() => socket.destroy());
    connection.listen();
    const timer = setTimeout(() => socket.destroy(), HELLO_LIMIT_MS);
    try {
      const answer: unknown = await Promise.race([
        connection.sendRequest(CONTROL_METHODS.hello, { runId: run.identity.id }),
        closed.then(() => undefined),
      ]);
      if (answer !== undefined) return new ControlClient(socket, connection, parseRunStatus(answer), closed);
    } catch {
      // Another run listens there now, or nobody who speaks this protocol: both are "not this run".
    } finally {
      clearTimeout(timer);
    }
    connection.dispose();
    socket.destroy();
    return undefined;
  }

  /** Events from `fromSeq` on, then live ones, and everything else as it happens. */
  async subscribe(fromSeq: number, listener: ControlListener): Promise<void> {
    const on = (method: string, take: (parameters: unknown) => void): void => {
      this.#connection.onNotification(method, take);
    };
    on(CONTROL_METHODS.event, (input) => listener.events(parseEventNotification(input).events));
    on(CONTROL_METHODS.progress, (input) => listener.progress(parseProgress(input)));
    on(CONTROL_METHODS.log, (input) => listener.log(parseLogNotification(input).line));
    on(CONTROL_METHODS.state, (input) => listener.state(parseRunStatus(input)));
    await this.#connection.sendRequest(CONTROL_METHODS.subscribe, { fromSeq });
  }

  /** Throws `UserError` if the supervisor goes away without an answer. */
  async ask(action: 'status' | 'pause' | 'resume' | 'stop'): Promise<RunStatus> {
    const answer: unknown = await Promise.race([
      this.#connection.sendRequest(CONTROL_METHODS[action], {}),
      // The answer may lie here unread when the connection ends: a stop can be that quick.
      this.closed.then(() => delay(LAST_WORDS_MS, undefined, { ref: false })),
    ]);
    if (answer !== undefined) return parseRunStatus(answer);
    throw new UserError(
      'The run’s supervisor went away without an answer.',
      'Look at the run with `cellsmith show`.',
    );
  }

  close(): void {
    this.#connection.dispose();
    this.#socket.destroy();
  }
}

/** A connected socket, or undefined if nobody listens at `path`. */
function openSocket(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
    // Later errors close the socket, which is what its owner looks at.
    socket.on('error', () => undefined);
  });
}
