import type { GraphNode, NodeId, NodeOf, TrainingGraph, WeightKey } from '../../../graph/network-graph.js';
import type { GradientSums } from './gradient-sums.js';
import { BL } from './layout.js';
import { sameWindow } from './same-window.js';
import type { Uses } from './uses.js';

/**
 * Convolutions with one input and one window, run as one: the input is gathered once, its gradient written once. In a
 * chain of cells every cell's output is preprocessed twice, for the next cell and the one after it.
 */
export interface MergedConvolution {
  readonly x: NodeId;
  /** The convolutions; their gradients in the same order, if the network is trained. */
  readonly forward: readonly NodeId[];
  readonly kernelGrads: readonly NodeId[];
  readonly inputGrads: readonly NodeId[];
  /** Gradients of the input that have been asked for so far: the step waits for the last one. */
  numReached: number;
}

/** By node, forward and gradients alike: the merged convolution that it belongs to. */
export function findMergedConvolutions(
  graph: TrainingGraph,
  uses: Uses,
  sums: GradientSums,
): ReadonlyMap<NodeId, MergedConvolution> {
  const inputGrads = inputGradsByKey(graph, uses);
  const byNode = new Map<NodeId, MergedConvolution>();
  for (const convolutions of candidates(graph, uses)) {
    const merged = merge(graph, sums, convolutions, inputGrads);
    if (merged === undefined) continue;
    for (const id of [...merged.forward, ...merged.kernelGrads, ...merged.inputGrads]) byNode.set(id, merged);
  }
  return byNode;
}

/** Two or more convolutions of whole blocks with one input and one window. Their weights are read by nobody else. */
function candidates(graph: TrainingGraph, uses: Uses): readonly (readonly NodeOf<'conv'>[])[] {
  const numUses = new Map<WeightKey, number>();
  const byInput = new Map<NodeId, NodeOf<'conv'>[][]>();
  for (let id = 0; id < graph.numForward; id++) {
    const node = graph.nodes[id]!;
    if (uses.needed[id] === 0) continue;
    const key = node.weights['kernel'];
    if (key !== undefined) numUses.set(key, (numUses.get(key) ?? 0) + 1);
    if (node.op !== 'conv' || !isMergeable(graph, node)) continue;
    const x = node.inputs[0]!;
    const groups = byInput.get(x);
    const group = groups?.find(([first]) => sameWindow(first!.attributes, node.attributes));
    if (group !== undefined) group.push(node);
    else if (groups !== undefined) groups.push([node]);
    else byInput.set(x, [[node]]);
  }
  const isAlone = (node: NodeOf<'conv'>): boolean => numUses.get(keyOf(node)) === 1;
  return [...byInput.values()].flat().filter((nodes) => nodes.length > 1 && nodes.every(isAlone));
}

function isMergeable(graph: TrainingGraph, node: NodeOf<'conv'>): boolean {
  const channels = graph.nodes[node.inputs[0]!]!.shape[2]!;
  return !node.attributes.bias && node.attributes.out % BL === 0 && channels >= BL;
}

/** Undefined if the gradients do not go together: all of them or none, added to one buffer with one mask. */
function merge(
  graph: TrainingGraph,
  sums: GradientSums,
  convolutions: readonly NodeOf<'conv'>[],
  inputGrads: ReadonlyMap<WeightKey, NodeId>,
): MergedConvolution | undefined {
  const x = convolutions[0]!.inputs[0]!;
  const forward = convolutions.map(({ id }) => id);
  const kernels = convolutions.map((node) => graph.weightGradients.get(keyOf(node)));
  const inputs = convolutions.map((node) => inputGrads.get(keyOf(node)));
  if ([...kernels, ...inputs].every((id) => id === undefined)) {
    return { x, forward, kernelGrads: [], inputGrads: [], numReached: 0 };
  }
  const home = inputs[0] === undefined ? -1 : sums.home[inputs[0]]!;
  const isJoint = (id: NodeId | undefined): id is NodeId =>
    id !== undefined && home >= 0 && sums.home[id] === home && sums.mask[id] === x;
  const kernelGrads = kernels.filter((id) => id !== undefined);
  if (!inputs.every(isJoint) || kernelGrads.length < kernels.length) return undefined;
  return { x, forward, kernelGrads, inputGrads: inputs, numReached: 0 };
}

function inputGradsByKey(graph: TrainingGraph, uses: Uses): ReadonlyMap<WeightKey, NodeId> {
  const ids = new Map<WeightKey, NodeId>();
  for (let id = graph.numForward; id < graph.nodes.length; id++) {
    const node = graph.nodes[id]!;
    if (node.op === 'conv_input_grad' && uses.needed[id] === 1) ids.set(keyOf(node), id);
  }
  return ids;
}

function keyOf(node: Pick<GraphNode, 'weights'>): WeightKey {
  return node.weights['kernel']!;
}
