import type { Rng } from '../../base/rng.js';
import type { Outcome, Proposal, TrialId } from '../../protocol/trial.js';
import type { Objective } from '../../space/objective.js';
import type { SearchSpace } from '../../space/search-space.js';

/**
 * A black-box search method. Synchronous, free of tensors and I/O, and deterministic: its state is a function of its
 * options, its context and the sequence of calls made, so replaying the calls restores it.
 */
export interface Strategy {
  /**
   * Up to `limit` new proposals (`limit` ≥ 1). Fewer means "tell me more first"; none while nothing is in flight means
   * that the space is exhausted.
   */
  ask(limit: number): readonly Proposal[];
  /** Takes in finished trials, in any order; each trial is told exactly once. */
  tell(outcomes: readonly Outcome[]): void;
}

/** What a strategy is given at its start. */
export interface StrategyContext {
  readonly space: SearchSpace;
  /** The first decides. */
  readonly objectives: readonly Objective[];
  /** The strategy's own stream. */
  readonly rng: Rng;
  /** Effort of every trial, see `Proposal.epochs`. */
  readonly epochs: number;
  /** The next free number of the run. */
  readonly newTrial: () => TrialId;
}
