import { UnbuildableError } from '../../space/instantiate/unbuildable-error.js';
import type { Outcome, Proposal, TrialId } from '../../protocol/trial.js';
import { OutOfMemoryError } from '../backend/backend.js';
import type { Measurement } from './measure.js';

/** Measures architectures: by training, or with shared weights. */
export interface Evaluator {
  /**
   * Resolves for every proposal, also for one that cannot be built, does not fit or diverges (`kind: 'failed'`).
   * Rejects only if the engine itself is broken, or when the run is to stop.
   */
  evaluate(proposal: Proposal, report: ReportProgress): Promise<TrialResult>;
}

/** `epoch` counts finished epochs, from 1; `cost` is that of this epoch: images × MACs. */
export type ReportProgress = (epoch: number, validation: Measurement, cost: number) => Promise<void>;

export interface TrialResult {
  readonly outcome: Outcome;
  /** What was spent, failed or not: images × MACs, forward and backward. */
  readonly cost: number;
  /** On the validation images; absent if the trial failed. */
  readonly measurement?: Measurement;
}

/** What `work` yields; what makes a trial fail becomes its outcome. Other errors are ours and pass. */
export async function failingAsOutcome(
  trial: TrialId,
  work: () => Promise<TrialResult>,
): Promise<TrialResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OutOfMemoryError) return failed(trial, 'out-of-memory', error.message, 0);
    if (error instanceof UnbuildableError) return failed(trial, 'unbuildable', error.message, 0);
    throw error;
  }
}

export function failed(trial: TrialId, reason: FailureReason, detail: string, cost: number): TrialResult {
  return { outcome: { kind: 'failed', trial, reason, detail }, cost };
}

type FailureReason = Extract<Outcome, { readonly kind: 'failed' }>['reason'];
