import { identify } from '../space/identify.js';
import type { Decision } from '../space/decision.js';
import type { CellType, InputSpec, Scale, SearchSpace, TaskSpec, Template } from '../space/search-space.js';
import { bindAll } from './arguments.js';
import { lowerCell } from './cell-lowering.js';
import type * as ast from './generated/ast.js';
import { isDecl, isHierarchy } from './generated/ast.js';
import { lowerHierarchy } from './hierarchy-lowering.js';
import { cellsUsed, lowerNet } from './net-lowering.js';
import { checkKind } from './ops-lowering.js';
import { lowerRecurrent } from './recurrent-lowering.js';
import type { Reporter } from './reporter.js';
import { lowerRule, type LoweredRule } from './rule-lowering.js';
import { lowerScales } from './scale-lowering.js';
import { EMPTY, evaluate, type Value } from './values.js';

export interface LoweredSpace {
  readonly node: ast.Space;
  readonly space: SearchSpace;
  /** The rules with where they stand. */
  readonly rules: readonly LoweredRule[];
}

/** A space as plain data; undefined after its mistakes were reported. */
export function lowerSpace(node: ast.Space, reporter: Reporter): LoweredSpace | undefined {
  for (const param of node.members.filter((member) => member.$type === 'Param')) reportParam(param, reporter);
  const net = netOf(node, reporter);
  const input = lowerInput(node.input, reporter);
  const task = lowerTask(node.output, input, reporter);
  const body = net === undefined ? undefined : lowerBody(node, net, reporter);
  if (input === undefined || task === undefined || body === undefined) return undefined;
  const { template, decisions, scales } = body;
  if (!checkFit(node, template, input, task, reporter)) return undefined;
  const rules = lowerRules(node, template, reporter);
  if (rules === undefined) return undefined;
  const content = {
    name: node.name,
    input,
    task,
    template,
    decisions,
    rules: rules.map(({ rule }) => rule),
    scales,
  };
  return { node, space: identify(content), rules };
}

interface Body {
  readonly template: Template;
  readonly decisions: readonly Decision[];
  readonly scales: readonly Scale[];
}

function reportParam(param: ast.Param, reporter: Reporter): void {
  if (evaluate(param.domain, EMPTY, reporter) === undefined) return;
  const message = `\`param ${param.name}\`: searched numbers outside a hierarchy are not built yet`;
  reporter.error(param, {
    code: 'NAS200',
    message,
    remedy: 'Write the number where it is used, or give it to the scales.',
  });
}

function netOf(node: ast.Space, reporter: Reporter): ast.Net | undefined {
  const [net, second] = node.members.filter((member) => member.$type === 'Net');
  if (second !== undefined) {
    reporter.error(second, {
      code: 'NAS103',
      message: 'a space has one net',
      remedy: 'Remove this one; sizes stand in the scales.',
    });
    return undefined;
  }
  if (net !== undefined && net.items.length > 0) return net;
  const message = `space \`${node.name}\` is empty: it has no net`;
  const remedy = 'Add net { stem … cells depth { … } head … }.';
  reporter.error({ node, property: 'name' }, { code: 'NAS142', message, remedy });
  return undefined;
}

function lowerBody(node: ast.Space, net: ast.Net, reporter: Reporter): Body | undefined {
  const hierarchy = net.items.flatMap((item) =>
    item.$type === 'UseCell' && isHierarchy(item.target.ref) ? [item.target.ref] : [],
  )[0];
  const used = cellsUsed(net.items);
  reportUnused(node, used, hierarchy, reporter);
  const scales = lowerScales(node, net, reporter);
  if (hierarchy !== undefined) {
    const lowered = lowerHierarchy(hierarchy, net, reporter);
    return lowered === undefined || scales === undefined ? undefined : { ...lowered, scales };
  }
  const recurrent = [...used].find((cell) => cell.state !== undefined);
  if (recurrent !== undefined) {
    const lowered = scales === undefined ? undefined : lowerRecurrent(recurrent, { net, scales }, reporter);
    return lowered === undefined || scales === undefined ? undefined : { ...lowered, scales };
  }
  const cells = node.members
    .filter((member) => member.$type === 'Cell')
    .map((cell) => lowerCell(cell, reporter));
  const steps = lowerNet(net.items, reporter);
  if (steps === undefined || scales === undefined || cells.some((cell) => cell === undefined))
    return undefined;
  const kept = cells
    .filter((cell) => cell !== undefined)
    .filter(({ cell }) => [...used].some(({ name }) => name === cell.name));
  if (kept.length === 0) {
    const message = `the net of space \`${node.name}\` uses no cell: nothing is searched`;
    reporter.error(net, { code: 'NAS142', message, remedy: 'Add `cells depth { … }` or `use Name`.' });
    return undefined;
  }
  const template: Template = { kind: 'cells', cells: kept.map(({ cell }) => cell), net: steps };
  return { template, decisions: kept.flatMap(({ decisions }) => decisions), scales };
}

function reportUnused(
  node: ast.Space,
  used: ReadonlySet<ast.Cell>,
  hierarchy: ast.Hierarchy | undefined,
  reporter: Reporter,
): void {
  const bases = new Set(
    node.members.flatMap((member) => (member.$type === 'Cell' ? (member.base?.ref ?? []) : [])),
  );
  for (const member of node.members) {
    if (member.$type !== 'Cell' && member.$type !== 'Hierarchy') continue;
    const isUsed = member.$type === 'Cell' ? used.has(member) || bases.has(member) : member === hierarchy;
    if (isUsed) continue;
    const message = `\`${member.name}\` is never used by the net`;
    reporter.warn(
      { node: member, property: 'name' },
      { code: 'NAS142', message, remedy: `Write \`use ${member.name}\` in the net, or remove it.` },
    );
  }
}

function lowerInput(call: ast.Call, reporter: Reporter): InputSpec | undefined {
  const values = bindPlain(call, reporter);
  if (values === undefined) return undefined;
  const shape = values.get('shape');
  if (shape?.kind === 'dims') {
    const [height = 1, width = 1, channels = 1] = shape.sides;
    return { kind: 'image', height, width, channels };
  }
  return { kind: 'tokens', vocabulary: numberOf(values.get('vocabulary')) };
}

function lowerTask(call: ast.Call, input: InputSpec | undefined, reporter: Reporter): TaskSpec | undefined {
  const values = bindPlain(call, reporter);
  if (values === undefined || input === undefined) return undefined;
  if (call.ref.ref?.name === 'classes') return { kind: 'classes', count: numberOf(values.get('count')) };
  if (input.kind === 'tokens') return { kind: 'next_token', vocabulary: input.vocabulary };
  reporter.error(call, {
    code: 'NAS132',
    message: 'images have no next token',
    remedy: 'Write -> classes(10), for example.',
  });
  return undefined;
}

/** The arguments of an input or a task, which have numbers only. */
function bindPlain(call: ast.Call, reporter: Reporter): ReadonlyMap<string, Value> | undefined {
  const declaration = call.ref.ref;
  if (!checkKind(call, reporter) || !isDecl(declaration)) return undefined;
  return bindAll({ declaration, args: call.args, at: call, names: EMPTY }, reporter);
}

function numberOf(value: Value | undefined): number {
  return value?.kind === 'number' ? value.value : 0;
}

/** Images go with cells and generators, tokens with recurrent cells; the head ends in as many units as there are classes. */
function checkFit(
  node: ast.Space,
  template: Template,
  input: InputSpec,
  task: TaskSpec,
  reporter: Reporter,
): boolean {
  const isText = input.kind === 'tokens';
  if (isText !== (template.kind === 'recurrent')) {
    const message = isText ? 'tokens need a recurrent cell' : 'a recurrent cell reads tokens, not images';
    const remedy = isText ? 'Write cell Name(x, h) recurrent h.' : 'Write for tokens(10000) -> next_token.';
    reporter.error(node.input, { code: 'NAS132', message, remedy });
    return false;
  }
  const expected = task.kind === 'classes' ? task.count : task.vocabulary;
  const linear = lastLinear(node);
  if (linear === undefined) {
    const message = `the net of space \`${node.name}\` does not end in \`linear\``;
    reporter.error(
      { node, property: 'name' },
      { code: 'NAS132', message, remedy: 'End it with `head gap > linear`.' },
    );
    return false;
  }
  const units = linear.args[0] === undefined ? undefined : evaluate(linear.args[0].value, EMPTY, reporter);
  if (units?.kind !== 'number' || units.value === 0 || units.value === expected) return true;
  const message = `the head has ${units.value} units, the task ${expected} ${task.kind === 'classes' ? 'classes' : 'words'}`;
  const related = { at: node.output, message: 'the task' };
  reporter.error(linear, {
    code: 'NAS132',
    message,
    remedy: `Write linear(${expected}), or linear alone.`,
    related,
  });
  return false;
}

function lastLinear(node: ast.Space): ast.Call | undefined {
  const net = node.members.find((member) => member.$type === 'Net');
  const last = net?.items.at(-1);
  const call = last?.$type === 'Layers' ? last.chain.steps.at(-1) : undefined;
  return call?.ref.ref?.name === 'linear' ? call : undefined;
}

function lowerRules(
  node: ast.Space,
  template: Template,
  reporter: Reporter,
): readonly LoweredRule[] | undefined {
  const rules = node.members.filter((member) => member.$type === 'Rule');
  const cells = template.kind === 'cells' ? template.cells : [];
  const names = { cells: cells.map((cell) => cell.name), ops: [...new Set(cells.flatMap(opsOf))] };
  const lowered = rules.map((rule) => lowerRule(rule, names, reporter));
  return lowered.every((one) => one.length > 0) ? lowered.flat() : undefined;
}

/** Names of a cell's op choices, and of the ops in them. */
function opsOf(cell: CellType): string[] {
  return cell.nodes.flatMap((node) =>
    [...node.wires.flatMap((wire) => wire.ops), ...node.then].flatMap((op) => [
      op.name,
      ...op.chain.map((call) => call.op),
    ]),
  );
}
