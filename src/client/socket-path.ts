import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../base/user-error.js';

/** Node cuts longer socket paths silently (107 bytes on Linux, 103 on macOS). */
export const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Where the supervisor of run `runId` listens: never inside the workspace, whose path may be long. The name cannot be
 * guessed, because run ids are random. Throws `UserError` if every candidate is too long.
 */
export function socketPath(runId: string, environment: NodeJS.ProcessEnv = process.env): string {
  const name = `cellsmith-${createHash('sha256').update(runId).digest('hex').slice(0, 24)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const runtime = environment['XDG_RUNTIME_DIR'];
  const folders = [...(runtime !== undefined && runtime !== '' ? [runtime] : []), tmpdir()];
  const paths = folders.filter(isWritable).map((folder) => join(folder, `${name}.sock`));
  const fitting = paths.find((path) => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES);
  if (fitting !== undefined) return fitting;
  throw new UserError(
    `No folder for the control socket: the path must have at most ${MAX_SOCKET_PATH_BYTES} bytes (tried ${folders.join(', ')}).`,
    'Set XDG_RUNTIME_DIR or TMPDIR to a writable folder with a short path.',
  );
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
