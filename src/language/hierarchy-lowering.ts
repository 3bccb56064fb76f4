import type { Decision, DecisionName } from '../space/decision.js';
import type { HierarchyTemplate } from '../space/search-space.js';
import { bindAll } from './arguments.js';
import type * as ast from './generated/ast.js';
import { isDecl, isLayers, type Parameter } from './generated/ast.js';
import { checkKind, lowerFixedChain } from './ops-lowering.js';
import type { Reporter } from './reporter.js';
import { EMPTY, type Value } from './values.js';

type Level = HierarchyTemplate['levels'][number];

/** Nested generators; every range or choice among their arguments is a decision. */
export function lowerHierarchy(
  hierarchy: ast.Hierarchy,
  net: ast.Net,
  reporter: Reporter,
): { readonly template: HierarchyTemplate; readonly decisions: readonly Decision[] } | undefined {
  const chains = net.items.flatMap((item) => (isLayers(item) ? [lowerFixedChain(item.chain, reporter)] : []));
  const leaf = lowerFixedChain(hierarchy.leaf, reporter);
  const levels = hierarchy.levels.map((level) => lowerLevel(level, hierarchy, reporter));
  if (leaf === undefined || chains.some((chain) => chain === undefined)) return undefined;
  const wrong = hierarchy.stages.findIndex((width) => !Number.isInteger(width) || width < 1);
  if (wrong >= 0) {
    const message = 'the stages are whole multiples of the first channels';
    const at = { node: hierarchy, property: 'stages', index: wrong };
    reporter.error(at, { code: 'NAS102', message, remedy: 'Write stages 1, 2, 4, for example.' });
    return undefined;
  }
  const kept = levels.flatMap((level) => level ?? []);
  if (kept.length < levels.length) return undefined;
  const template: HierarchyTemplate = { kind: 'hierarchy', levels: kept.map(({ level }) => level), leaf };
  return { template, decisions: kept.flatMap(({ decisions }) => decisions) };
}

function lowerLevel(
  node: ast.Level,
  hierarchy: ast.Hierarchy,
  reporter: Reporter,
): { readonly level: Level; readonly decisions: readonly Decision[] } | undefined {
  const declaration = node.generator.ref.ref;
  if (!checkKind(node.generator, reporter) || !isDecl(declaration)) return undefined;
  const binding = {
    declaration,
    args: node.generator.args,
    at: node.generator,
    names: EMPTY,
    allowDomains: true,
  };
  const values = bindAll(binding, reporter);
  if (values === undefined) return undefined;
  const found = declaration.params.map((parameter) => {
    const name = `${hierarchy.name}.${node.name}.${parameter.name}` as DecisionName;
    return [parameter.name, decisionOf(name, parameter, values.get(parameter.name))] as const;
  });
  const decisions = found.map(([, decision]) => decision);
  const level: Level = {
    name: node.name,
    generator: declaration.name,
    decisions: Object.fromEntries(found.map(([name, decision]) => [name, decision.name])),
  };
  return checkNeighbours(node, values, reporter) ? { level, decisions } : undefined;
}

function decisionOf(name: DecisionName, parameter: Parameter, value: Value | undefined): Decision {
  if (value?.kind === 'choice') {
    const options = value.options.flatMap((option) =>
      option.kind === 'number' ? [String(option.value)] : [],
    );
    return { kind: 'categorical', name, options };
  }
  const kind = parameter.type === 'int' ? 'integer' : 'real';
  if (value?.kind === 'interval') {
    return { kind, name, low: value.low, high: value.high, scale: value.log ? 'log' : 'linear' };
  }
  const fixed = value?.kind === 'number' ? value.value : 0;
  return { kind, name, low: fixed, high: fixed, scale: 'linear' };
}

/** Watts–Strogatz joins each node to its k nearest others: k < nodes for some choice at least. */
function checkNeighbours(node: ast.Level, values: ReadonlyMap<string, Value>, reporter: Reporter): boolean {
  const [nodes, neighbours] = [values.get('nodes'), values.get('k')];
  const most = nodes?.kind === 'interval' ? nodes.high : nodes?.kind === 'number' ? nodes.value : Infinity;
  const least =
    neighbours?.kind === 'interval' ? neighbours.low : neighbours?.kind === 'number' ? neighbours.value : 0;
  if (least < most) return true;
  const message = `level \`${node.name}\` joins each node to ${least} others, but has at most ${most} nodes`;
  reporter.error(node.generator, { code: 'NAS151', message, remedy: `Let k begin below ${most}.` });
  return false;
}
