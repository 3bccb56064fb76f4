import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withFolder } from './made-data.js';

/** How the server misbehaves; one entry per request, after the last one it behaves. */
export type Behaviour =
  | 'good'
  /** Sends so many bytes of the body, then cuts the connection. */
  | { readonly cutAfter: number }
  /** Sends the start of the body and then nothing more. */
  | { readonly hangAfter: number }
  | { readonly status: number }
  /** Sends the whole file for any range. */
  | 'no-ranges'
  /** Sends 206 with another range than asked for. */
  | 'wrong-range'
  | 'damaged'
  | 'redirect';

export interface FileServer extends AsyncDisposable {
  readonly baseUrl: string;
  /** `METHOD path range` of each request. */
  readonly requests: readonly string[];
}

/** A loopback server of `files` (name → bytes). */
export async function serveFiles(
  files: Readonly<Record<string, Buffer>>,
  behaviours: readonly Behaviour[] = [],
): Promise<FileServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const behaviour = behaviours[requests.length] ?? 'good';
    requests.push(`${request.url ?? ''} ${request.headers.range ?? 'whole'}`);
    answer(files, behaviour, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/`,
    requests,
    [Symbol.asyncDispose]: () => close(server),
  };
}

function answer(
  files: Readonly<Record<string, Buffer>>,
  behaviour: Behaviour,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const name = (request.url ?? '').replace(/^\/(moved\/)?/, '');
  const file = files[name];
  if (typeof behaviour === 'object' && 'status' in behaviour) {
    response.writeHead(behaviour.status).end();
  } else if (behaviour === 'redirect') {
    response.writeHead(302, { location: `/moved/${name}` }).end();
  } else if (file === undefined) {
    response.writeHead(404).end();
  } else {
    sendFile(file, behaviour, request.headers.range, response);
  }
}

function sendFile(
  file: Buffer,
  behaviour: Behaviour,
  range: string | undefined,
  response: ServerResponse,
): void {
  const start = behaviour === 'no-ranges' ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const shown = behaviour === 'wrong-range' ? start + 1 : start;
  const body = Buffer.from(file.subarray(start));
  if (behaviour === 'damaged') body[0]! ^= 1;
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': body.length,
    ...(start > 0 && { 'content-range': `bytes ${shown}-${file.length - 1}/${file.length}` }),
  });
  if (typeof behaviour === 'string') response.end(body);
  else if ('hangAfter' in behaviour) response.write(body.subarray(0, behaviour.hangAfter));
  else if ('cutAfter' in behaviour) {
    // The pause lets the bytes leave before the connection goes.
    response.write(body.subarray(0, behaviour.cutAfter), () => setTimeout(() => response.destroy(), 20));
  }
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
}

/** Runs `use` with a server and an empty data folder. */
export async function withServer(
  behaviours: readonly Behaviour[],
  use: (setting: { to: string; server: FileServer }) => Promise<void>,
  files: Readonly<Record<string, Buffer>>,
): Promise<void> {
  await using server = await serveFiles(files, behaviours);
  await withFolder((to) => use({ to, server }));
}
