import { InvariantError } from '../base/assert.js';
import type { OpArgument, OpCall, OpChoice } from '../space/search-space.js';
import { bindAll, bindArguments } from './arguments.js';
import { isDecl, type Call, type Chain, type Decl, type OpItem, type OpSet } from './generated/ast.js';
import { rangeOf, textOf, type Reporter } from './reporter.js';
import { expectedKinds, kindOf } from './scope.js';
import { describe, SCALE_NAMES, type Environment, type Value } from './values.js';

/** Steps that bring more alternatives than this are a mistake, not a search space. */
const MOST_CHOICES = 1000;
/** Ops in one chain. */
const MOST_STEPS = 200;
/** Op sets and own ops that are made of each other. */
const DEEPEST = 50;

/** The alternatives a chain stands for: one, or as many as the op sets among its steps allow. */
export function lowerChain(
  chain: Chain,
  reporter: Reporter,
  names: Environment = SCALE_NAMES,
): OpChoice[] | undefined {
  let choices: OpChoice[] = [{ name: '', chain: [] }];
  // Ends at the first mistake, so that chains that name each other twice stay cheap however deep they are.
  for (const call of chain.steps) {
    const alternatives = lowerStep(call, reporter, names);
    if (alternatives === undefined) return undefined;
    choices = choices.flatMap((first) => alternatives.map((next) => joined(first, next)));
    const isLong = choices.some((choice) => choice.chain.length > MOST_STEPS);
    if (choices.length <= MOST_CHOICES && !isLong) continue;
    const message = isLong
      ? `this chain has more than ${MOST_STEPS} ops`
      : `this chain has more than ${MOST_CHOICES} alternatives`;
    reporter.error(chain, {
      code: 'NAS110',
      message,
      remedy: 'Use fewer steps or fewer op sets in one chain.',
    });
    return undefined;
  }
  return choices;
}

/** A chain of fixed ops: stems, heads, what brings an input to the cell. */
export function lowerFixedChain(chain: Chain, reporter: Reporter): readonly OpCall[] | undefined {
  const choices = lowerChain(chain, reporter);
  const [only, second] = choices ?? [];
  if (only === undefined) return undefined;
  if (second === undefined) return only.chain;
  const message = `\`${textOf(chain)}\` leaves a choice, but here stand fixed ops`;
  reporter.error(chain, { code: 'NAS114', message, remedy: 'Name one op instead of the op set.' });
  return undefined;
}

/** The members of an op set or of a list in braces, checked for doubles and for being a choice at all. */
export function lowerItems(
  items: readonly OpItem[],
  owner: OpSet | undefined,
  reporter: Reporter,
): OpChoice[] | undefined {
  const choices: OpChoice[] = [];
  const first = new Map<string, OpItem>();
  let isRight = true;
  for (const item of items) {
    const alternatives = lowerItem(item, owner, reporter);
    if (alternatives === undefined) isRight = false;
    for (const choice of alternatives ?? []) {
      if (reportDouble(choice, item, first, reporter)) isRight = false;
      else choices.push(choice);
    }
  }
  return isRight ? choices : undefined;
}

/** The members of a declared op set; worked out once per text. */
export function lowerOpSet(set: OpSet, reporter: Reporter): OpChoice[] | undefined {
  const progress = progressOf(reporter);
  if (!progress.opSets.has(set))
    progress.opSets.set(
      set,
      nested(set, reporter, () => lowerMembers(set, reporter)),
    );
  return progress.opSets.get(set);
}

function lowerMembers(set: OpSet, reporter: Reporter): OpChoice[] | undefined {
  const at = { node: set, property: 'name' };
  if (set.items.length === 0) {
    const message = `op set \`${set.name}\` is empty`;
    reporter.error(at, { code: 'NAS112', message, remedy: 'Name at least two ops in it.' });
    return undefined;
  }
  const choices = lowerItems(set.items, set, reporter);
  if (choices?.length === 1) {
    const message = `op set \`${set.name}\` has one member: nothing to choose`;
    reporter.warn(at, { code: 'NAS112', message, remedy: 'Add ops, or name the op itself.' });
  } else if (choices?.every((choice) => choice.name === 'none' || choice.name === 'skip') === true) {
    const message = `op set \`${set.name}\` has only \`none\` and \`skip\`: no path would have weights`;
    reporter.warn(at, { code: 'NAS113', message, remedy: 'Add an op with weights.' });
  }
  return choices;
}

/** What lowering has done of one text so far. */
interface Progress {
  readonly opSets: Map<OpSet, OpChoice[] | undefined>;
  depth: number;
}

const PROGRESS = new WeakMap<Reporter, Progress>();

function progressOf(reporter: Reporter): Progress {
  const progress = PROGRESS.get(reporter) ?? { opSets: new Map<OpSet, OpChoice[] | undefined>(), depth: 0 };
  PROGRESS.set(reporter, progress);
  return progress;
}

/** Runs `lower` one level deeper; too deep is a mistake of the text, not of our stack. */
function nested<T>(at: Decl | OpSet, reporter: Reporter, lower: () => T): T | undefined {
  const progress = progressOf(reporter);
  if (progress.depth >= DEEPEST) {
    const message = `\`${at.name}\` stands ${DEEPEST} levels deep in ops and op sets made of each other`;
    reporter.error(
      { node: at, property: 'name' },
      { code: 'NAS115', message, remedy: 'Name its ops where they are used.' },
    );
    return undefined;
  }
  progress.depth++;
  const result = lower();
  progress.depth--;
  return result;
}

function lowerItem(item: OpItem, owner: OpSet | undefined, reporter: Reporter): OpChoice[] | undefined {
  if (item.spread) {
    const set = item.set?.ref;
    if (set === undefined) return undefined;
    return isCircular(set, owner, reporter, item) ? undefined : lowerOpSet(set, reporter);
  }
  if (item.chain === undefined) return undefined;
  const refersBack = item.chain.steps.some(
    (call) => call.ref.ref?.$type === 'OpSet' && isCircular(call.ref.ref, owner, reporter, item),
  );
  if (refersBack) return undefined;
  const choices = lowerChain(item.chain, reporter);
  const [only] = choices ?? [];
  if (item.alias === undefined || only === undefined || choices?.length !== 1) return choices;
  return [{ name: item.alias, chain: only.chain }];
}

/** Whether following `set` leads back to `owner` (or to itself). */
function isCircular(set: OpSet, owner: OpSet | undefined, reporter: Reporter, at: OpItem): boolean {
  const seen = new Set<OpSet>();
  const open = [set];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === owner || (seen.has(next) && next === set)) {
      const message = `op set \`${next.name}\` contains itself`;
      reporter.error(at, { code: 'NAS115', message, remedy: 'Remove this member.' });
      return true;
    }
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...next.items.flatMap(setsOf));
  }
  return false;
}

function setsOf(item: OpItem): OpSet[] {
  const spread = item.set?.ref === undefined ? [] : [item.set.ref];
  const steps = item.chain?.steps ?? [];
  return [...spread, ...steps.flatMap((call) => (call.ref.ref?.$type === 'OpSet' ? [call.ref.ref] : []))];
}

function reportDouble(
  choice: OpChoice,
  item: OpItem,
  first: Map<string, OpItem>,
  reporter: Reporter,
): boolean {
  const content = JSON.stringify(choice.chain);
  const other = first.get(content) ?? first.get(choice.name);
  if (other === undefined) {
    first.set(content, item);
    first.set(choice.name, item);
    return false;
  }
  const message = `\`${textOf(item)}\` is already in this op set, on line ${rangeOf(other).line}`;
  const related = { at: other, message: 'the first one' };
  reporter.error(item, { code: 'NAS110', message, remedy: 'Remove one of the two.', related });
  return true;
}

function joined(first: OpChoice, next: OpChoice): OpChoice {
  const name = first.name === '' ? next.name : `${first.name}_${next.name}`;
  return { name, chain: [...first.chain, ...next.chain] };
}

function lowerStep(call: Call, reporter: Reporter, names: Environment): readonly OpChoice[] | undefined {
  const callable = call.ref.ref;
  if (callable === undefined) return undefined;
  if (!isDecl(callable)) {
    if (call.args.length === 0) return lowerOpSet(callable, reporter);
    const message = `op set \`${callable.name}\` takes no arguments`;
    reporter.error(call, { code: 'NAS102', message, remedy: 'Give them to its members.' });
    return undefined;
  }
  if (!checkKind(call, reporter)) return undefined;
  return callable.body === undefined
    ? lowerOpCall(call, callable, reporter, names)
    : lowerOwnOp(call, callable, reporter, names);
}

/** Whether a call names the kind of thing that fits its place. */
export function checkKind(call: Call, reporter: Reporter): boolean {
  const callable = call.ref.ref;
  if (callable === undefined) return false;
  const kinds = expectedKinds(call);
  if (kinds.some((kind) => kind === kindOf(callable))) return true;
  const message = `\`${callable.name}\` is ${article(kindOf(callable))}, but here stands ${article(kinds[0] ?? 'op')}`;
  reporter.error(
    { node: call, property: 'ref' },
    { code: 'NAS101', message, remedy: `Name ${article(kinds[0] ?? 'op')}.` },
  );
  return false;
}

export function article(kind: string): string {
  return /^[aeio]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

function lowerOpCall(call: Call, op: Decl, reporter: Reporter, names: Environment): OpChoice[] | undefined {
  if (op.planned) {
    const message = `op \`${op.name}\` is not built yet`;
    reporter.error(call, {
      code: 'NAS200',
      message,
      remedy: 'Use another op.',
    });
    return undefined;
  }
  const values = bindArguments({ declaration: op, args: call.args, at: call, names }, reporter);
  if (values === undefined) return undefined;
  const args = Object.fromEntries([...values].map(([name, value]) => [name, argumentOf(value)]));
  return [{ name: nameOf(op, values), chain: [{ op: op.name, arguments: args }] }];
}

/** An op the user declared: its body with the arguments put in. */
function lowerOwnOp(call: Call, op: Decl, reporter: Reporter, names: Environment): OpChoice[] | undefined {
  if (op.body === undefined) return undefined;
  if (reachesItself(op)) {
    const message = `op \`${op.name}\` is made of itself`;
    reporter.error(op, { code: 'NAS115', message, remedy: 'Remove the step that leads back to it.' });
    return undefined;
  }
  const values = bindAll({ declaration: op, args: call.args, at: call, names }, reporter);
  if (values === undefined) return undefined;
  const { body } = op;
  const choices = nested(op, reporter, () =>
    lowerChain(body, reporter, new Map([...SCALE_NAMES, ...values])),
  );
  const own = nameOf(op, new Map([...values].filter(([name]) => isGiven(call, op, name))));
  return choices?.map((choice) => ({
    name: choices.length === 1 ? own : `${own}_${choice.name}`,
    chain: choice.chain,
  }));
}

function isGiven(call: Call, op: Decl, parameter: string): boolean {
  const index = op.params.findIndex((one) => one.name === parameter);
  return call.args.some(
    (arg, position) => arg.name === parameter || (arg.name === undefined && position === index),
  );
}

function reachesItself(op: Decl): boolean {
  const seen = new Set<Decl>();
  const open = bodyOps(op);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === op) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...bodyOps(next));
  }
  return false;
}

function bodyOps(op: Decl): Decl[] {
  return (op.body?.steps ?? []).flatMap((call) => {
    const callable = call.ref.ref;
    if (callable === undefined) return [];
    if (isDecl(callable)) return [callable];
    return callable.items
      .flatMap((item) => item.chain?.steps ?? [])
      .flatMap((step) => {
        const inner = step.ref.ref;
        return isDecl(inner) ? [inner] : [];
      });
  });
}

/** `sep_conv_3x3`; what else the call gives follows: `dil_conv_3x3_dilation3`. */
function nameOf(op: Decl, values: ReadonlyMap<string, Value>): string {
  const parts = [...values].map(([name, value]) => {
    if (value.kind === 'dims') return value.sides.join('x');
    if (value.kind === 'multiple')
      return `${name}${value.numerator}C${value.denominator === 1 ? '' : `_${value.denominator}`}`;
    return `${name}${value.kind === 'number' || value.kind === 'bool' ? String(value.value).replace(/\W/g, '_') : ''}`;
  });
  return [op.name, ...parts].join('_');
}

function argumentOf(value: Value): OpArgument {
  switch (value.kind) {
    case 'number':
      return value.value;
    case 'multiple':
      return { channels: value.numerator / value.denominator };
    case 'dims':
      return value.sides[0] ?? 1;
    case 'bool':
      return value.value ? 1 : 0;
    case 'text':
    case 'interval':
    case 'choice':
      throw new InvariantError(`An op got ${describe(value)}`);
  }
}
