import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { UserError } from '../../base/user-error.js';
import { CONTROL_METHODS, type RunStatus } from '../../protocol/control.js';
import type { LogLine } from '../../protocol/run-folder.js';
import type { Progress } from '../../protocol/trainer-channel.js';
import { ControlPeer, type ControlHost } from './control-peer.js';

/** The control socket of a run: any number of clients of the same user, none of which can hold the run up. */
export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #peers = new Set<ControlPeer>();

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** Listens at `path`, which only this user may open. The caller holds the run's lock, so what lies there is stale. */
  static async listen(path: string, runId: string, host: ControlHost): Promise<ControlServer> {
    if (process.platform !== 'win32') await rm(path, { force: true });
    const server = createServer();
    await bind(server, path);
    const control = new ControlServer(server, path);
    server.on('connection', (socket) => {
      control.#accept(socket, runId, host);
    });
    return control;
  }

  #accept(socket: Socket, runId: string, host: ControlHost): void {
    const peer = new ControlPeer(socket, runId, host);
    this.#peers.add(peer);
    socket.on('close', () => this.#peers.delete(peer));
  }

  sendState(status: RunStatus): void {
    for (const peer of this.#peers) peer.notify(CONTROL_METHODS.state, status, 'needed');
  }

  sendProgress(progress: Progress): void {
    for (const peer of this.#peers) peer.notify(CONTROL_METHODS.progress, progress, 'droppable');
  }

  sendLog(line: LogLine): void {
    for (const peer of this.#peers) peer.notify(CONTROL_METHODS.log, { line }, 'droppable');
  }

  /** New events are on disk. */
  wake(): void {
    for (const peer of this.#peers) peer.pump();
  }

  /** Hands over what is left to every client that keeps up, at most for `graceMs`, and stops listening. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const peers = [...this.#peers];
    await Promise.race([Promise.all(peers.map((peer) => peer.end())), delay(graceMs)]);
    for (const peer of peers) peer.destroy();
    await closed;
    if (process.platform !== 'win32') await rm(this.#path, { force: true });
  }
}

/** A Unix socket is made with the process's mask: 0600 from its first moment on. */
async function bind(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } catch (error) {
    throw new UserError(
      `Cannot listen at ${path} (${(error as Error).message}).`,
      'Set XDG_RUNTIME_DIR or TMPDIR to a writable folder with a short path.',
    );
  } finally {
    process.umask(mask);
  }
  if (process.platform !== 'win32') await chmod(path, 0o600);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
