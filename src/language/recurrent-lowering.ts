import type { Decision } from '../space/decision.js';
import type { RecurrentTemplate, Scale } from '../space/search-space.js';
import { lowerCell } from './cell-lowering.js';
import type * as ast from './generated/ast.js';
import { lowerNet } from './net-lowering.js';
import { textOf, type Reporter } from './reporter.js';

/**
 * A recurrent cell in the form of DARTS: a first node that gates input and state, then nodes that each choose one earlier
 * node and an activation. The width is C of the first scale.
 */
export function lowerRecurrent(
  cell: ast.Cell,
  { net, scales }: { readonly net: ast.Net; readonly scales: readonly Scale[] },
  reporter: Reporter,
): { readonly template: RecurrentTemplate; readonly decisions: readonly Decision[] } | undefined {
  const lowered = lowerCell(cell, reporter);
  const steps = lowerNet(net.items, reporter);
  if (lowered === undefined || steps === undefined) return undefined;
  const numInputs = lowered.cell.inputs.length;
  const nodes = lowered.cell.nodes.slice(1).map((node) => {
    const [wire, second] = node.wires;
    if (wire?.kind !== 'choose' || second !== undefined) return undefined;
    const decision = lowered.decisions.find(({ name }) => name === wire.decision);
    if (decision?.kind !== 'subset' || decision.count !== 1) return undefined;
    const candidates = wire.candidates.map((candidate) => candidate - numInputs);
    if (candidates.some((candidate) => candidate < 0)) return undefined;
    return {
      name: node.name,
      decision: wire.decision,
      candidates,
      activations: wire.ops.map((op) => op.name),
    };
  });
  if (nodes.some((node) => node === undefined)) {
    const message = `\`${cell.name}\` is not a recurrent cell this version knows: after the first, each node chooses one earlier node`;
    const remedy = 'Write node s[1..8] = gate(choose 1 prev only via Acts).';
    reporter.error({ node: cell, property: 'name' }, { code: 'NAS200', message, remedy });
    return undefined;
  }
  if (!checkState(cell, reporter)) return undefined;
  const hidden = scales[0]?.channels ?? 1;
  const template: RecurrentTemplate = {
    kind: 'recurrent',
    hidden,
    nodes: nodes.filter((node) => node !== undefined),
  };
  return { template, decisions: lowered.decisions };
}

/** The state is the second input. */
function checkState(cell: ast.Cell, reporter: Reporter): boolean {
  const state = cell.state?.ref;
  if (cell.inputs.length === 2 && cell.inputs[1] === state) return true;
  const message = 'a recurrent cell has two inputs, and the second is its state';
  const shown = textOf(cell).split('\n')[0] ?? '';
  const remedy = `Write cell ${cell.name}(x, h) recurrent h instead of \`${shown.slice(0, 60)}\`.`;
  reporter.error({ node: cell, property: 'state' }, { code: 'NAS131', message, remedy });
  return false;
}
