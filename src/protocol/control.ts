import type { RunEvent } from './run-event.js';
import type { LogLine, RunState } from './run-folder.js';
import type { Progress } from './trainer-channel.js';

/** JSON-RPC methods of a run's control socket (vscode-jsonrpc over a Unix socket or named pipe). `hello` comes first. */
export const CONTROL_METHODS = {
  /** {runId} → RunStatus. A wrong id ends the connection. */
  hello: 'run/hello',
  status: 'run/status',
  pause: 'run/pause',
  resume: 'run/resume',
  stop: 'run/stop',
  /** {fromSeq}: events from there on, then live ones as `event` notifications. */
  subscribe: 'run/subscribe',
  /** Notifications to subscribers. */
  event: 'run/event',
  progress: 'run/progress',
  log: 'run/log',
  state: 'run/state',
} as const;

export interface RunStatus {
  readonly runId: string;
  readonly state: RunState;
  readonly lastSeq: number;
  readonly progress?: Progress;
  /** Why it failed, or why it paused by itself (disk full): one sentence with the remedy. */
  readonly reason?: string;
}

export interface EventNotification {
  readonly events: readonly RunEvent[];
}

export interface LogNotification {
  readonly line: LogLine;
}
