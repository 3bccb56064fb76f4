import type { GraphNode, NodeOf, OpName } from '../../../../graph/network-graph.js';
import type { Lowering } from '../lowering.js';
import { CHANNELS } from './channels.js';
import { CONVOLUTION } from './convolution.js';
import { ELEMENTWISE } from './elementwise.js';
import { INPUT } from './input.js';
import { LOSS } from './loss.js';
import { NORMALISATION } from './normalisation.js';
import { POOLING } from './pooling.js';
import type { LoweringRule, LoweringRules } from './rules.js';

const RULES: LoweringRules<OpName> = {
  ...CHANNELS,
  ...CONVOLUTION,
  ...ELEMENTWISE,
  ...INPUT,
  ...LOSS,
  ...NORMALISATION,
  ...POOLING,
};

/** Emits the steps of one node; its inputs have been lowered. */
export function lowerNode<K extends OpName>(lowering: Lowering, node: GraphNode & NodeOf<K>): void {
  const rule = RULES[node.op] as LoweringRule<K>;
  rule(lowering, node);
}
