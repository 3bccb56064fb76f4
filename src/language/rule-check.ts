import { Rng } from '../base/rng.js';
import type { ChoiceArchitecture } from '../space/architecture.js';
import type { Decision } from '../space/decision.js';
import { holds, rulesOf } from '../space/rules.js';
import { sampleDecision } from '../space/sample.js';
import type { CellType, OpChoice, SearchSpace, SpaceRule } from '../space/search-space.js';
import type { Reporter } from './reporter.js';
import type { LoweredRule } from './rule-lowering.js';
import type { LoweredSpace } from './space-lowering.js';

/** Random architectures tried before rules are called contradictory. */
const NUM_SAMPLES = 2000;
/** Rarer than this, rejection wastes the search's time. */
const RARE = 1 / 200;
/** More combinations of counts are left to sampling. */
const MOST_COMBINATIONS = 50_000;

/**
 * Reports rules that no architecture obeys, that all obey, or that hardly any obeys. Exact for counts of ops, whose
 * reachable combinations are enumerated; parameters and MACs are sampled.
 */
export function checkRules({ node, space, rules }: LoweredSpace, reporter: Reporter): boolean {
  if (rules.length === 0 || space.template.kind !== 'cells') return true;
  const counted = rules.filter(({ rule }) => rule.metric.kind === 'count');
  const reachable = reachableCounts(
    space,
    counted.map(({ rule }) => rule),
  );
  if (reachable !== undefined && !checkCounts(counted, reachable, reporter)) return false;
  if (counted.length === rules.length && reachable !== undefined) return true;
  const { tried, obeyed, worst } = sampleRules(space);
  const last = rules.find(({ rule }) => rule === worst) ?? rules.at(-1);
  if (obeyed > 0 || last === undefined) {
    if (obeyed / tried < RARE) reportRare(last ?? rules[0], { node, tried, obeyed }, reporter);
    return true;
  }
  const message = `none of ${tried.toLocaleString('en')} random architectures of space \`${node.name}\` obeys its rules; most break \`${last.rule.text}\``;
  reporter.error(last.node, { code: 'NAS150', message, remedy: 'Relax this rule, or change the space.' });
  return false;
}

function reportRare(
  rule: LoweredRule | undefined,
  {
    node,
    tried,
    obeyed,
  }: { readonly node: LoweredSpace['node']; readonly tried: number; readonly obeyed: number },
  reporter: Reporter,
): void {
  const message = `${obeyed} of ${tried.toLocaleString('en')} random architectures obey the rules of \`${node.name}\`: sampling will waste the rest`;
  reporter.warn(rule?.node ?? node, {
    code: 'NAS150',
    message,
    remedy: 'Relax a rule, or change the space.',
  });
}

/** Tries until the share that obeys is known well enough. */
function sampleRules(space: SearchSpace): {
  readonly tried: number;
  readonly obeyed: number;
  readonly worst: SpaceRule | undefined;
} {
  const rng = Rng.fromSeed(0);
  const broken = new Map<SpaceRule, number>();
  let obeyed = 0;
  let tried = 0;
  for (; tried < NUM_SAMPLES && obeyed < 3; tried++) {
    const values = space.decisions.flatMap((decision) => sampleDecision(decision, rng));
    const architecture: ChoiceArchitecture = { kind: 'choices', space: space.id, values };
    const rule = rulesOf(space).broken(architecture);
    if (rule === undefined) obeyed++;
    else broken.set(rule, (broken.get(rule) ?? 0) + 1);
  }
  const [worst] = [...broken].sort((a, b) => b[1] - a[1])[0] ?? [];
  return { tried, obeyed, worst };
}

/** One number per rule: what its metric can be together with the others. */
type Counts = readonly number[];

/** All combinations of counts that architectures of the space have; undefined where there are too many to list. */
function reachableCounts(space: SearchSpace, rules: readonly SpaceRule[]): readonly Counts[] | undefined {
  if (space.template.kind !== 'cells') return undefined;
  let reachable: Counts[] = [rules.map(() => 0)];
  for (const steps of space.template.cells.flatMap((cell) => stepsOf(cell, space.decisions, rules))) {
    reachable = unique(
      reachable.flatMap((sum) => steps.map((step) => sum.map((value, i) => value + (step[i] ?? 0)))),
    );
    if (reachable.length > MOST_COMBINATIONS) return undefined;
  }
  return reachable;
}

/** For each op that is chosen in a cell, what it can add to the counts. */
function stepsOf(
  cell: CellType,
  decisions: readonly Decision[],
  rules: readonly SpaceRule[],
): readonly Counts[][] {
  return slotsOf(cell, decisions).flatMap(({ ops, times }) => {
    const steps = unique(ops.map((op) => rules.map((rule) => (counts(rule, cell, op) ? 1 : 0))));
    return Array.from({ length: times }, () => steps);
  });
}

/** Each choice of an op in a cell, with how often it is made. */
function slotsOf(
  cell: CellType,
  decisions: readonly Decision[],
): readonly { readonly ops: readonly OpChoice[]; readonly times: number }[] {
  return cell.nodes.flatMap((node) => {
    const wires = node.wires.map((wire) => {
      const decision =
        wire.kind === 'choose' ? decisions.find(({ name }) => name === wire.decision) : undefined;
      return { ops: wire.ops, times: decision?.kind === 'subset' ? decision.count : 1 };
    });
    return node.then.length === 0 ? wires : [...wires, { ops: node.then, times: 1 }];
  });
}

function counts({ metric }: SpaceRule, cell: CellType, op: OpChoice): boolean {
  if (metric.kind !== 'count' || (metric.cell !== undefined && metric.cell !== cell.name)) return false;
  return op.name === metric.op || op.chain.some((call) => call.op === metric.op);
}

function unique(all: readonly Counts[]): Counts[] {
  return [...new Map(all.map((one) => [one.join(), one])).values()];
}

/** Adds one rule after the other; the first that leaves nothing is the contradiction. */
function checkCounts(
  rules: readonly LoweredRule[],
  reachable: readonly Counts[],
  reporter: Reporter,
): boolean {
  let left = reachable;
  for (const [index, { node, rule }] of rules.entries()) {
    const obeys = (one: Counts): boolean => holds(one[index] ?? 0, rule);
    const values = reachable.map((one) => one[index] ?? 0);
    const range = `${Math.min(...values)}..${Math.max(...values)}`;
    const next = left.filter(obeys);
    if (next.length === 0) {
      const alone = !reachable.some(obeys);
      const message = alone
        ? `no architecture obeys \`${rule.text}\`: the count is ${range}`
        : `\`${rule.text}\` contradicts the rules before it`;
      const first = rules[0];
      const related =
        alone || first === undefined ? undefined : { at: first.node, message: 'the first of them' };
      reporter.error(node, { code: 'NAS150', message, remedy: 'Relax or remove one of the rules.', related });
      return false;
    }
    if (reachable.every(obeys)) {
      const message = `\`${rule.text}\` always holds: the count is ${range}`;
      reporter.warn(node, { code: 'NAS141', message, remedy: 'Remove it, or make it stricter.' });
    } else if (!reachable.some((one) => obeys(one) && (one[index] ?? 0) > 0)) {
      const op = rule.metric.kind === 'count' ? rule.metric.op : '';
      const message = `\`${rule.text}\` leaves \`${op}\` unused`;
      reporter.warn(node, { code: 'NAS111', message, remedy: `Remove \`${op}\` from the op set instead.` });
    }
    left = next;
  }
  return true;
}
