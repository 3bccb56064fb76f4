import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names one process for good: pids are used again, also after a restart of the machine. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Start time as the system tells it; empty where it does not. */
  readonly processStart: string;
}

/** `elsewhere`: on another machine, whose processes nobody here can see. */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), processStart: processStart(process.pid) ?? '' };
}

export function liveness(identity: ProcessIdentity): Liveness {
  if (identity.host !== hostname()) return 'elsewhere';
  if (!answersSignals(identity.pid)) return 'dead';
  const start = processStart(identity.pid);
  if (start === undefined) return 'dead';
  return start === identity.processStart || identity.processStart === '' || start === '' ? 'alive' : 'dead';
}

/** Start of a process, or undefined if there is none (a zombie counts as none); empty if the system does not say. */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') return startFromProc(pid);
  if (process.platform === 'win32') return answersSignals(pid) ? '' : undefined;
  return startFromPs(pid);
}

/** Boot id and start in clock ticks since boot (`proc(5)`: fields 3 and 22 of `stat`, the name in field 2 may hold spaces). */
function startFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${bootId()}:${fields[19] ?? ''}`;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function startFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim();
  } catch (error) {
    // ps exits with 1 when there is no such process.
    return isErrno(error, 'ENOENT') ? '' : undefined;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

/** Whether `error` is a system error with one of `codes`. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
