import { basename } from 'node:path';
import { RunAttachment, type AttachedState } from '../client/attach.js';
import type { RunEvent } from '../protocol/run-event.js';
import { RunFailed, type CliContext } from './context.js';
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
  let end: (state: AttachedState) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const ended = new Promise<AttachedState>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
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
      if (line.level !== 'info') context.note(harmless(line.text, 500));
    },
    state: (state) => {
      if (isOver(state)) end(state);
      if (state.state === 'paused') context.note(state.reason ?? 'Paused.');
    },
    error: fail,
  });
  const leave = (): void => {
    if (options.stopOnInterrupt) void attachment.ask('stop').catch(fail);
    else end({ state: 'running' });
  };
  context.signal.addEventListener('abort', leave, { once: true });
  try {
    return conclude(await ended, events, { folder, context });
  } finally {
    context.signal.removeEventListener('abort', leave);
    await attachment.close();
  }
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
  switch (state.state) {
    case 'finished':
      return events;
    case 'failed':
      throw new RunFailed(`${name} failed: ${harmless(state.reason ?? 'see log.jsonl in its folder', 1000)}`);
    case 'stopped':
      context.note(`${name} is stopped and saved. Go on with \`cellsmith resume ${name}\`.`);
      return undefined;
    case 'interrupted':
      throw new RunFailed(
        `${name} was interrupted: its process is gone. Go on with \`cellsmith resume ${name}\`.`,
      );
    case 'starting':
    case 'running':
    case 'paused':
      context.note(`${name} goes on in the background.`);
      return undefined;
  }
}

function isOver({ state }: AttachedState): boolean {
  return state === 'finished' || state === 'failed' || state === 'stopped' || state === 'interrupted';
}
