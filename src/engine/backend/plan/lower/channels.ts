import type { NodeId } from '../../../../graph/network-graph.js';
import { OPCODE } from '../layout.js';
import type { Lowering } from '../lowering.js';
import { concatOperands, sliceOperand } from '../operands.js';
import { readyLevelOf } from '../readiness.js';
import type { Destination } from '../steps.js';
import { makeStep } from '../steps.js';
import type { LoweringRules } from './rules.js';
import { inputOf } from './rules.js';

/** Joins and cuts of whole blocks are views; others are copied channel by channel. */
export const CHANNELS: LoweringRules<'concat' | 'slice' | 'unslice' | 'shift'> = {
  concat(lowering, node) {
    if (node.inputs.every((id) => lowering.isZero(id))) {
      lowering.setValue(node.id, { kind: 'zero' });
      return;
    }
    const operands = node.inputs.map((id) => lowering.operand(id));
    const joined = concatOperands(operands);
    if (joined !== undefined) {
      lowering.setOperand(node.id, joined);
      return;
    }
    const out = lowering.destination(node.id);
    let channelTo = 0;
    for (const [i, operand] of operands.entries()) {
      copyChannels(lowering, node.inputs[i]!, out, { channelFrom: 0, channelTo, count: operand.channels });
      channelTo += operand.channels;
    }
  },

  slice(lowering, node) {
    const x = inputOf(node);
    const { from, to } = node.attributes;
    if (lowering.isZero(x)) {
      lowering.setValue(node.id, { kind: 'zero' });
      return;
    }
    const view = sliceOperand(lowering.operand(x), from, to);
    if (view !== undefined) lowering.setOperand(node.id, view);
    else
      copyChannels(lowering, x, lowering.destination(node.id), {
        channelFrom: from,
        channelTo: 0,
        count: to - from,
      });
  },

  unslice(lowering, node) {
    const dy = inputOf(node);
    const out = lowering.destination(node.id);
    const gradient = lowering.operand(dy);
    const { channels, height, width } = out.operand;
    const clear = makeStep(OPCODE.SUM, { in: { parts: [], channels, height, width }, out });
    lowering.push(clear, readyLevelOf(gradient));
    const { from: channelTo } = node.attributes;
    const channelCount = gradient.channels;
    lowering.push(makeStep(OPCODE.COPY_CHANNELS, { in: gradient, out, channelTo, channelCount }));
  },

  shift(lowering, node) {
    const { rows, columns } = node.attributes;
    lowering.pushForward(OPCODE.SHIFT, node.id, { in: lowering.operand(inputOf(node)), rows, columns });
  },
};

interface ChannelRange {
  readonly channelFrom: number;
  readonly channelTo: number;
  readonly count: number;
}

/** Writes some channels of `out` and leaves the others alone. */
function copyChannels(lowering: Lowering, x: NodeId, out: Destination, range: ChannelRange): void {
  const { channelFrom, channelTo, count: channelCount } = range;
  const step = { in: lowering.operand(x), out, isPartial: true, channelFrom, channelTo, channelCount };
  lowering.push(makeStep(OPCODE.COPY_CHANNELS, step));
}
