import { join } from 'node:path';
import { UserError } from '../base/user-error.js';
import { readEvents } from '../client/event-tail.js';
import type { RunView } from '../client/read-run.js';
import type { RunEvent } from '../protocol/run-event.js';
import { RUN_FILES } from '../protocol/run-folder.js';

/** All events of a run so far. Throws `UserError` if the log is damaged, or gone though the run has finished. */
export async function eventsOf(run: RunView): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of readEvents(run.folder)) events.push(event);
  if (events.length === 0 && run.state === 'finished') {
    throw new UserError(
      `${join(run.folder, RUN_FILES.events)} is missing, though the run has finished.`,
      'Restore the file, or delete the folder.',
    );
  }
  return events;
}
