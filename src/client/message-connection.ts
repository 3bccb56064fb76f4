import type { Socket } from 'node:net';
import {
  createMessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node.js';

/** JSON-RPC over a connected socket; not listening yet. */
export function messageConnection(socket: Socket): MessageConnection {
  const reader = new SocketMessageReader(socket);
  // Else half a message, left by a process that was killed, leaves a timer that never ends and keeps this process alive.
  reader.partialMessageTimeout = 0;
  return createMessageConnection(reader, new SocketMessageWriter(socket));
}
