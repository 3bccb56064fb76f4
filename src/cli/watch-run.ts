import { basename } from 'node:path';
import { UserError } from '../base/user-error.js';
import { RunAttachment, type AttachedState } from '../client/attach.js';
import { controlRun } from '../client/runs.js';
import type { RunEvent } from '../protocol/run-event.js';
import { RunFailed, type CliContext } from './context.js';
import { runArgument } from './run-folder.js';
import { harmless } from './terminal/format.js';
import { RunView } from './terminal/run-view.js';

export interface WatchOptions {
  /** Foreground runs belong to the terminal: Ctrl-C stops them gracefully. Attached ones go on. */
  readonly stopOnInterrupt: boolean;
  /** Print events as JSON lines instead of a view. */
  readonly json?: boolean;
}

/**
 * Shows a run until it ends or the user leaves. Returns the events seen, or `undefined` if the user left a run that goes on.
 * Throws `RunFailed` if it failed.
 */
export async function watchRun(
  folder: string,
  context: CliContext,
  options: WatchOptions,
): Promise<readonly RunEvent[] | undefined> {
  const events: RunEvent[] = [];
  const view = new RunView(context);
  const { promise: ended, resolve: end, reject: fail } = deferred<AttachedState>();
  const attachment = new RunAttachment(folder, {
    events: (news) => {
      for (const event of news) {
        if (options.json === true) context.print(JSON.stringify(event));
        else view.event(event);
      }
      events.push(...news);
    },
    progress: (progress) => {
      if (options.json !== true) view.progress(progress);
    },
    log: (line) => {
      // How the run ended is told by its state.
      if (line.level !== 'info' && line.kind !== 'failure') context.note(harmless(line.text, 500));
    },
    state: (state) => {
      if (isOver(state)) end(state);
      if (state.state === 'paused' && state.reason === undefined) {
        const resume = `cellsmith resume ${runArgument(folder, context)}`;
        context.note(`${basename(folder)} is paused. Go on with \`${resume}\`.`);
      }
    },
    error: fail,
  });
  const leave = (): void => {
    if (!options.stopOnInterrupt) end({ state: 'running' });
    else {
      context.note('Saving and stopping …');
      // A run that ended meanwhile tells so by its state.
      controlRun(folder, 'stop').catch((error: unknown) => {
        if (!(error instanceof UserError)) fail(error);
      });
    }
  };
  const interruption = context.interruption();
  interruption.addEventListener('abort', leave, { once: true });
  if (interruption.aborted) leave();
  try {
    return conclude(await ended, events, { folder, context });
  } finally {
    interruption.removeEventListener('abort', leave);
    await attachment.close();
  }
}

/** A run in the background gets so long to show that it works. */
const BEGIN_LIMIT_MS = 10_000;

/**
 * Waits until a run that was started or resumed trains, or a few seconds: what a run is refused for (other pins, too
 * little memory) shows in its first moments. Throws `RunFailed` if it failed.
 */
export async function waitForBegin(folder: string, context: CliContext): Promise<void> {
  const { promise, resolve, reject } = deferred<AttachedState>();
  const attachment = new RunAttachment(folder, {
    progress: () => {
      resolve({ state: 'running' });
    },
    state: (state) => {
      if (isOver(state) || state.state === 'paused') resolve(state);
    },
    error: reject,
  });
  const timer = setTimeout(() => {
    resolve({ state: 'running' });
  }, BEGIN_LIMIT_MS);
  try {
    const state = await promise;
    if (state.state === 'failed' || state.state === 'interrupted') conclude(state, [], { folder, context });
  } finally {
    clearTimeout(timer);
    await attachment.close();
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

interface Watched {
  readonly folder: string;
  readonly context: CliContext;
}

function conclude(
  state: AttachedState,
  events: readonly RunEvent[],
  { folder, context }: Watched,
): readonly RunEvent[] | undefined {
  const name = basename(folder);
  const argument = runArgument(folder, context);
  switch (state.state) {
    case 'finished':
      return events;
    case 'failed': {
      const reason = harmless(state.reason ?? 'see log.jsonl in its folder', 1000);
      throw new RunFailed(`${name} failed: ${reason}`, state.fault);
    }
    case 'stopped':
      context.note(`${name} is stopped and saved. Go on with \`cellsmith resume ${argument}\`.`);
      return undefined;
    case 'interrupted':
      throw new RunFailed(
        `${name} was interrupted: its process is gone. Go on with \`cellsmith resume ${argument}\`.`,
      );
    case 'starting':
    case 'running':
    case 'paused':
      context.note(`${name} goes on in the background. Watch it with \`cellsmith attach ${argument}\`.`);
      return undefined;
  }
}

function isOver({ state }: AttachedState): boolean {
  return state === 'finished' || state === 'failed' || state === 'stopped' || state === 'interrupted';
}
