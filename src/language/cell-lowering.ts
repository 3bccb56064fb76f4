import type { AstNode } from 'langium';
import type { Decision, DecisionName } from '../space/decision.js';
import type { CellNode, CellType, Merge, OpChoice, Wire } from '../space/search-space.js';
import type * as ast from './generated/ast.js';
import { isAllPrev, isChoosePrev, isExplicit } from './generated/ast.js';
import { connectableOf, numberNodes, type CellNames, type NumberedNode } from './cell-names.js';
import { lowerChain, lowerFixedChain, lowerItems } from './ops-lowering.js';
import { rangeOf, textOf, type Reporter } from './reporter.js';

export interface LoweredCell {
  readonly cell: CellType;
  readonly decisions: readonly Decision[];
}

/** A cell with its decisions; undefined after its mistakes were reported. `like` takes nodes and output of another cell. */
export function lowerCell(cell: ast.Cell, reporter: Reporter): LoweredCell | undefined {
  const body = bodyOf(cell, reporter);
  if (body === undefined) return undefined;
  const inputs = inputsOf(cell, body, reporter);
  const stride = strideOf(cell, body, reporter);
  if (inputs === undefined || stride === undefined) return undefined;
  const names = numberNodes(body, reporter);
  if (names === undefined) return undefined;
  const lowering = new NodeLowering(cell.name, names, reporter);
  const nodes = names.nodes.map((node) => lowering.lower(node));
  const output = outputOf(body, names, lowering.used, reporter);
  if (!nodes.every((node) => node !== undefined) || output === undefined) return undefined;
  const lowered: CellType = { name: cell.name, inputs, stride, nodes, output };
  if (!checkUse(body, names, lowered, reporter)) return undefined;
  return { cell: lowered, decisions: lowering.decisions };
}

type Body = ast.Cell & { readonly output: ast.Output };

/** The cell whose nodes and output count. */
function bodyOf(cell: ast.Cell, reporter: Reporter): Body | undefined {
  const seen = new Set<ast.Cell>();
  let body: ast.Cell | undefined = cell;
  while (body !== undefined && body.output === undefined) {
    if (seen.has(body)) {
      const message = `cell \`${cell.name}\` is like itself`;
      reporter.error(
        { node: cell, property: 'base' },
        { code: 'NAS115', message, remedy: 'Give one of these cells its nodes.' },
      );
      return undefined;
    }
    seen.add(body);
    body = body.base?.ref;
  }
  return body as Body | undefined;
}

function inputsOf(cell: ast.Cell, body: Body, reporter: Reporter): CellType['inputs'] | undefined {
  if (body.inputs.length === 0) {
    const message = `cell \`${cell.name}\` has no inputs`;
    reporter.error(
      { node: cell, property: 'name' },
      { code: 'NAS122', message, remedy: 'Write cell Name(s0, s1), for example.' },
    );
    return undefined;
  }
  const own = cell.inputs.length === 0 ? body.inputs : cell.inputs;
  if (own.length !== body.inputs.length) {
    const message = `cell \`${cell.name}\` has ${own.length} inputs, \`${body.name}\` has ${body.inputs.length}`;
    reporter.error(
      { node: cell, property: 'inputs', index: 0 },
      { code: 'NAS122', message, remedy: 'Leave the inputs out: `like` takes them over.' },
    );
    return undefined;
  }
  const inputs = own.map((input) => {
    const preprocess = input.chain === undefined ? [] : lowerFixedChain(input.chain, reporter);
    return preprocess === undefined ? undefined : { name: input.name, preprocess };
  });
  return inputs.every((input) => input !== undefined) ? inputs : undefined;
}

function strideOf(cell: ast.Cell, body: Body, reporter: Reporter): 1 | 2 | undefined {
  const stride = cell.stride ?? body.stride ?? 1;
  if (stride === 1 || stride === 2) return stride;
  const message = `a cell has stride 1 or 2, not ${stride}`;
  reporter.error({ node: cell, property: 'stride' }, { code: 'NAS131', message, remedy: 'Write stride 2.' });
  return undefined;
}

/** Lowers the nodes of one cell in order, collecting decisions and which nodes are read. */
class NodeLowering {
  readonly decisions: Decision[] = [];
  /** Inputs and nodes that some node may read. */
  readonly used = new Set<number>();
  readonly #cell: string;
  readonly #names: CellNames;
  readonly #reporter: Reporter;

  constructor(cell: string, names: CellNames, reporter: Reporter) {
    this.#cell = cell;
    this.#names = names;
    this.#reporter = reporter;
  }

  lower(node: NumberedNode): CellNode | undefined {
    const { rule, then } = node.declaration;
    const wires = rule.wires.map((wire) => this.#wires(wire, node));
    const after = then === undefined ? [] : lowerChain(then, this.#reporter);
    if (after === undefined || wires.some((wire) => wire === undefined)) return undefined;
    const base = { name: node.name, merge: rule.merge, wires: wires.flatMap((wire) => wire ?? []) };
    if (after.length < 2) return { ...base, then: after };
    const name = `${this.#decisionName(node)}.op`;
    const options = after.map((op) => op.name);
    const isNew = this.#decide({ kind: 'categorical', name: name as DecisionName, options }, node, rule);
    return isNew ? { ...base, then: after, thenDecision: name } : undefined;
  }

  #wires(wire: ast.Wire, node: NumberedNode): readonly Wire[] | undefined {
    const ops = this.#opsOf(wire);
    const { pick } = wire;
    if (isChoosePrev(pick)) {
      const chosen = ops === undefined ? undefined : this.#choose(pick, node, ops);
      return chosen === undefined ? undefined : [chosen];
    }
    const sources = isAllPrev(pick) ? this.#previous(pick, node) : this.#explicit(pick, node);
    if (sources === undefined || ops === undefined) return undefined;
    const edges = sources.map((from) => this.#edge(from, node, wire, ops));
    return edges.every((edge) => edge !== undefined) ? edges : undefined;
  }

  #opsOf({ via }: ast.Wire): readonly OpChoice[] | undefined {
    if (via === undefined) return [{ name: 'identity', chain: [{ op: 'identity', arguments: {} }] }];
    if (via.chain !== undefined) return lowerChain(via.chain, this.#reporter);
    const choices = lowerItems(via.items, undefined, this.#reporter);
    if (choices?.length !== 0) return choices;
    this.#reporter.error(via, {
      code: 'NAS112',
      message: 'this list of ops is empty',
      remedy: 'Name at least one op in it.',
    });
    return undefined;
  }

  #choose(pick: ast.ChoosePrev, node: NumberedNode, ops: readonly OpChoice[]): Wire | undefined {
    const candidates = pick.from.length === 0 ? this.#previous(pick, node) : this.#listed(pick, node);
    if (candidates === undefined) return undefined;
    const count = countOf(pick, this.#reporter);
    if (count === undefined) return undefined;
    if (!pick.repeats && count > candidates.length) {
      const label = this.#label(node);
      const message = `\`${textOf(pick)}\`, but only ${plural(candidates.length, 'predecessor')} for \`${label}\``;
      const remedy = `Choose ${candidates.length}, add inputs to the cell, or write \`with repeats\`.`;
      this.#reporter.error(pick, { code: 'NAS121', message, remedy });
      return undefined;
    }
    for (const candidate of candidates) this.used.add(candidate);
    const name = this.#decisionName(node);
    const sources = candidates.map((candidate) => this.#names.shortName(candidate));
    const options = sources.flatMap((source) => ops.map((op) => `${source}:${op.name}`));
    const { repeats } = pick;
    const decision = { kind: 'subset', name: name as DecisionName, options, count, repeats } as const;
    const isNew = this.#decide({ ...decision, groupSize: ops.length }, node, pick);
    return isNew ? { kind: 'choose', decision: name, candidates, ops } : undefined;
  }

  #edge(from: number, node: NumberedNode, at: ast.Wire, ops: readonly OpChoice[]): Wire | undefined {
    this.used.add(from);
    if (ops.length === 1) return { kind: 'edge', from, ops };
    const name = `${this.#decisionName(node)}.${this.#names.longName(from)}`;
    const options = ops.map((op) => op.name);
    const isNew = this.#decide({ kind: 'categorical', name: name as DecisionName, options }, node, at);
    return isNew ? { kind: 'edge', from, decision: name, ops } : undefined;
  }

  /** Indices before `node`; with `only`, without the cell's inputs. */
  #previous(pick: ast.AllPrev | ast.ChoosePrev, node: NumberedNode): number[] | undefined {
    const first = pick.nodesOnly ? this.#names.numInputs : 0;
    const indices = Array.from({ length: Math.max(0, node.index - first) }, (_, i) => first + i);
    if (indices.length > 0) return indices;
    const message = `no node stands before \`${this.#label(node)}\``;
    this.#reporter.error(pick, {
      code: 'NAS121',
      message,
      remedy: 'Leave `only` out, so that the inputs count.',
    });
    return undefined;
  }

  #explicit(pick: ast.Pick, node: NumberedNode): number[] | undefined {
    return isExplicit(pick) ? this.#earlier(pick.node, node) : undefined;
  }

  #listed(pick: ast.ChoosePrev, node: NumberedNode): number[] | undefined {
    const found = pick.from.map((reference) => this.#earlier(reference, node));
    if (found.some((indices) => indices === undefined)) return undefined;
    return [...new Set(found.flatMap((indices) => indices ?? []))].sort((a, b) => a - b);
  }

  #earlier(reference: ast.NodeRef, node: NumberedNode): number[] | undefined {
    const indices = connectableOf(reference, this.#names, this.#reporter);
    const late = indices?.find((index) => index >= node.index);
    if (late === undefined) return indices;
    const message = `\`${this.#label(node)}\` reads \`${this.#names.longName(late)}\`, which does not come before it`;
    this.#reporter.error(reference, { code: 'NAS120', message, remedy: 'Read an input or an earlier node.' });
    return undefined;
  }

  /** Two wires of one node that decide about the same source would share a name, and their weights. */
  #decide(decision: Decision, node: NumberedNode, at: AstNode): boolean {
    if (this.decisions.some(({ name }) => name === decision.name)) {
      const about = decision.name.slice(this.#decisionName(node).length + 1);
      const message = `two wires of \`${this.#label(node)}\` choose about ${about === '' ? 'their inputs' : `\`${about}\``}`;
      this.#reporter.error(at, {
        code: 'NAS121',
        message,
        remedy: 'Join them in one wire, or split the node in two.',
      });
      return false;
    }
    this.decisions.push(decision);
    return true;
  }

  #decisionName(node: NumberedNode): string {
    return `${this.#cell}.${this.#label(node)}`;
  }

  #label(node: NumberedNode): string {
    return this.#names.longName(node.index);
  }
}

function countOf(pick: ast.ChoosePrev, reporter: Reporter): number | undefined {
  const { low, high } = pick.count;
  if (high !== undefined && high !== low) {
    const message = 'choosing a varying number of inputs is not built yet';
    reporter.error(pick.count, { code: 'NAS200', message, remedy: `Write one number, such as ${high}.` });
    return undefined;
  }
  if (Number.isInteger(low) && low >= 1) return low;
  reporter.error(pick.count, {
    code: 'NAS121',
    message: `cannot choose ${low} inputs`,
    remedy: 'Choose 1 or more.',
  });
  return undefined;
}

function outputOf(
  body: Body,
  names: CellNames,
  used: ReadonlySet<number>,
  reporter: Reporter,
): { merge: Merge; nodes: readonly number[] } | undefined {
  const { output } = body;
  const all = names.nodes.map((node) => node.index);
  if (output.nodes) return { merge: output.merge ?? 'concat', nodes: all };
  if (output.loose)
    return { merge: output.merge ?? 'concat', nodes: all.filter((index) => !used.has(index)) };
  const references = output.node === undefined ? output.from : [output.node];
  const indices = references.map((reference) => connectableOf(reference, names, reporter));
  if (indices.some((index) => index === undefined)) return undefined;
  return { merge: output.merge ?? 'sum', nodes: indices.flatMap((index) => index ?? []) };
}

/** Nodes that no architecture carries to the output, inputs that nothing reads, and cells without nodes. */
function checkUse(body: Body, names: CellNames, cell: CellType, reporter: Reporter): boolean {
  if (cell.nodes.length === 0) {
    const message = `cell \`${body.name}\` has no nodes`;
    reporter.error(
      { node: body, property: 'name' },
      { code: 'NAS120', message, remedy: 'Add a node, e.g. node x = sum(all prev via Ops).' },
    );
    return false;
  }
  const useful = new Set(cell.output.nodes);
  for (let i = cell.nodes.length - 1; i >= 0; i--) {
    if (!useful.has(names.numInputs + i)) continue;
    for (const wire of cell.nodes[i]?.wires ?? []) {
      for (const source of wire.kind === 'edge' ? [wire.from] : wire.candidates) useful.add(source);
    }
  }
  for (const node of names.nodes.filter(({ index }) => !useful.has(index))) {
    const message = `\`${names.longName(node.index)}\` never reaches the output`;
    const remedy = 'Name it in the output, let a later node read it, or remove it.';
    reporter.error({ node: node.declaration, property: 'name' }, { code: 'NAS120', message, remedy });
  }
  body.inputs.forEach((input, index) => {
    if (useful.has(index)) return;
    const message = `input \`${input.name}\` of cell \`${body.name}\` (line ${rangeOf(input).line}) is never used`;
    reporter.warn(input, { code: 'NAS122', message, remedy: 'Let a node read it, or remove it.' });
  });
  return names.nodes.every(({ index }) => useful.has(index));
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
