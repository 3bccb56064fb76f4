import { assert, unreachable } from '../../base/assert.js';
import { UserError } from '../../base/user-error.js';
import { parseToTrainer } from '../../protocol/parse/channel-schema.js';
import type { FromTrainer, ToTrainer } from '../../protocol/trainer-channel.js';
import { TrainerHost } from './trainer-host.js';

export type BeginMessage = Extract<ToTrainer, { readonly type: 'begin' }>;

/** What a trainer does between its first message and `done`. */
export interface TrainerWork {
  /** Runs a driver to its end. `UserError`s become the run's failure; anything else is a crash. */
  readonly drive: (begin: BeginMessage, host: TrainerHost) => Promise<void>;
  /** Makes what the host throws out of `breathe` when the run is stopped. */
  readonly makeStop: () => Error;
  /** Whether an error is one of those. */
  readonly isStop: (error: unknown) => boolean;
}

/** The trainer process: lives as long as its channel, and no longer. Never resolves. */
export function serveTrainer(work: TrainerWork): void {
  assert(process.send !== undefined, 'A trainer is started by its supervisor');
  // No orphans: without a supervisor nobody would keep what is computed here.
  process.on('disconnect', () => process.exit(0));
  // A terminal signals the whole group; the supervisor decides what that means.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  let host: TrainerHost | undefined;
  process.on('message', (input) => {
    const message = aligned(parseToTrainer(input));
    if (message.type === 'begin') {
      host = new TrainerHost(send, work.makeStop, message.resume?.blobs ?? {});
      void runDriver(work, message, host);
    } else {
      assert(host !== undefined, 'The first message is `begin`');
      obey(message, host);
    }
  });
}

/** Copies blobs to arrays of their own: in a message they begin at any byte, which no `Float32Array` could view. */
function aligned(message: ToTrainer): ToTrainer {
  if (message.type !== 'begin' || message.resume === undefined) return message;
  const blobs = Object.entries(message.resume.blobs).map(
    ([name, bytes]) => [name, new Uint8Array(bytes)] as const,
  );
  return { ...message, resume: { ...message.resume, blobs: Object.fromEntries(blobs) } };
}

async function runDriver(work: TrainerWork, begin: BeginMessage, host: TrainerHost): Promise<void> {
  try {
    await work.drive(begin, host);
    await host.drain();
    send({ type: 'done', because: 'finished' });
  } catch (error) {
    if (work.isStop(error)) {
      await host.drain();
      send({ type: 'done', because: 'stopped' });
    } else if (error instanceof UserError) {
      send({ type: 'refused', message: error.message, remedy: error.remedy });
    } else {
      crash(error);
    }
  }
}

function obey(message: Exclude<ToTrainer, BeginMessage>, host: TrainerHost): void {
  switch (message.type) {
    case 'pause':
      host.pause();
      return;
    case 'resume':
      host.unpause();
      return;
    case 'stop':
      host.stop();
      return;
    case 'acknowledged':
      host.acknowledged(message.message);
      return;
    default:
      unreachable(message);
  }
}

function send(message: FromTrainer): void {
  // A closed channel ends the process by `disconnect`.
  process.send?.(message, () => undefined);
}

/** A bug of ours, or memory ran out: the supervisor reads the last words and starts another trainer. */
function crash(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${text}\n`, () => process.exit(70));
}
