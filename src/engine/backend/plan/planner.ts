import { present } from '../../../base/assert.js';
import { differentiate } from '../../../graph/differentiate.js';
import type { NetworkGraph, NodeId, TrainingGraph } from '../../../graph/network-graph.js';
import { sizeOf } from '../../../graph/ops/shapes.js';
import type { CompileRequest } from '../backend.js';
import { encode } from './encode.js';
import { findGradientSums } from './gradient-sums.js';
import { OPCODE } from './layout.js';
import { byLevel, markLifetimes } from './lifetimes.js';
import { lowerNode } from './lower/index.js';
import type { PlanTarget } from './lowering.js';
import { Lowering } from './lowering.js';
import { placeTensors } from './memory.js';
import { findMergedConvolutions } from './merged-convolutions.js';
import type { Plan } from './plan.js';
import { recomputeCheapResults } from './recompute.js';
import { makeStep } from './steps.js';
import { countUses } from './uses.js';

/** How a network is to be run. */
export interface PlanRequest extends PlanTarget, CompileRequest {
  readonly threads: number;
}

/**
 * Plans a network: folds what needs no storage into views, puts each step at the earliest level at which what it reads
 * is complete, places what must be stored, and writes the tables for the kernels.
 */
export function plan(graph: NetworkGraph, request: PlanRequest): Plan {
  const training = trainingGraph(graph, request);
  const results = resultsOf(training, request);
  const uses = countUses(training, [...results.values(), ...training.weightGradients.values()]);
  const sums = findGradientSums(training, uses);
  const merged = findMergedConvolutions(training, uses, sums);
  const lowering = new Lowering({ graph: training, uses, sums, merged }, request);
  lowerAll(lowering, results);
  const levels = byLevel(lowering.steps);
  markLifetimes(levels);
  const repeated = recomputeCheapResults(levels, lowering.norms.values());
  const base = lowering.regions.size;
  const memory = placeTensors([...lowering.tensors, ...repeated], levels, base, request);
  return encode(lowering, {
    levels,
    threads: request.threads,
    trains: request.train,
    storedBytes: base + memory.stored,
    localBytes: memory.local,
  });
}

function trainingGraph(graph: NetworkGraph, request: CompileRequest): TrainingGraph {
  if (request.train) {
    return differentiate(graph, { loss: 'loss', weights: true, inputs: request.inputGradients ?? [] });
  }
  return { ...graph, numForward: graph.nodes.length, weightGradients: new Map(), inputGradients: new Map() };
}

/** Output name → node. */
function resultsOf(graph: TrainingGraph, request: CompileRequest): ReadonlyMap<string, NodeId> {
  const results = new Map<string, NodeId>();
  for (const name of request.outputs) results.set(name, present(graph.outputs[name], `output ${name}`));
  for (const feed of request.inputGradients ?? []) {
    results.set(`d_${feed}`, present(graph.inputGradients.get(feed), `gradient of feed ${feed}`));
  }
  return results;
}

function lowerAll(lowering: Lowering, results: ReadonlyMap<string, NodeId>): void {
  const { nodes, numForward } = lowering.graph;
  for (const node of nodes) {
    if (node.id === numForward) lowering.prepareWeightGradients();
    if (lowering.needed[node.id] === 1 && lowering.sums.absorbed[node.id] === 0) lowerNode(lowering, node);
  }
  lowering.finishGradients();
  for (const [name, id] of results) lowerOutput(lowering, name, id);
}

function lowerOutput(lowering: Lowering, name: string, id: NodeId): void {
  const value = lowering.value(id);
  if (value.kind === 'scalar') {
    const terms = value.losses.map(({ loss, factor }) => ({ offset: lowering.losses[loss]!.mean, factor }));
    lowering.scalars.push({ name, constant: value.constant, terms });
    return;
  }
  const size = sizeOf(lowering.shape(id));
  const offset = lowering.reals(lowering.target.batch * size);
  lowering.push(makeStep(OPCODE.OUTPUT, { in: lowering.operand(id), result: offset }));
  lowering.outputs.push({ name, offset, size });
}
