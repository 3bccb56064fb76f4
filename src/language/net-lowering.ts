import type { NetStep } from '../space/search-space.js';
import type * as ast from './generated/ast.js';
import { isCell, isCells, isLayers, isRepeat } from './generated/ast.js';
import { lowerFixedChain } from './ops-lowering.js';
import { textOf, type Reporter } from './reporter.js';
import { evaluate, SCALE_NAMES } from './values.js';

/** The steps of a net; undefined after its mistakes were reported. */
export function lowerNet(items: readonly ast.NetItem[], reporter: Reporter): readonly NetStep[] | undefined {
  const steps = items.map((item) => lowerItem(item, reporter));
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

/** Cells that a net uses, anywhere in it. */
export function cellsUsed(items: readonly ast.NetItem[]): Set<ast.Cell> {
  const used = items.flatMap((item) => {
    if (isRepeat(item)) return [...cellsUsed(item.items)];
    if (isCells(item)) return item.rules.flatMap((rule) => rule.cell.ref ?? []);
    if (isLayers(item)) return [];
    return isCell(item.target.ref) ? [item.target.ref] : [];
  });
  return new Set(used);
}

function lowerItem(item: ast.NetItem, reporter: Reporter): NetStep | undefined {
  if (isLayers(item)) {
    const chain = lowerFixedChain(item.chain, reporter);
    return chain === undefined ? undefined : { kind: 'chain', role: item.role, chain };
  }
  if (isRepeat(item)) return lowerRepeat(item, reporter);
  if (isCells(item)) return lowerCells(item, reporter);
  return lowerUse(item, reporter);
}

function lowerRepeat(item: ast.Repeat, reporter: Reporter): NetStep | undefined {
  const count = countOf(item.count, reporter);
  const steps = lowerNet(item.items, reporter);
  return count === undefined || steps === undefined ? undefined : { kind: 'repeat', count, steps };
}

function countOf(node: ast.Expr, reporter: Reporter): number | 'cells' | undefined {
  const value = evaluate(node, SCALE_NAMES, reporter);
  if (value === undefined) return undefined;
  if (value.kind === 'multiple' && value.of === 'depth' && value.numerator === value.denominator)
    return 'cells';
  const isCount =
    value.kind === 'number' && Number.isInteger(value.value) && value.value >= 1 && value.value <= 1000;
  if (isCount) return value.value;
  const message = `\`${textOf(node)}\` is no number of repetitions`;
  reporter.error(node, {
    code: 'NAS102',
    message,
    remedy: 'Write a whole number from 1 to 1000, or `depth`.',
  });
  return undefined;
}

function lowerCells(item: ast.Cells, reporter: Reporter): NetStep | undefined {
  const count = countOf(item.count, reporter);
  if (count !== undefined && count !== 'cells') {
    const remedy = `Write \`cells depth { … }\` and \`depth: ${count}\` in the scales.`;
    reporter.error(item.count, {
      code: 'NAS102',
      message: 'the number of cells stands in the scales',
      remedy,
    });
  }
  const others = item.rules.filter((rule) => rule.otherwise);
  const otherwise = others[0]?.cell.ref?.name;
  if (others.length !== 1) {
    const message =
      others.length === 0 ? 'no cell stands at the other positions' : '`otherwise` stands twice';
    const remedy = others.length === 0 ? 'End with `Normal otherwise`, for example.' : 'Keep one of them.';
    reporter.error(others[1] ?? item, { code: 'NAS134', message, remedy });
    return undefined;
  }
  const special = item.rules.flatMap((rule) => rule.at.map((at) => positionOf(rule, at, reporter)));
  if (count !== 'cells' || otherwise === undefined || special.some((one) => one === undefined))
    return undefined;
  return { kind: 'cells', special: special.filter((one) => one !== undefined), otherwise };
}

function positionOf(
  rule: ast.CellRule,
  at: ast.Expr,
  reporter: Reporter,
): { cell: string; numerator: number; denominator: number } | undefined {
  const value = evaluate(at, SCALE_NAMES, reporter);
  const cell = rule.cell.ref?.name;
  if (value === undefined || cell === undefined) return undefined;
  const isShare = value.kind === 'multiple' && value.of === 'depth' && value.numerator >= 0;
  if (isShare && value.numerator < value.denominator) {
    return { cell, numerator: value.numerator, denominator: value.denominator };
  }
  const message = `\`${textOf(at)}\` is no position within \`depth\``;
  reporter.error(at, {
    code: 'NAS134',
    message,
    remedy: 'Write depth/3 or 2*depth/3, for example; positions count from 0.',
  });
  return undefined;
}

function lowerUse(item: ast.UseCell, reporter: Reporter): NetStep | undefined {
  const target = item.target.ref;
  if (target === undefined) return undefined;
  if (!isCell(target)) {
    const message = `hierarchy \`${target.name}\` stands beside cells`;
    reporter.error(item, { code: 'NAS200', message, remedy: 'Use cells only, or the hierarchy only.' });
    return undefined;
  }
  if (item.channels === undefined) return { kind: 'cell', cell: target.name };
  const value = evaluate(item.channels, SCALE_NAMES, reporter);
  if (value === undefined) return undefined;
  if (value.kind === 'multiple' && value.of === 'C' && value.numerator > 0) {
    return { kind: 'cell', cell: target.name, channels: value.numerator / value.denominator };
  }
  const message = `channels are a multiple of C, not \`${textOf(item.channels)}\``;
  reporter.error(item.channels, { code: 'NAS102', message, remedy: 'Write 2 * C, for example.' });
  return undefined;
}
