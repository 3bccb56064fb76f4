import type { Brand } from '../base/brand.js';
import type { Architecture } from '../space/architecture.js';

/** Counts trials of one run from 0, selection and baseline together. */
export type TrialId = Brand<number, 'TrialId'>;

/** What a trial is for. */
export type TrialRole = 'search' | 'baseline';

/** A request to measure one architecture with a given effort. */
export interface Proposal {
  /** Unique within its run; results are matched by it, so they may come back in any order. */
  readonly trial: TrialId;
  readonly architecture: Architecture;
  /** Training effort, in epochs over the training split; may be fractional, 0 = no training (inherited weights). */
  readonly epochs: number;
  /** Trials this one derives from: empty if sampled, one for a mutation, two for a crossover. */
  readonly parents: readonly TrialId[];
}

/** How a trial ended. A trial that fails is a result of the search, not an exception. */
export type Outcome =
  | {
      readonly kind: 'measured';
      readonly trial: TrialId;
      /** (M,) finite numbers, one per objective, in the order and units of the run's objectives. */
      readonly values: readonly number[];
    }
  | {
      readonly kind: 'failed';
      readonly trial: TrialId;
      readonly reason: 'diverged' | 'out-of-memory' | 'unbuildable';
      /** One sentence for the user, without a stack trace. */
      readonly detail: string;
    };
