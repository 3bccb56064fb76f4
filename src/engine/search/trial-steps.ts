import { assert } from '../../base/assert.js';
import { UserError } from '../../base/user-error.js';
import type { Proposal, TrialId, TrialRole } from '../../protocol/trial.js';
import type { Architecture } from '../../space/architecture.js';
import { choiceKey } from '../../space/architecture.js';
import type { Strategy } from '../strategies/strategy.js';
import { lossOf } from '../strategies/loss-of.js';
import type { Evaluator, TrialResult } from '../training/evaluator.js';
import type { SearchRun } from './search-run.js';

/** Measures one proposal and tells the log; a checkpoint follows. */
export async function runTrial(
  run: SearchRun,
  role: TrialRole,
  proposal: Proposal,
  evaluator: Evaluator,
): Promise<TrialResult> {
  await run.emit({ type: 'asked', role, proposals: [proposal] });
  const result = await evaluator.evaluate(proposal, async (epoch, { correct, of, loss }, cost) => {
    const trial = proposal.trial;
    run.progress.worked(cost);
    await run.emit({
      type: 'trial_progress',
      role,
      trial,
      epoch,
      validationLoss: loss,
      validationAccuracy: correct / of,
    });
  });
  run.spend(role, result.cost);
  keepBest(run, role, result);
  await run.emit({ type: 'told', role, outcomes: [result.outcome], cost: run.state.cost });
  await run.checkpoint();
  return result;
}

/**
 * Brings a fresh strategy, and the run's count of trials, to where the past events of the run left them, by making the
 * same calls again. That the strategy proposes the same is a free test of its determinism.
 */
export function replay(run: SearchRun, strategy: Strategy): void {
  for (const event of run.pastEvents) {
    if (event.type === 'asked' && event.role === 'baseline') event.proposals.forEach(() => run.newTrial());
    if (event.type === 'asked' && event.role === 'search') {
      const again = strategy.ask(event.proposals.length);
      const isSame = event.proposals.every((proposal, i) => isEqual(proposal, again[i]));
      assert(isSame, `The strategy does not propose trial ${event.proposals[0]?.trial} again`);
    }
    if (event.type === 'told' && event.role === 'search') strategy.tell(event.outcomes);
  }
}

/** Ends the search of a role that trains its trials: the best of them is the winner. */
export async function selectBest(run: SearchRun, role: TrialRole): Promise<void> {
  const best = run.state.best[role];
  if (best === undefined || run.selected(role) !== undefined) return;
  const trial = best.trial as TrialId;
  const validation = { correct: best.correct, of: best.of, weights: 'trained' } as const;
  await run.emit({ type: 'selected', role, trial, architecture: run.architectureOf(trial), validation });
  await run.checkpoint();
}

/** The user's search came to nothing: no trial could be measured. */
export function allFailedError(run: SearchRun): UserError {
  const failures = run
    .outcomes('search')
    .flatMap((outcome) => (outcome.kind === 'failed' ? outcome.detail : []));
  return new UserError(
    `None of the ${failures.length} trials could be measured; the last: ${failures.at(-1) ?? 'there was none'}`,
    'Lower the learning rate or the batch size, or leave out what cannot be built, and start again.',
  );
}

/** Keeps the trial if it is the best of its role so far; of equals the older stays. */
function keepBest(run: SearchRun, role: TrialRole, { outcome, measurement }: TrialResult): void {
  if (outcome.kind === 'failed' || measurement === undefined) return;
  const { best } = run.state;
  const loss = lossOf(outcome, run.config.objectives);
  const { correct, of } = measurement;
  if (best[role] !== undefined && best[role].loss <= loss) return;
  run.change({ best: { ...best, [role]: { trial: outcome.trial, loss, correct, of } } });
}

function isEqual(a: Proposal, b: Proposal | undefined): boolean {
  return b?.trial === a.trial && keyOf(a.architecture) === keyOf(b.architecture);
}

function keyOf(architecture: Architecture): string {
  return architecture.kind === 'choices' ? choiceKey(architecture) : JSON.stringify(architecture);
}
