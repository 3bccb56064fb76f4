import type { Rng } from '../base/rng.js';
import { UserError } from '../base/user-error.js';
import type { ChoiceArchitecture } from './architecture.js';
import type { Decision, NumberDecision, SubsetDecision } from './decision.js';
import { isNumberDecision } from './decision.js';
import { rulesOf } from './rules.js';
import type { SearchSpace } from './search-space.js';

/**
 * Draws an architecture; all that obey the rules are equally likely (real numbers uniform on their scale). Throws
 * `UserError` where a decision has no legal value, or if 1,000 tries all break the rules.
 */
export function sample(space: SearchSpace, rng: Rng): ChoiceArchitecture {
  const empty = space.decisions.find(hasNoValue);
  if (empty !== undefined) {
    const remedy = 'Give it more options, or ask for fewer.';
    throw new UserError(`Space ${space.name} is empty: nothing can be chosen for ${empty.name}`, remedy);
  }
  return rulesOf(space).firstLegal('drawing', () => {
    const values = space.decisions.flatMap((decision) => sampleDecision(decision, rng));
    return { kind: 'choices', space: space.id, values };
  });
}

function hasNoValue(decision: Decision): boolean {
  if (isNumberDecision(decision)) return decision.low > decision.high;
  const numGroups = decision.kind === 'subset' ? decision.options.length / decision.groupSize : 1;
  const isShort = decision.kind === 'subset' && !decision.repeats && numGroups < decision.count;
  return decision.options.length === 0 || isShort;
}

/** The values of one decision, uniform over its legal values as a whole. */
export function sampleDecision(decision: Decision, rng: Rng): number[] {
  switch (decision.kind) {
    case 'categorical':
      return [rng.below(decision.options.length)];
    case 'subset':
      return decision.repeats ? sampleMultiset(decision, rng) : sampleDistinct(decision, rng);
    case 'integer':
    case 'real':
      return [sampleNumber(decision, rng)];
  }
}

/**
 * Multisets of k of n options correspond to k-subsets of n + k − 1: the i-th smallest member less i ("stars and bars").
 * Drawing options one by one would make pairs of different options twice as likely as pairs of equal ones.
 */
function sampleMultiset({ options, count }: SubsetDecision, rng: Rng): number[] {
  return sampleSubset(options.length + count - 1, count, rng).map((value, index) => value - index);
}

/** `count` different groups, an option of each. */
function sampleDistinct({ options, count, groupSize }: SubsetDecision, rng: Rng): number[] {
  const groups = sampleSubset(options.length / groupSize, count, rng);
  return groups.map((group) => group * groupSize + rng.below(groupSize));
}

/** k of 0 … n − 1, ascending (Floyd, Programming Pearls 1987). */
function sampleSubset(n: number, k: number, rng: Rng): number[] {
  const chosen = new Set<number>();
  for (let top = n - k; top < n; top++) {
    const value = rng.below(top + 1);
    chosen.add(chosen.has(value) ? top : value);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** Integers on a log scale: those whose logarithm is uniform on [low, high + 1), cut down. */
function sampleNumber({ kind, low, high, scale }: NumberDecision, rng: Rng): number {
  if (kind === 'integer' && scale === 'linear') return low + rng.below(high - low + 1);
  const end = kind === 'integer' ? high + 1 : high;
  const value =
    scale === 'log'
      ? Math.exp(Math.log(low) + rng.uniform() * (Math.log(end) - Math.log(low)))
      : low + rng.uniform() * (end - low);
  const clipped = Math.min(high, Math.max(low, value));
  return kind === 'integer' ? Math.floor(clipped) : clipped;
}

/** A number of a decision other than `current`. */
export function sampleOtherNumber(decision: NumberDecision, current: number, rng: Rng): number {
  if (decision.kind === 'integer' && decision.scale === 'linear') {
    const other = decision.low + rng.below(decision.high - decision.low);
    return other < current ? other : other + 1;
  }
  let other = current;
  while (other === current) other = sampleNumber(decision, rng);
  return other;
}
