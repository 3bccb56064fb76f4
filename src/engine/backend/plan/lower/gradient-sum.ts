import { present } from '../../../../base/assert.js';
import type { NodeId } from '../../../../graph/network-graph.js';
import { OPCODE } from '../layout.js';
import type { Lowering } from '../lowering.js';
import { makeStep } from '../steps.js';

/** Completes a gradient sum: adds the summands that no kernel has written into its buffer. See `GradientSums`. */
export function lowerGradientSum(lowering: Lowering, root: NodeId): void {
  const { terms, base } = present(lowering.sums.roots.get(root), `gradient sum ${root}`);
  const summands = terms.filter(({ node }) => !lowering.isZero(node));
  const hasWriters = base >= 0 || lowering.hasWriters(root);
  const [first] = summands;
  if (!hasWriters && first === undefined) {
    lowering.setValue(root, { kind: 'zero' });
    return;
  }
  if (!hasWriters && summands.length === 1 && first!.mask < 0) {
    lowering.setOperand(root, lowering.operand(first!.node));
    return;
  }
  const destination = lowering.rootDestination(root);
  const unmasked = summands.filter(({ mask }) => mask < 0).map(({ node }) => lowering.single(node));
  if (unmasked.length > 0) lowering.pushSum(unmasked, destination, 1);
  for (const { node, mask } of summands) {
    if (mask < 0) continue;
    lowering.push(
      makeStep(OPCODE.RELU_GRAD, {
        in: lowering.operand(mask),
        grad: lowering.operand(node),
        dx: destination,
      }),
    );
  }
  lowering.setOperand(root, destination.operand);
}
