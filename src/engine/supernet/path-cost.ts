import { nodeCosts } from '../../graph/cost.js';
import type { NetworkGraph } from '../../graph/network-graph.js';

/**
 * What `trainingMacs` gives (MACs per image, forward and backward), without differentiating: cheap enough for every step
 * of a supernet. The gradients of an op that multiplies by a kernel take as many MACs as the op itself: that of the
 * kernel, and that of its input wherever a weight lies before it. Holds where every node reaches the loss, as in the
 * networks of a `Supernet`.
 */
export function pathTrainingMacs(graph: NetworkGraph): number {
  /** By node: whether a weight lies at or before it. */
  const isTrained: boolean[] = [];
  let macs = 0;
  nodeCosts(graph).forEach((cost, id) => {
    const node = graph.nodes[id]!;
    const hasTrainedInput = node.inputs.some((input) => isTrained[input]!);
    macs += cost.macs * (hasTrainedInput ? 3 : 2);
    isTrained.push(hasTrainedInput || Object.keys(node.weights).some((role) => role !== 'statistics'));
  });
  return macs;
}
