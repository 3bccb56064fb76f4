import type { SpaceRule } from '../space/search-space.js';
import { COMPOSITE_OPS } from '../space/ops/index.js';
import type * as ast from './generated/ast.js';
import { isBinary, isRef } from './generated/ast.js';
import { textOf, type Reporter } from './reporter.js';
import { suggestion } from './suggest.js';
import { EMPTY, evaluate, soleExpression } from './values.js';

/** What rules may speak of: cell types and the names that ops have in them. */
export interface RuleNames {
  readonly cells: readonly string[];
  readonly ops: readonly string[];
}

export interface LoweredRule {
  readonly node: ast.Rule;
  readonly rule: SpaceRule;
}

/** A rule as limits that all hold (`a and b` gives two); empty after mistakes were reported. */
export function lowerRule(node: ast.Rule, names: RuleNames, reporter: Reporter): readonly LoweredRule[] {
  if (node.kind === 'prefer') {
    const remedy = 'Write `require` for a hard limit, or add an objective to the search.';
    reporter.error(node, { code: 'NAS200', message: '`prefer` is not built yet', remedy });
    return [];
  }
  const isNegated = node.kind === 'forbid';
  const parts = conjuncts(node.condition, isNegated ? 'or' : 'and');
  return parts.flatMap((part) => {
    const limit = lowerComparison(part, names, reporter);
    if (limit === undefined) return [];
    const comparison = isNegated ? NEGATED[limit.comparison] : limit.comparison;
    const because = node.reason === undefined ? {} : { because: node.reason };
    return [{ node, rule: { ...limit, comparison, ...because, text: ruleText(node) } }];
  });
}

type Comparison = SpaceRule['comparison'];

/** `not (a or b)` is `not a and not b`. */
function conjuncts(condition: ast.Expr, operator: 'and' | 'or'): readonly ast.Expr[] {
  if (!isBinary(condition) || condition.operator !== operator) return [condition];
  return [...conjuncts(condition.left, operator), ...conjuncts(condition.right, operator)];
}

function lowerComparison(
  condition: ast.Expr,
  names: RuleNames,
  reporter: Reporter,
): Pick<SpaceRule, 'metric' | 'comparison' | 'limit'> | undefined {
  const comparison = isBinary(condition) ? COMPARISONS.get(condition.operator) : undefined;
  if (!isBinary(condition) || comparison === undefined) {
    const message = `\`${textOf(condition)}\` is no comparison of a measure with a number`;
    reporter.error(condition, {
      code: 'NAS151',
      message,
      remedy: 'Write params <= 4M or count(skip) <= 2, for example.',
    });
    return undefined;
  }
  const isReversed = !isRef(condition.left);
  const [measured, number] = isReversed
    ? [condition.right, condition.left]
    : [condition.left, condition.right];
  const metric = lowerMetric(measured, names, reporter);
  if (metric === undefined) return undefined;
  const limit = evaluate(number, EMPTY, reporter);
  if (limit === undefined) return undefined;
  if (limit.kind !== 'number' || limit.unit !== 'none') {
    reporter.error(number, {
      code: 'NAS102',
      message: 'a limit is a number',
      remedy: 'Write 4M or 2, for example.',
    });
    return undefined;
  }
  return { metric, comparison: isReversed ? REVERSED[comparison] : comparison, limit: limit.value };
}

function lowerMetric(node: ast.Expr, names: RuleNames, reporter: Reporter): SpaceRule['metric'] | undefined {
  if (!isRef(node)) {
    const message = `\`${textOf(node)}\` is nothing a rule can measure`;
    reporter.error(node, { code: 'NAS151', message, remedy: 'Measure params, macs or count(op).' });
    return undefined;
  }
  if (node.target === 'count' && node.call) return lowerCount(node, names, reporter);
  const isPlain = node.owner === undefined && !node.call;
  if (isPlain && (node.target === 'params' || node.target === 'macs')) return { kind: node.target };
  const message = `rules know no measure \`${textOf(node)}\``;
  const isFlops = node.target === 'flops';
  const remedy = isFlops
    ? 'Write `macs`, the multiply-accumulates for one image: half the FLOPs.'
    : suggestion(node.target, ['params', 'macs', 'count'], 'Measure params, macs or count(op).');
  reporter.error(node, { code: 'NAS101', message, remedy });
  return undefined;
}

function lowerCount(node: ast.Ref, names: RuleNames, reporter: Reporter): SpaceRule['metric'] | undefined {
  const [arg, second] = node.args;
  const counted = arg === undefined ? undefined : soleExpression(arg.value);
  if (second !== undefined || !isRef(counted) || counted.call || counted.owner !== undefined) {
    reporter.error(node, {
      code: 'NAS102',
      message: '`count` takes the name of one op',
      remedy: 'Write count(skip).',
    });
    return undefined;
  }
  if (node.owner !== undefined && !names.cells.includes(node.owner)) {
    const message = `there is no cell \`${node.owner}\``;
    const remedy = suggestion(node.owner, names.cells, 'Write count(…) for all cells.');
    reporter.error({ node, property: 'owner' }, { code: 'NAS101', message, remedy });
    return undefined;
  }
  if (!names.ops.includes(counted.target)) {
    const isOp = COMPOSITE_OPS.has(counted.target);
    const message = `${isOp ? 'no cell can use the op' : 'there is no op'} \`${counted.target}\``;
    const remedy = suggestion(counted.target, names.ops, 'Count an op of the cells.');
    reporter.error(counted, { code: 'NAS101', message, remedy });
    return undefined;
  }
  const cell = node.owner === undefined ? {} : { cell: node.owner };
  return { kind: 'count', op: counted.target, ...cell };
}

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map(
  (['<=', '>=', '<', '>', '==', '!='] as const).map((comparison) => [comparison, comparison]),
);

const NEGATED: Readonly<Record<Comparison, Comparison>> = {
  '<=': '>',
  '>=': '<',
  '<': '>=',
  '>': '<=',
  '==': '!=',
  '!=': '==',
};

const REVERSED: Readonly<Record<Comparison, Comparison>> = {
  '<=': '>=',
  '>=': '<=',
  '<': '>',
  '>': '<',
  '==': '==',
  '!=': '!=',
};

/** As written, on one line. */
function ruleText(node: ast.Rule): string {
  return `${node.kind} ${textOf(node.condition).replace(/\s+/g, ' ')}`;
}
