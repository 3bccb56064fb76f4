import type { Socket } from 'node:net';
import type { MessageConnection } from 'vscode-jsonrpc/node.js';
import { UserError } from '../../base/user-error.js';
import { messageConnection } from '../../client/message-connection.js';
import { CONTROL_METHODS, type RunStatus } from '../../protocol/control.js';
import { parseHello, parseSubscribe } from '../../protocol/parse/control-schema.js';
import type { RunEvent } from '../../protocol/run-event.js';

/** What the socket offers of a run. */
export interface ControlHost {
  status(): RunStatus;
  pause(): void;
  resume(): void;
  stop(): void;
  /** Some events on disk from `seq` on, at least one if there is one. */
  readEvents(seq: number): Promise<readonly RunEvent[]>;
}

/** Nobody needs more to say hello. */
const HELLO_BYTES = 65_536;
const HELLO_MS = 10_000;
/** Messages that a client has not taken yet: from the first on, progress is dropped; at the second it is cut off. */
const DROP_PENDING = 16;
const CLOSE_PENDING = 1_000;

/** One client of the control socket. */
export class ControlPeer {
  readonly #socket: Socket;
  readonly #connection: MessageConnection;
  readonly #host: ControlHost;
  #isGreeted = false;
  #pending = 0;
  /** The next event to send; undefined: not subscribed. */
  #cursor: number | undefined;
  #pumping: Promise<void> | undefined;
  #mustPumpAgain = false;

  constructor(socket: Socket, runId: string, host: ControlHost) {
    this.#socket = socket;
    this.#host = host;
    this.#connection = messageConnection(socket);
    this.#guard();
    this.#serve(runId);
    this.#connection.listen();
  }

  /** Garbage, silence and broken connections end this client and nothing else. */
  #guard(): void {
    const drop = (): void => {
      this.destroy();
    };
    this.#socket.on('error', drop);
    this.#connection.onError(drop);
    this.#connection.onClose(drop);
    let received = 0;
    const timer = setTimeout(() => {
      if (!this.#isGreeted) drop();
    }, HELLO_MS);
    this.#socket.on('close', () => {
      clearTimeout(timer);
    });
    this.#socket.on('data', (chunk) => {
      received += chunk.length;
      if (!this.#isGreeted && received > HELLO_BYTES) drop();
    });
  }

  #serve(runId: string): void {
    const host = this.#host;
    this.#connection.onRequest(CONTROL_METHODS.hello, (parameters: unknown): RunStatus => {
      if (parseHello(parameters).runId !== runId) {
        setImmediate(() => {
          this.#socket.end();
        });
        throw new UserError('This is the socket of another run.', 'Read run.json again.');
      }
      this.#isGreeted = true;
      return host.status();
    });
    this.#onGreeted(CONTROL_METHODS.status, () => undefined);
    this.#onGreeted(CONTROL_METHODS.pause, () => {
      host.pause();
    });
    this.#onGreeted(CONTROL_METHODS.resume, () => {
      host.resume();
    });
    this.#onGreeted(CONTROL_METHODS.stop, () => {
      host.stop();
    });
    this.#onGreeted(CONTROL_METHODS.subscribe, (parameters) => {
      this.#cursor = parseSubscribe(parameters).fromSeq;
      this.pump();
    });
  }

  #onGreeted(method: string, action: (parameters: unknown) => void): void {
    this.#connection.onRequest(method, (parameters: unknown): RunStatus => {
      if (!this.#isGreeted)
        throw new UserError(`${method} before ${CONTROL_METHODS.hello}.`, 'Say hello first.');
      action(parameters);
      return this.#host.status();
    });
  }

  /** Sends a notification. What is `droppable` is left out while the client is behind. */
  notify(method: string, parameters: object, need: 'needed' | 'droppable'): void {
    if (!this.#isGreeted || (need === 'droppable' && this.#pending >= DROP_PENDING)) return;
    if (this.#pending >= CLOSE_PENDING) {
      this.destroy();
      return;
    }
    void this.#send(method, parameters);
  }

  /** Sends events that the client has not got yet, from the disk: a slow client costs no memory. */
  pump(): void {
    this.#mustPumpAgain = true;
    this.#pumping ??= this.#pumpAll().finally(() => (this.#pumping = undefined));
  }

  async #pumpAll(): Promise<void> {
    while (this.#mustPumpAgain && this.#cursor !== undefined && !this.#socket.destroyed) {
      this.#mustPumpAgain = false;
      const events = await this.#host.readEvents(this.#cursor);
      if (events.length === 0) continue;
      this.#cursor += events.length;
      this.#mustPumpAgain = true;
      await this.#send(CONTROL_METHODS.event, { events });
    }
  }

  /** Resolves once the message left this process, or the client is gone. */
  async #send(method: string, parameters: object): Promise<void> {
    this.#pending++;
    try {
      await this.#connection.sendNotification(method, parameters);
    } catch {
      // Whatever a write to a client fails of, the client is lost and the run goes on.
      this.destroy();
    } finally {
      this.#pending--;
    }
  }

  /** Resolves when everything was sent. */
  async end(): Promise<void> {
    this.pump();
    await this.#pumping;
    await new Promise<void>((resolve) => this.#socket.end(resolve));
  }

  destroy(): void {
    this.#connection.dispose();
    this.#socket.destroy();
  }
}
