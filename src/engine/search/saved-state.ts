import * as v from 'valibot';
import { UserError } from '../../base/user-error.js';
import type { CheckpointState } from '../../protocol/run-folder.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const role = v.picklist(['search', 'baseline']);

const bestTrial = v.object({
  trial: count,
  /** Of the first objective, lower is better. */
  loss: v.number(),
  /** Right answers on the validation images. */
  correct: count,
  of: count,
});

const savedState = v.object({
  /** Images × MACs. */
  cost: v.object({ search: v.number(), baseline: v.number() }),
  /** The best trial of each role that trains from scratch. */
  best: v.object({ search: v.optional(bestTrial), baseline: v.optional(bestTrial) }),
  /** Supernet training: finished steps, their cost, and sums over the steps since the last report. */
  supernet: v.optional(
    v.object({
      step: count,
      cost: v.number(),
      since: v.object({
        steps: count,
        loss: v.number(),
        correct: count,
        images: count,
        gradientNorm: v.number(),
      }),
    }),
  ),
  /** Retraining under way; its weights are the blob `training`. `reported`: finished epochs with their event. */
  training: v.optional(v.object({ role, reported: count, step: count, lossSum: v.number() })),
});

/**
 * Where a driver is, as plain JSON: what does not follow from the events. Together with the events it covers and the
 * blobs it is all that a resumed driver needs.
 */
export type SavedState = v.InferOutput<typeof savedState>;

export const FRESH_STATE: SavedState = { cost: { search: 0, baseline: 0 }, best: {} };

/** Throws `UserError` for anything that this version did not write. */
export function parseSavedState(state: CheckpointState): SavedState {
  const parsed = v.safeParse(savedState, state);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new UserError(
    `The checkpoint does not say where the run was: ${v.getDotPath(issue) ?? 'its state'}: ${issue.message}`,
    'Resume from an older checkpoint: remove the newest file in checkpoints/.',
  );
}
