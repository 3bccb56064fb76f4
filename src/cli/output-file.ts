import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../base/user-error.js';

/** Writes what the user asked for, making its folder. Throws `UserError` with the path. */
export async function writeOutput(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  } catch (error) {
    throw new UserError(
      `Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}.`,
      'Make room, or name another file with -o.',
    );
  }
}
