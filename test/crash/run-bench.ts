import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStart } from '../../src/client/process-identity.js';
import { readRun } from '../../src/client/read-run.js';
import { controlRun, resumeRun, startRun } from '../../src/client/runs.js';
import type { EngineProgram } from '../../src/client/supervisor-process.js';
import { bundle, temporaryFolder } from '../fixtures/bundles.js';
import { testRunConfig } from '../fixtures/test-run-config.js';
import { assertSameRemains, remainsOf, waitForState, waitUntil, type Remains } from './crash-bench.js';

const STEPS = 120;

export const RESUME = { allowDrift: false };

/** Makes runs of the test driver for one suite, in a temporary folder. */
export class RunBench {
  readonly #temporary = temporaryFolder();
  #module: string | undefined;
  #uninterrupted: Remains | undefined;
  #count = 0;

  /** Bundles the engine and runs it once without any trouble. */
  async prepare(): Promise<void> {
    this.#module = await bundle('engine-entry', this.folder);
    const folder = await this.start({});
    await waitForState(folder, 'finished');
    this.#uninterrupted = remainsOf(folder);
  }

  get folder(): string {
    return this.#temporary.path;
  }

  get module(): string {
    return this.#module ?? '';
  }

  get uninterrupted(): Remains {
    return this.#uninterrupted ?? { events: Buffer.alloc(0), results: [] };
  }

  remove(): void {
    this.#temporary.remove();
  }

  engine(environment: NodeJS.ProcessEnv): EngineProgram {
    return { module: this.module, environment };
  }

  async start(
    environment: NodeJS.ProcessEnv,
    runsFolder = join(this.folder, String(this.#count++)),
  ): Promise<string> {
    const run = { config: testRunConfig(STEPS), nasText: 'space', runsFolder, dataFolder: this.folder };
    return (await startRun(run, this.engine(environment))).folder;
  }

  /** For `start`: the run waits before each of `steps` until it is released, so that a test can meddle with it there. */
  hold(...steps: number[]): Held {
    const file = join(this.folder, `release-${this.#count++}`);
    return {
      environment: { CELLSMITH_TEST_HOLD: [file, ...steps].join(':') },
      release: (step) => {
        writeFileSync(`${file}-${step}`, '');
      },
    };
  }

  /** A run that was stopped in the middle, whose folder a test may harm. */
  async stopped(): Promise<string> {
    const folder = await this.start(this.hold(70).environment);
    await haveEvents(folder, 60);
    await controlRun(folder, 'stop');
    await waitForState(folder, 'stopped');
    await supervisorEnds(folder);
    return folder;
  }

  /** A run whose supervisor was killed when its log was ahead of its newest checkpoint. */
  async interruptedAhead(): Promise<string> {
    const folder = await this.start(this.hold(70).environment);
    await waitUntil(
      () => existsSync(join(folder, 'checkpoints', '51.json')) && numEvents(folder) > 60,
      'events after a checkpoint',
    );
    process.kill(await supervisorPid(folder), 'SIGKILL');
    await waitUntil(async () => (await readRun(folder)).state === 'interrupted', 'the interruption');
    return folder;
  }

  /** Resumes a run, which then ends with the events of the uninterrupted one. */
  async finishesAlike(folder: string): Promise<void> {
    await resumeRun(folder, this.engine({}), RESUME);
    await waitForState(folder, 'finished');
    assertSameRemains(remainsOf(folder), this.uninterrupted, folder);
  }
}

export interface Held {
  readonly environment: NodeJS.ProcessEnv;
  readonly release: (step: number) => void;
}

export function numEvents(folder: string): number {
  return readFileSync(join(folder, 'events.jsonl'), 'utf8').split('\n').length - 1;
}

export async function haveEvents(folder: string, wanted: number): Promise<void> {
  const hasFile = (): boolean => existsSync(join(folder, 'events.jsonl'));
  await waitUntil(() => hasFile() && numEvents(folder) >= wanted, `${wanted} events`);
}

export function newestCheckpoint(folder: string): number {
  const names = readdirSync(join(folder, 'checkpoints'));
  return Math.max(-1, ...names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number));
}

export function logOf(folder: string): string {
  return readFileSync(join(folder, 'log.jsonl'), 'utf8');
}

export async function supervisorPid(folder: string): Promise<number> {
  return (await readRun(folder)).identity.supervisor?.pid ?? 0;
}

export async function supervisorEnds(folder: string): Promise<void> {
  const pid = await supervisorPid(folder);
  await waitUntil(() => processStart(pid) === undefined, 'the supervisor to end');
}
