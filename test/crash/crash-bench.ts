import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Rng } from '../../src/base/rng.js';
import { processStart } from '../../src/client/process-identity.js';
import { readRun } from '../../src/client/read-run.js';
import { resumeRun } from '../../src/client/runs.js';
import type { EngineProgram } from '../../src/client/supervisor-process.js';
import type { RunState } from '../../src/protocol/run-folder.js';

/** Kills of each process: 10 in the tests, 100 with `npm run test:crash`. */
export const NUM_KILLS = Number(process.env['CELLSMITH_KILLS'] ?? '10');

const POLL_MS = 5;
const LIMIT_MS = 60_000;

export type Victim = 'trainer' | 'supervisor';

/** What a run leaves that must not depend on interruptions. */
export interface Remains {
  readonly events: Buffer;
  readonly results: readonly string[];
}

export function remainsOf(folder: string): Remains {
  return {
    events: readFileSync(join(folder, 'events.jsonl')),
    results: readdirSync(join(folder, 'results')).sort(),
  };
}

/** `cmp`, with the first differing line in the message. */
export function assertSameRemains(got: Remains, expected: Remains, what: string): void {
  if (!got.events.equals(expected.events)) {
    const [ours, theirs] = [got, expected].map(({ events }) => events.toString().split('\n'));
    const line = (theirs ?? []).findIndex((text, i) => text !== ours?.[i]);
    assert.fail(`${what}: events differ at line ${line + 1}:\n${ours?.[line]}\n${theirs?.[line]}`);
  }
  assert.deepEqual(got.results, expected.results, what);
}

/** Kills a process of the run at `numKills` random moments and goes on with it each time, until it finished. */
export async function killAndFinish(
  folder: string,
  victim: Victim,
  numKills: number,
  options: { readonly rng: Rng; readonly logBytes: number; readonly engine: EngineProgram },
): Promise<number> {
  const { rng, logBytes, engine } = options;
  const moments = Array.from({ length: numKills }, () => rng.below(logBytes)).sort((a, b) => a - b);
  let killed = 0;
  for (const moment of moments) {
    await waitUntil(() => sizeOf(join(folder, 'events.jsonl')) >= moment, `${moment} bytes of events`);
    await delay(rng.below(20));
    killed += await kill(folder, victim);
    if (victim === 'supervisor') await resumeIfInterrupted(folder, engine);
  }
  await waitForEnd(folder);
  return killed;
}

/** Returns 1 if there was something to kill. */
async function kill(folder: string, victim: Victim): Promise<number> {
  const trainer = trainerPid(folder);
  const supervisor = (await readRun(folder)).identity.supervisor?.pid;
  const pid = victim === 'trainer' ? trainer : supervisor;
  if (pid === undefined || processStart(pid) === undefined) return 0;
  process.kill(pid, 'SIGKILL');
  await waitUntil(() => processStart(pid) === undefined, `the death of ${pid}`);
  if (victim === 'supervisor' && trainer !== undefined) {
    await waitUntil(() => processStart(trainer) === undefined, 'the trainer to follow its supervisor');
  }
  return 1;
}

async function resumeIfInterrupted(folder: string, engine: EngineProgram): Promise<void> {
  const { state } = await readRun(folder);
  if (state === 'finished') return;
  assert.equal(state, 'interrupted');
  await resumeRun(folder, engine, { allowDrift: false });
}

/** The trainer that the log named last. */
export function trainerPid(folder: string): number | undefined {
  const log = readFileSync(join(folder, 'log.jsonl'), 'utf8');
  const pid = [...log.matchAll(/"Trainer (\d+) begins/g)].at(-1)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

export async function waitForState(folder: string, wanted: RunState): Promise<void> {
  let state = '';
  await waitUntil(async () => {
    const run = await readRun(folder);
    state = `${run.state}: ${run.identity.failure ?? ''}`;
    if (run.state === 'failed' && wanted !== 'failed') assert.fail(`${folder} ${state}`);
    return run.state === wanted;
  }, `${folder} to be ${wanted}`);
}

/** Until the run is finished and its supervisor is gone. */
export async function waitForEnd(folder: string): Promise<void> {
  await waitForState(folder, 'finished');
  const pid = (await readRun(folder)).identity.supervisor?.pid ?? 0;
  await waitUntil(() => processStart(pid) === undefined, `supervisor ${pid} to end`);
}

export async function waitUntil(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += POLL_MS) {
    if (await condition()) return;
    await delay(POLL_MS);
  }
  assert.fail(`Waited in vain for ${what}`);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}
