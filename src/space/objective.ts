/** What a run optimises. Values enter strategies through `toLosses`, so every algorithm minimises. */
export interface Objective {
  readonly name: string;
  readonly goal: 'minimize' | 'maximize';
  /** Of one value: `ratio` is in [0, 1], `ms` is milliseconds per batch of one, `count` is dimensionless. */
  readonly unit: 'ratio' | 'ms' | 'bytes' | 'count';
  /** Where values come from. The held-out test split is absent on purpose: no search may see it. */
  readonly source: 'validation' | 'analytic' | 'device';
}

/** (M,) measured values, in objective order → (M,) losses, lower is better. */
export function toLosses(objectives: readonly Objective[], values: readonly number[]): number[] {
  return objectives.map((objective, i) => (objective.goal === 'minimize' ? values[i]! : -values[i]!));
}
