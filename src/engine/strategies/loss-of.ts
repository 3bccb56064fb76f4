import type { Outcome } from '../../protocol/trial.js';
import type { Objective } from '../../space/objective.js';
import { toLosses } from '../../space/objective.js';

/** The loss that decides, lower is better: that of the first objective. */
export function lossOf(
  outcome: Extract<Outcome, { readonly kind: 'measured' }>,
  objectives: readonly Objective[],
): number {
  return toLosses(objectives, outcome.values)[0]!;
}
