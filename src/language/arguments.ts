import type { Arg, Decl, Parameter } from './generated/ast.js';
import type { Place, Reporter } from './reporter.js';
import { suggestion } from './suggest.js';
import { describe, EMPTY, evaluate, type Environment, type Value } from './values.js';

export interface Binding {
  readonly declaration: Decl;
  readonly args: readonly Arg[];
  /** Where a missing argument is reported. */
  readonly at: Place;
  readonly names: Environment;
  /** Generators take ranges and choices: what is searched. */
  readonly allowDomains?: boolean;
}

/** Values of the arguments that a call gives, by parameter; undefined after mistakes were reported. */
export function bindArguments(binding: Binding, reporter: Reporter): ReadonlyMap<string, Value> | undefined {
  const given = assignArguments(binding, reporter);
  if (given === undefined) return undefined;
  const values = new Map<string, Value>();
  let isRight = true;
  for (const [parameter, arg] of given) {
    const value = evaluate(arg.value, binding.names, reporter);
    const fits = value !== undefined && checkArgument(binding, { parameter, arg, value }, reporter);
    if (fits) values.set(parameter.name, value);
    else isRight = false;
  }
  const missing = binding.declaration.params.filter(
    (parameter) => parameter.default === undefined && !given.has(parameter),
  );
  for (const parameter of missing) {
    const message = `\`${binding.declaration.name}\` needs \`${parameter.name}\` (${TYPES[parameter.type]})`;
    const remedy = `Write ${binding.declaration.name}(${parameter.name}: ${EXAMPLES[parameter.type]}).`;
    reporter.error(binding.at, { code: 'NAS102', message, remedy });
  }
  return isRight && missing.length === 0 ? values : undefined;
}

/** As `bindArguments`, with the declaration's defaults for what the call leaves out. */
export function bindAll(binding: Binding, reporter: Reporter): ReadonlyMap<string, Value> | undefined {
  const given = bindArguments(binding, reporter);
  if (given === undefined) return undefined;
  const values = new Map(given);
  for (const parameter of binding.declaration.params) {
    if (values.has(parameter.name) || parameter.default === undefined) continue;
    const value = evaluate(parameter.default, EMPTY, reporter);
    if (value !== undefined) values.set(parameter.name, value);
  }
  return values;
}

/** Which argument stands for which parameter: positions first, then names. */
function assignArguments(binding: Binding, reporter: Reporter): Map<Parameter, Arg> | undefined {
  const { declaration, args } = binding;
  const given = new Map<Parameter, Arg>();
  let isRight = true;
  for (const [position, arg] of args.entries()) {
    const parameter =
      arg.name === undefined
        ? declaration.params[position]
        : declaration.params.find((one) => one.name === arg.name);
    if (parameter === undefined) {
      isRight = false;
      reportUnknown(declaration, arg, reporter);
    } else if (given.has(parameter)) {
      isRight = false;
      const message = `\`${parameter.name}\` is given twice`;
      reporter.error(arg, { code: 'NAS102', message, remedy: 'Remove one of the two.' });
    } else given.set(parameter, arg);
  }
  return isRight ? given : undefined;
}

function reportUnknown(declaration: Decl, arg: Arg, reporter: Reporter): void {
  const known = declaration.params.map((parameter) => parameter.name);
  if (arg.name === undefined) {
    const message = `\`${declaration.name}\` takes ${known.length === 0 ? 'no arguments' : `at most ${known.length} arguments`}`;
    reporter.error(arg, { code: 'NAS102', message, remedy: 'Remove this one.' });
    return;
  }
  const message = `\`${declaration.name}\` has no argument \`${arg.name}\``;
  const remedy = suggestion(arg.name, known, 'Remove it.');
  reporter.error({ node: arg, property: 'name' }, { code: 'NAS102', message, remedy });
}

interface Given {
  readonly parameter: Parameter;
  readonly arg: Arg;
  readonly value: Value;
}

function checkArgument(binding: Binding, given: Given, reporter: Reporter): boolean {
  const { parameter, arg, value } = given;
  if (binding.allowDomains === true && (value.kind === 'interval' || value.kind === 'choice')) {
    return numbersOf(value).every((one) => checkValue(binding, { parameter, arg, value: one }, reporter));
  }
  return checkValue(binding, given, reporter);
}

function numbersOf(domain: Extract<Value, { readonly kind: 'interval' | 'choice' }>): readonly Value[] {
  if (domain.kind === 'choice') return domain.options;
  return [domain.low, domain.high].map((value) => ({ kind: 'number', value, unit: 'none' }));
}

function checkValue(binding: Binding, { parameter, arg, value }: Given, reporter: Reporter): boolean {
  const call = binding.declaration.name;
  const isChannels = value.kind !== 'multiple' || takesChannels(binding.declaration, parameter, value);
  if (!isChannels || !hasType(parameter.type, value)) {
    const message = `\`${parameter.name}\` of \`${call}\` is ${TYPES[parameter.type]}, not ${describe(value)}`;
    const remedy = `Write ${EXAMPLES[parameter.type]}, for example.`;
    reporter.error({ node: arg, property: 'value' }, { code: 'NAS102', message, remedy });
    return false;
  }
  if (parameter.type === 'dims' && value.kind === 'dims')
    return checkWindow(value.sides, { call, arg }, reporter);
  if (parameter.type === 'shape' && value.kind === 'dims') {
    if (value.sides.length === 3 && value.sides.every((side) => side > 0)) return true;
    const message = `an image has height x width x channels above 0, not ${describe(value)}`;
    reporter.error(
      { node: arg, property: 'value' },
      { code: 'NAS102', message, remedy: 'Write 32x32x3, for example.' },
    );
    return false;
  }
  return checkBounds({ parameter, arg, value }, call, reporter);
}

function checkWindow(
  sides: readonly number[],
  { call, arg }: { readonly call: string; readonly arg: Arg },
  reporter: Reporter,
): boolean {
  const [height = 0, width = 0] = sides;
  const at = { node: arg, property: 'value' };
  if (sides.length !== 2 || height !== width || height < 1) {
    const message = `the window of \`${call}\` is square, not ${sides.join('x')}`;
    reporter.error(at, { code: 'NAS102', message, remedy: 'Write 3x3 or 5x5.' });
    return false;
  }
  if (height % 2 === 1) return true;
  const message = `a window of ${height}x${height} cannot keep the size of its map`;
  const [less, more] = [height - 1, height + 1];
  reporter.error(at, { code: 'NAS102', message, remedy: `Write ${less}x${less} or ${more}x${more}.` });
  return false;
}

function checkBounds({ parameter, arg, value }: Given, call: string, reporter: Reporter): boolean {
  const { bounds } = parameter;
  if (bounds === undefined || value.kind !== 'number') return true;
  const { low, high } = bounds;
  if (value.value >= low && value.value <= (high ?? Infinity)) return true;
  const message = `\`${parameter.name}\` of \`${call}\` is ${value.value}, outside ${low}..${high ?? ''}`;
  const nearest = value.value < low ? low : (high ?? low);
  reporter.error(
    { node: arg, property: 'value' },
    { code: 'NAS102', message, remedy: `The nearest allowed value is ${nearest}.` },
  );
  return false;
}

function hasType(type: Parameter['type'], value: Value): boolean {
  switch (type) {
    case 'int':
      return value.kind === 'multiple' || (isPlainNumber(value) && Number.isSafeInteger(value.value));
    case 'float':
      return isPlainNumber(value) && Number.isFinite(value.value);
    case 'dims':
    case 'shape':
      return value.kind === 'dims';
    case 'bool':
      return value.kind === 'bool';
    case 'name':
    case 'text':
      return value.kind === 'text';
  }
}

/** Multiples of C go where channels are counted; what a user's own op does with them its body shows. */
function takesChannels(
  declaration: Decl,
  parameter: Parameter,
  value: Extract<Value, { kind: 'multiple' }>,
): boolean {
  return (
    value.of === 'C' && (declaration.body !== undefined || ['out', 'units', 'dim'].includes(parameter.name))
  );
}

function isPlainNumber(value: Value): value is Extract<Value, { readonly kind: 'number' }> {
  return value.kind === 'number' && value.unit === 'none';
}

const TYPES: Readonly<Record<Parameter['type'], string>> = {
  int: 'a whole number',
  float: 'a number',
  dims: 'a window',
  shape: 'a shape',
  bool: 'true or false',
  name: 'a text',
  text: 'a text',
};

const EXAMPLES: Readonly<Record<Parameter['type'], string>> = {
  int: '8',
  float: '0.5',
  dims: '3x3',
  shape: '32x32x3',
  bool: 'true',
  name: '"name"',
  text: '"data/mine"',
};
