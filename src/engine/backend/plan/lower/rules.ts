import type { NodeId, NodeOf, OpName } from '../../../../graph/network-graph.js';
import type { Lowering } from '../lowering.js';

/** How one op becomes steps. Sets the value of the node, unless it is written into a gradient sum. */
export type LoweringRule<K extends OpName> = (lowering: Lowering, node: NodeOf<K>) => void;

export type LoweringRules<K extends OpName> = { readonly [Op in K]: LoweringRule<Op> };

/** The one input of a node. */
export function inputOf(node: { readonly inputs: readonly NodeId[] }, index = 0): NodeId {
  return node.inputs[index]!;
}
