import { present } from '../base/assert.js';
import { UserError } from '../base/user-error.js';
import { cost } from '../graph/cost.js';
import type { NetworkGraph } from '../graph/network-graph.js';
import type { ChoiceArchitecture } from './architecture.js';
import { Instantiator, instantiate } from './instantiate/instantiator.js';
import type { DecisionSlot } from './layout.js';
import { cellTypesOf, layoutOf, slotNamed } from './layout.js';
import type { CellType, OpChoice, SearchSpace, SpaceRule } from './search-space.js';

/** Tries of a rejection sampler before it gives up. */
const MAX_TRIES = 1000;

/** Whether an architecture keeps within all hard limits of its space. */
export function obeysRules(space: SearchSpace, architecture: ChoiceArchitecture): boolean {
  return space.rules.length === 0 || rulesOf(space).broken(architecture) === undefined;
}

/** The checker of a space; made once for each. */
export function rulesOf(space: SearchSpace): RuleChecker {
  const known = CHECKERS.get(space) ?? new RuleChecker(space);
  CHECKERS.set(space, known);
  return known;
}

const CHECKERS = new WeakMap<SearchSpace, RuleChecker>();

/** Checks architectures against the hard limits of one space. Parameters and MACs are those at the first scale. */
class RuleChecker {
  readonly #space: SearchSpace;
  readonly #layout: readonly DecisionSlot[];
  #instantiator: Instantiator | undefined;

  constructor(space: SearchSpace) {
    this.#space = space;
    this.#layout = layoutOf(space);
  }

  /** The first rule that `architecture` breaks. */
  broken(architecture: ChoiceArchitecture): SpaceRule | undefined {
    const { rules } = this.#space;
    if (rules.length === 0) return undefined;
    const values = this.#measure(architecture);
    return rules.find((rule) => !holds(values(rule.metric), rule));
  }

  /**
   * The first result of `propose` that obeys all rules. Throws `UserError` after 1,000 tries, naming the rule that
   * rejected most. `what` says what was tried: `sampling` or `mutating`.
   */
  firstLegal(what: string, propose: () => ChoiceArchitecture): ChoiceArchitecture {
    const rejected = new Map<SpaceRule, number>();
    for (let i = 0; i < MAX_TRIES; i++) {
      const architecture = propose();
      const rule = this.broken(architecture);
      if (rule === undefined) return architecture;
      rejected.set(rule, (rejected.get(rule) ?? 0) + 1);
    }
    const [rule, count] = present([...rejected].sort((a, b) => b[1] - a[1])[0], 'a rule that rejected');
    throw new UserError(
      `${MAX_TRIES} tries at ${what} an architecture of space ${this.#space.name} broke its rules, ${count} of them "${rule.text}"`,
      'Relax this rule, or remove what breaks it from the space.',
    );
  }

  #measure(architecture: ChoiceArchitecture): (metric: SpaceRule['metric']) => number {
    let known: { readonly parameters: number; readonly macs: number } | undefined;
    return (metric) => {
      if (metric.kind === 'count') return this.#count(architecture, metric.op, metric.cell);
      known ??= cost(this.#network(architecture));
      return metric.kind === 'params' ? known.parameters : known.macs;
    };
  }

  #network(architecture: ChoiceArchitecture): NetworkGraph {
    const options = { scale: present(this.#space.scales[0], 'scale'), weights: 'standalone' } as const;
    if (this.#space.template.kind !== 'cells') return instantiate(this.#space, architecture, options);
    this.#instantiator ??= new Instantiator(this.#space, options);
    return this.#instantiator.build(architecture);
  }

  /** Chosen edges (and ops after merges) whose op choice, or an op in its chain, is called `op`. */
  #count(architecture: ChoiceArchitecture, op: string, cellName: string | undefined): number {
    const cells = cellTypesOf(this.#space).filter(({ name }) => cellName === undefined || name === cellName);
    return cells
      .flatMap((cell) => chosenOps(cell, this.#layout, architecture.values))
      .filter(({ name, chain }) => name === op || chain.some((call) => call.op === op)).length;
  }
}

/** The op choices that `values` pick in a cell, node by node, slot by slot. */
function chosenOps(
  cell: CellType,
  layout: readonly DecisionSlot[],
  values: readonly number[],
): readonly OpChoice[] {
  const pick = (decision: string | undefined, ops: readonly OpChoice[]): readonly OpChoice[] => {
    if (decision === undefined) return ops.slice(0, 1);
    const { offset, length } = slotNamed(layout, decision);
    return values.slice(offset, offset + length).map((value) => present(ops[value % ops.length], 'op'));
  };
  return cell.nodes.flatMap((node) => [
    ...node.wires.flatMap((wire) => pick(wire.decision, wire.ops)),
    ...pick(node.thenDecision, node.then),
  ]);
}

/** Whether a rule holds where its metric has this value. */
export function holds(value: number, { comparison, limit }: SpaceRule): boolean {
  switch (comparison) {
    case '<=':
      return value <= limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '>':
      return value > limit;
    case '==':
      return value === limit;
    case '!=':
      return value !== limit;
  }
}
