import { cost } from '../graph/cost.js';
import type { ChoiceArchitecture } from './architecture.js';
import { isNumberDecision, type Decision } from './decision.js';
import { Instantiator } from './instantiate/instantiator.js';
import { layoutOf, type DecisionSlot } from './layout.js';
import { whyIllegal } from './legal.js';
import type { Scale, SearchSpace } from './search-space.js';

export interface CostRange {
  readonly parameters: Extremes;
  readonly macs: Extremes;
}

export interface Extremes {
  readonly low: number;
  readonly high: number;
}

type Metric = 'parameters' | 'macs';
type Metrics = Readonly<Record<Metric, number>>;
type Comparison = (now: Metrics, then: Metrics) => boolean;

/**
 * Exact least and largest parameters and MACs of stand-alone networks of a cell space at one scale, rules left out.
 * Both are sums over the chosen edges (every op counts, also one whose result nobody reads), so changing one choice at a
 * time for the better ends at the optimum: the legal sets of a decision form a matroid.
 */
export function costRange(space: SearchSpace, scale: Scale): CostRange {
  const search = new ExtremeSearch(space, scale);
  const extremes = (metric: Metric): Extremes => ({
    low: search.find(metric, -1),
    high: search.find(metric, 1),
  });
  return { parameters: extremes('parameters'), macs: extremes('macs') };
}

class ExtremeSearch {
  readonly #space: SearchSpace;
  readonly #instantiator: Instantiator;
  readonly #known = new Map<string, Metrics>();

  constructor(space: SearchSpace, scale: Scale) {
    this.#space = space;
    this.#instantiator = new Instantiator(space, { scale, weights: 'standalone', dead: 'keep' });
  }

  /** The extreme of `metric`: the largest for direction 1, the least for −1. */
  find(metric: Metric, direction: 1 | -1): number {
    let values = this.#space.decisions.flatMap(firstLegal);
    for (const slot of layoutOf(this.#space)) {
      let better: readonly number[] | undefined = values;
      while (better !== undefined) {
        values = [...better];
        better = this.#better(values, slot, (now, then) => direction * (now[metric] - then[metric]) > 0);
      }
    }
    return this.#cost(values)[metric];
  }

  /** The best of the values that differ in one option of one decision, if it is better than `values`. */
  #better(
    values: readonly number[],
    slot: DecisionSlot,
    isBetter: Comparison,
  ): readonly number[] | undefined {
    const { decision, offset, length } = slot;
    let best = values;
    for (const tuple of neighbours(decision, values.slice(offset, offset + length))) {
      const candidate = [...values.slice(0, offset), ...tuple, ...values.slice(offset + length)];
      if (isBetter(this.#cost(candidate), this.#cost(best))) best = candidate;
    }
    return best === values ? undefined : best;
  }

  #cost(values: readonly number[]): Metrics {
    const key = values.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const architecture: ChoiceArchitecture = { kind: 'choices', space: this.#space.id, values };
    const { parameters, macs } = cost(this.#instantiator.build(architecture));
    this.#known.set(key, { parameters, macs });
    return { parameters, macs };
  }
}

function firstLegal(decision: Decision): number[] {
  if (isNumberDecision(decision)) return [decision.low];
  if (decision.kind === 'categorical') return [0];
  const step = decision.repeats ? 0 : decision.groupSize;
  return Array.from({ length: decision.count }, (_, i) => i * step);
}

/** Legal values that differ in one chosen option. */
function* neighbours(decision: Decision, values: readonly number[]): Generator<number[]> {
  if (isNumberDecision(decision)) return;
  for (const place of values.keys()) {
    for (const option of decision.options.keys()) {
      const changed = values.map((value, i) => (i === place ? option : value)).sort((a, b) => a - b);
      if (whyIllegal(decision, changed) === undefined) yield changed;
    }
  }
}
