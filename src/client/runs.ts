import { UserError } from '../base/user-error.js';
import type { RunStatus } from '../protocol/control.js';
import { ControlClient } from './control-client.js';
import { createRunFolder, type NewRun } from './create-run-folder.js';
import { isGoingOn, readRun, type RunView } from './read-run.js';
import { startSupervisor, type EngineProgram } from './supervisor-process.js';

/**
 * Makes a run folder and starts a detached run in it, which outlives this process. Resolves when the run's supervisor
 * answers. Throws `UserError`: no folder can be made, or the supervisor's own sentence.
 */
export async function startRun(run: NewRun, engine: EngineProgram): Promise<RunView> {
  const folder = await createRunFolder(run, new Date());
  return startSupervisor(engine, folder, []);
}

export interface ResumeOptions {
  /** Go on although device, runtime or version are others than at the start; the log says so. */
  readonly allowDrift: boolean;
  /** Where data sets are looked for; undefined: where the run looked before. */
  readonly dataFolder?: string;
}

/** Goes on with a run that was stopped, interrupted or failed. Throws `UserError` if it is going on, or has finished. */
export async function resumeRun(
  folder: string,
  engine: EngineProgram,
  options: ResumeOptions,
): Promise<RunView> {
  const data = options.dataFolder === undefined ? [] : ['--data', options.dataFolder];
  const drift = options.allowDrift ? ['--allow-drift'] : [];
  await readRun(folder);
  return startSupervisor(engine, folder, ['--resume', ...drift, ...data]);
}

/** A run, and what its supervisor adds. */
export interface LiveRun extends RunView {
  /** Whether a supervisor answers. */
  readonly isSupervised: boolean;
  /** Why it paused by itself. */
  readonly reason?: string;
}

/**
 * The run as its supervisor tells it, if there is one: where the disk is full it cannot write its state down. Changes
 * nothing.
 */
export async function askRun(run: RunView): Promise<LiveRun> {
  const isGoingOn = run.state === 'starting' || run.state === 'running' || run.state === 'paused';
  const client = isGoingOn ? await ControlClient.connect(run) : undefined;
  if (client === undefined) return { ...run, isSupervised: false };
  const { state, reason } = client.status;
  client.close();
  return { ...run, state, isSupervised: true, ...(reason === undefined ? {} : { reason }) };
}

/**
 * Pauses a run, lets a paused one go on, or stops it gracefully: it saves a checkpoint and ends. Resolves when the
 * supervisor has taken the request. Throws `UserError` if the run has no supervisor.
 */
export async function controlRun(folder: string, action: 'pause' | 'resume' | 'stop'): Promise<RunStatus> {
  const run = await readRun(folder);
  const client = isGoingOn(run) ? await ControlClient.connect(run) : undefined;
  if (client === undefined) {
    const remedy =
      run.state === 'finished'
        ? `Look at it with \`cellsmith show ${folder}\`.`
        : `Nothing runs. Go on with it: \`cellsmith resume ${folder}\`.`;
    throw new UserError(`${folder}: the run is ${run.state}, so it cannot ${action}.`, remedy);
  }
  try {
    return await client.ask(action);
  } finally {
    client.close();
  }
}
