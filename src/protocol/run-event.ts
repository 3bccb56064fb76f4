import type { Architecture } from '../space/architecture.js';
import type { RunConfig } from './run-config.js';
import type { Outcome, Proposal, TrialId, TrialRole } from './trial.js';

/**
 * One line of `events.jsonl`. The log is the run: leaderboard, charts, resume and reports are folds over it. It holds only
 * what follows from configuration, seed and data, so that a resumed run's log equals the uninterrupted one byte by byte;
 * times and everything else about this machine today go to `log.jsonl`.
 */
export type RunEvent = RunEventBody & {
  /** 0, 1, 2, … without gaps. */
  readonly seq: number;
};

export type Phase = 'supernet' | 'selection' | 'search' | 'retrain' | 'baseline_retrain' | 'test';

export type RunEventBody =
  | { readonly type: 'started'; readonly config: RunConfig; readonly data: DataFacts }
  /** A phase begins; `total` counts its units (steps, trials or epochs). */
  | {
      readonly type: 'phase';
      readonly phase: Phase;
      readonly total: number;
      readonly unit: 'steps' | 'trials' | 'epochs' | 'touch';
    }
  /** Supernet training, every `reportEvery` steps: means over the steps since the last report. */
  | {
      readonly type: 'supernet';
      readonly step: number;
      readonly trainLoss: number;
      /** Share of right answers on the training batches, in [0, 1]. */
      readonly trainAccuracy: number;
      readonly learningRate: number;
      readonly gradientNorm: number;
      /** The last sampled path. */
      readonly architecture: Architecture;
      /** Validation accuracy of that path with its own batch statistics, on one batch. */
      readonly pathAccuracy: number;
      readonly sampler: SamplerFacts;
    }
  | { readonly type: 'asked'; readonly role: TrialRole; readonly proposals: readonly Proposal[] }
  | {
      readonly type: 'trial_progress';
      readonly role: TrialRole;
      readonly trial: TrialId;
      readonly epoch: number;
      readonly validationLoss: number;
      readonly validationAccuracy: number;
    }
  | {
      readonly type: 'told';
      readonly role: TrialRole;
      readonly outcomes: readonly Outcome[];
      readonly cost: CostSoFar;
    }
  /** The best of a phase, after finalists were scored again. */
  | {
      readonly type: 'selected';
      readonly role: TrialRole;
      readonly trial: TrialId;
      readonly architecture: Architecture;
      readonly validation: Score;
    }
  | {
      readonly type: 'retrain';
      readonly role: TrialRole;
      readonly epoch: number;
      readonly trainLoss: number;
      readonly validationLoss: number;
      readonly validationAccuracy: number;
      readonly learningRate: number;
    }
  /** The one touch of the test split. */
  | {
      readonly type: 'tested';
      readonly role: TrialRole;
      readonly architecture: Architecture;
      readonly test: Score;
      readonly parameters: number;
      readonly macs: number;
      readonly weights: string;
    }
  | {
      readonly type: 'finished';
      readonly because: 'budget-spent' | 'space-exhausted' | 'stopped-by-time-budget';
    };

/** Counts, so that an interval can be computed by whoever shows it. */
export interface Score {
  readonly correct: number;
  readonly of: number;
  /** How the weights came about. */
  readonly weights: 'inherited' | 'trained' | 'retrained';
}

/** The data of a run, by content. */
export interface DataFacts {
  readonly name: string;
  /** For people, e.g. "the first 10,000 MNIST training images". */
  readonly description: string;
  /** SHA-256 over images and labels, hex. */
  readonly hash: string;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Images × MACs (forward and backward) spent so far, as decimal strings are not needed below 2^53. */
export interface CostSoFar {
  readonly search: number;
  readonly baseline: number;
}

/** What a path sampler says of itself. */
export interface SamplerFacts {
  /** Mean kNN novelty of the archive per searched cell type, canonical pairs; absent without an archive. */
  readonly novelty?: Readonly<Record<string, number>>;
  /** Least-used slot relative to the uniform expectation per cell type, in [0, 1]; 1 = perfectly balanced. */
  readonly balance: Readonly<Record<string, number>>;
}
