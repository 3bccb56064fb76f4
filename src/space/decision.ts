import type { Brand } from '../base/brand.js';

/** E.g. `Normal.x[1]`: cell type, node (and edge). */
export type DecisionName = Brand<string, 'DecisionName'>;

/** One question the search answers, e.g. "which two inputs and ops does node 3 of the normal cell read?". */
export type Decision =
  /** One option; takes one value: its index. */
  | { readonly kind: 'categorical'; readonly name: DecisionName; readonly options: readonly string[] }
  /**
   * `count` options, order irrelevant; takes `count` values: indices in ascending order. Options come in groups of
   * `groupSize` (the ops of one input, input-major: option = input · groupSize + op). `repeats: false`: at most one
   * option of each group (distinct inputs); `true`: any multiset (EN²AS: both inputs may be the same node and op).
   */
  | {
      readonly kind: 'subset';
      readonly name: DecisionName;
      readonly options: readonly string[];
      readonly count: number;
      readonly repeats: boolean;
      readonly groupSize: number;
    }
  /** A number in [low, high]; integers by steps of 1. One value. */
  | {
      readonly kind: 'integer' | 'real';
      readonly name: DecisionName;
      readonly low: number;
      readonly high: number;
      readonly scale: 'linear' | 'log';
    };

export type SubsetDecision = Extract<Decision, { readonly kind: 'subset' }>;
/** Chooses among named options. */
export type OptionDecision = Extract<Decision, { readonly kind: 'categorical' | 'subset' }>;
export type NumberDecision = Extract<Decision, { readonly kind: 'integer' | 'real' }>;

export function isNumberDecision(decision: Decision): decision is NumberDecision {
  return decision.kind === 'integer' || decision.kind === 'real';
}

/** Number of values a decision takes in an architecture. */
export function numValues(decision: Decision): number {
  return decision.kind === 'subset' ? decision.count : 1;
}
