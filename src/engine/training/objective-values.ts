import { UserError } from '../../base/user-error.js';
import { cost } from '../../graph/cost.js';
import type { NetworkGraph } from '../../graph/network-graph.js';
import type { Objective } from '../../space/objective.js';
import type { Measurement } from './measure.js';

/** (M,) values of a measured network, in the order and units of `objectives`. Sizes are those of `graph`. */
export function objectiveValues(
  objectives: readonly Objective[],
  measurement: Measurement,
  graph: NetworkGraph,
): number[] {
  return objectives.map(({ name }) => METRICS[name]!(measurement, graph));
}

/** Throws `UserError` for an objective that nothing measures yet. */
export function checkObjectives(objectives: readonly Objective[]): void {
  const known = Object.keys(METRICS);
  const missing = objectives.find(({ name }) => !known.includes(name));
  if (missing === undefined) return;
  throw new UserError(
    `The objective ${missing.name} is not measured in this version.`,
    `Take one of: ${known.join(', ')}.`,
  );
}

const METRICS: Readonly<Record<string, (measurement: Measurement, graph: NetworkGraph) => number>> = {
  val_accuracy: ({ correct, of }) => correct / of,
  params: (_, graph) => cost(graph).parameters,
  macs: (_, graph) => cost(graph).macs,
};
