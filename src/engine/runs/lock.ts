import { randomUUID } from 'node:crypto';
import { copyFile, link, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/user-error.js';
import { isErrno, liveness, thisProcess, type ProcessIdentity } from '../../client/process-identity.js';
import { hasHeartbeat } from '../../client/read-run.js';

const LOCK_NAME = /^supervisor-(\d+)\.lock$/;
/** A lock that cannot be read is being written, unless it is older than this. */
const WRITING_MS = 5_000;

/**
 * One supervisor per run folder. Locks are numbered: whoever finds the highest one's owner dead makes the next, which
 * only one process can, and then looks whether it is still the highest. The highest is never removed, so that a process
 * that slept between looking and making cannot find its number free again.
 */
export class SupervisorLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws `UserError` naming the owner if the run is taken. */
  static async acquire(folder: string): Promise<SupervisorLock> {
    const highest = await highestLock(folder);
    if (highest > 0) await checkOwnerIsGone(folder, highest);
    const path = join(folder, lockName(highest + 1));
    if (!(await makeLock(folder, path)) || (await highestLock(folder)) !== highest + 1) {
      throw new UserError(
        `${folder}: another supervisor took this run just now.`,
        'Attach to the run instead.',
      );
    }
    for (let n = highest; n > 0 && (await removeLock(folder, n)); n--);
    return new SupervisorLock(path);
  }

  /** Marks the lock as free; it is the end of the process that makes it so in any case. */
  async release(): Promise<void> {
    const draft = `${this.#path}.free`;
    try {
      await writeFile(draft, 'free\n');
      await rename(draft, this.#path);
    } catch (error) {
      // No folder, no lock; and without room for four bytes the end of this process frees it.
      if (!isErrno(error, 'ENOENT', 'ENOSPC', 'EDQUOT', 'EFBIG')) throw error;
    }
  }
}

function lockName(n: number): string {
  return `supervisor-${n}.lock`;
}

async function highestLock(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).map((name) => Number(LOCK_NAME.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

async function checkOwnerIsGone(folder: string, n: number): Promise<void> {
  const owner = await readOwner(join(folder, lockName(n)));
  if (owner === 'free') return;
  if (owner === 'unreadable') {
    throw new UserError(`${folder}: another supervisor is taking this run.`, 'Attach to the run instead.');
  }
  const life = liveness(owner);
  if (life === 'dead' || (life === 'elsewhere' && !(await hasHeartbeat(folder)))) return;
  const where = life === 'elsewhere' ? ` on ${owner.host}` : '';
  throw new UserError(
    `${folder} is already being run by process ${owner.pid}${where}.`,
    'Attach to the run, or stop it first.',
  );
}

async function readOwner(path: string): Promise<ProcessIdentity | 'free' | 'unreadable'> {
  const text = await readFile(path, 'utf8');
  if (text === 'free\n') return 'free';
  const [pid, host, processStart] = text.split('\n');
  if (pid !== undefined && /^\d+$/.test(pid) && host !== undefined && processStart !== undefined) {
    return { pid: Number(pid), host, processStart };
  }
  const { mtimeMs } = await stat(path);
  return Date.now() - mtimeMs < WRITING_MS ? 'unreadable' : 'free';
}

/** Whether this process made `path`, whole at once. */
async function makeLock(folder: string, path: string): Promise<boolean> {
  const own = thisProcess();
  const draft = join(folder, `.lock-${randomUUID()}`);
  await writeFile(draft, `${own.pid}\n${own.host}\n${own.processStart}\n`);
  try {
    await link(draft, path).catch((error: unknown) => {
      // File systems without hard links.
      if (isErrno(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) return copyFile(draft, path, constants.COPYFILE_EXCL);
      throw error;
    });
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeLock(folder: string, n: number): Promise<boolean> {
  try {
    await rm(join(folder, lockName(n)));
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
