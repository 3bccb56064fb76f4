import type { AstNode } from 'langium';
import {
  isAmount,
  isBinary,
  isChoice,
  isGoal,
  isInterval,
  isLiteral,
  isNegative,
  type Binary,
  type Domain,
  type Expr,
  type Literal,
  type Ref,
  type Value as ValueNode,
} from './generated/ast.js';
import { textOf, type Reporter } from './reporter.js';
import { suggestion } from './suggest.js';

/** What an expression of the language means. */
export type Value =
  | { readonly kind: 'number'; readonly value: number; readonly unit: Unit }
  /** numerator/denominator times a number that the scale gives: C (channels) or depth (cells). */
  | {
      readonly kind: 'multiple';
      readonly of: ScaleName;
      readonly numerator: number;
      readonly denominator: number;
    }
  | { readonly kind: 'dims'; readonly sides: readonly number[] }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'interval'; readonly low: number; readonly high: number; readonly log: boolean }
  | { readonly kind: 'choice'; readonly options: readonly Value[] };

export type Unit = 'none' | 'bytes' | 'ms';
export type ScaleName = 'C' | 'depth';
export type Environment = ReadonlyMap<string, Value>;

export const EMPTY: Environment = new Map();
/** Names with a meaning inside `net` and cells: what a scale fixes. */
export const SCALE_NAMES: Environment = new Map<string, Value>([
  ['C', { kind: 'multiple', of: 'C', numerator: 1, denominator: 1 }],
  ['depth', { kind: 'multiple', of: 'depth', numerator: 1, denominator: 1 }],
]);

/** A number without a unit. */
export function plain(value: number): Value {
  return { kind: 'number', value, unit: 'none' };
}

/** The value of an expression or a domain; undefined after its mistakes were reported. */
export function evaluate(node: Expr | Domain, names: Environment, reporter: Reporter): Value | undefined {
  if (isInterval(node)) return evaluateInterval(node, names, reporter);
  if (isChoice(node)) {
    if (node.options.length === 0) {
      reporter.error(node, {
        code: 'NAS140',
        message: 'this choice has no options',
        remedy: 'Name at least one.',
      });
      return undefined;
    }
    const options = node.options.map((option) => evaluate(option, names, reporter));
    return options.some((option) => option === undefined)
      ? undefined
      : { kind: 'choice', options: options.filter((option) => option !== undefined) };
  }
  if (isLiteral(node)) return evaluateLiteral(node);
  if (isNegative(node)) {
    const operand = evaluate(node.operand, names, reporter);
    return operand === undefined ? undefined : (negated(operand) ?? wrongOperand(node, reporter));
  }
  if (isBinary(node)) return evaluateBinary(node, names, reporter);
  return evaluateName(node, names, reporter);
}

/** An expression where a setting may have a goal or an amount. */
export function isExpression(value: ValueNode): value is Domain {
  return !isGoal(value) && !isAmount(value);
}

/** The expression that stands alone as a domain (`x` and not `x..y`). */
export function soleExpression(domain: Domain | ValueNode): Expr | undefined {
  return isInterval(domain) && domain.high === undefined ? domain.low : undefined;
}

/** As in messages: `3x3`, `3 * C`, `8..4`. */
export function describe(value: Value): string {
  switch (value.kind) {
    case 'number':
      return `${value.value}`;
    case 'multiple':
      return `a multiple of ${value.of}`;
    case 'dims':
      return value.sides.join('x');
    case 'bool':
      return String(value.value);
    case 'text':
      return `"${value.value}"`;
    case 'interval':
      return `${value.low}..${value.high}`;
    case 'choice':
      return `{ ${value.options.map(describe).join(', ')} }`;
  }
}

type IntervalNode = Extract<Domain, { readonly $type: 'Interval' }>;

function evaluateInterval(node: IntervalNode, names: Environment, reporter: Reporter): Value | undefined {
  const low = evaluate(node.low, names, reporter);
  if (node.high === undefined || low === undefined) return low;
  const high = evaluate(node.high, names, reporter);
  if (high === undefined) return undefined;
  if (low.kind !== 'number' || high.kind !== 'number') return wrongOperand(node, reporter);
  if (low.value > high.value) {
    const message = `the range ${low.value}..${high.value} is empty`;
    reporter.error(node, { code: 'NAS140', message, remedy: `Write ${high.value}..${low.value}.` });
    return undefined;
  }
  if (node.log && low.value <= 0) {
    const message = `a log range cannot begin at ${low.value}`;
    reporter.error(node, { code: 'NAS140', message, remedy: 'Begin above 0, or leave `log` out.' });
    return undefined;
  }
  if (node.step !== undefined) {
    const message = 'ranges with `step` are not built yet';
    reporter.error(
      { node, property: 'step' },
      { code: 'NAS200', message, remedy: 'Write the options: { 8, 12, 16 }.' },
    );
    return undefined;
  }
  return { kind: 'interval', low: low.value, high: high.value, log: node.log };
}

function evaluateLiteral(node: Literal): Value {
  if (node.number !== undefined) return plain(node.number);
  if (node.dims !== undefined) return { kind: 'dims', sides: node.dims.split('x').map(Number) };
  if (node.bool !== undefined) return { kind: 'bool', value: node.bool === 'true' };
  if (node.text !== undefined) return { kind: 'text', value: node.text };
  return quantity(node.quantity ?? '');
}

/** `4M` is 4,000,000; `10GB` and `8h` keep their unit. */
function quantity(text: string): Value {
  const number = parseFloat(text);
  const [factor, unit] = UNITS[text.replace(/^[\d.]+/, '')] ?? [1, 'none'];
  return { kind: 'number', value: number * factor, unit };
}

const UNITS: Readonly<Record<string, readonly [factor: number, unit: Unit]>> = {
  k: [1e3, 'none'],
  M: [1e6, 'none'],
  G: [1e9, 'none'],
  '%': [0.01, 'none'],
  KB: [2 ** 10, 'bytes'],
  MB: [2 ** 20, 'bytes'],
  GB: [2 ** 30, 'bytes'],
  ms: [1, 'ms'],
  s: [1e3, 'ms'],
  min: [6e4, 'ms'],
  h: [36e5, 'ms'],
  d: [864e5, 'ms'],
};

function evaluateName(node: Ref, names: Environment, reporter: Reporter): Value | undefined {
  const known = node.owner === undefined && !node.call ? names.get(node.target) : undefined;
  if (known !== undefined) return known;
  if (node.call && (node.target === 'min' || node.target === 'max')) return extremum(node, names, reporter);
  const message = `there is no value called \`${textOf(node)}\` here`;
  const remedy = suggestion(node.target, [...names.keys()], 'Write a number.');
  reporter.error(node, { code: 'NAS101', message, remedy });
  return undefined;
}

function extremum(node: Ref, names: Environment, reporter: Reporter): Value | undefined {
  const values = node.args.map((arg) => evaluate(arg.value, names, reporter));
  const numbers = values.flatMap((value) => (value?.kind === 'number' ? [value.value] : []));
  if (numbers.length < values.length || numbers.length === 0) return wrongOperand(node, reporter);
  return plain(node.target === 'min' ? Math.min(...numbers) : Math.max(...numbers));
}

function evaluateBinary(node: Binary, names: Environment, reporter: Reporter): Value | undefined {
  const left = evaluate(node.left, names, reporter);
  const right = evaluate(node.right, names, reporter);
  if (left === undefined || right === undefined) return undefined;
  if (node.operator === '/' && right.kind === 'number' && right.value === 0) {
    reporter.error(node, {
      code: 'NAS102',
      message: 'division by zero',
      remedy: 'Divide by another number.',
    });
    return undefined;
  }
  return combine(node.operator, left, right) ?? wrongOperand(node, reporter);
}

function combine(operator: Binary['operator'], left: Value, right: Value): Value | undefined {
  if (left.kind === 'number' && right.kind === 'number') {
    const value = ARITHMETIC[operator]?.(left.value, right.value);
    const unit = left.unit === 'none' ? right.unit : left.unit;
    return value === undefined ? undefined : { kind: 'number', value, unit };
  }
  if (operator === '*' && left.kind === 'number') return scaled(right, left, '*');
  return right.kind === 'number' ? scaled(left, right, operator) : undefined;
}

/** A multiple of C or depth, times or by a whole number. */
function scaled(value: Value, by: NumberValue, operator: Binary['operator']): Value | undefined {
  if (value.kind !== 'multiple' || !Number.isInteger(by.value)) return undefined;
  if (operator === '*') return { ...value, numerator: value.numerator * by.value };
  if (operator === '/') return { ...value, denominator: value.denominator * by.value };
  return undefined;
}

type NumberValue = Extract<Value, { readonly kind: 'number' }>;

const ARITHMETIC: Partial<Readonly<Record<Binary['operator'], (a: number, b: number) => number>>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

function negated(value: Value): Value | undefined {
  return value.kind === 'number' ? { ...value, value: -value.value } : undefined;
}

function wrongOperand(node: AstNode, reporter: Reporter): Value | undefined {
  const message = `\`${textOf(node)}\` cannot be computed`;
  const remedy =
    'Numbers can be added, subtracted, multiplied and divided; C and depth multiplied and divided by whole numbers.';
  reporter.error(node, { code: 'NAS102', message, remedy });
  return undefined;
}
