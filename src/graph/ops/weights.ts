import { present } from '../../base/assert.js';
import type { GraphNode, WeightKey } from '../network-graph.js';

/** Key of the weight that `node` has in `role`. */
export function weightOf(node: Pick<GraphNode, 'op' | 'weights'>, role: string): WeightKey {
  return present(node.weights[role], `weight ${role} of ${node.op}`);
}
