import { assert, present } from '../../base/assert.js';
import { UserError } from '../../base/user-error.js';
import type { NetworkGraph, NodeId, Shape } from '../../graph/network-graph.js';
import { formatShape, sameShape } from '../../graph/ops/shapes.js';
import type { Architecture } from '../architecture.js';
import type { CellTemplate, Scale, SearchSpace } from '../search-space.js';
import { Assembly } from './assembly.js';
import { expandAuxiliary } from './auxiliary.js';
import type { Fragment } from './fragment.js';
import { recordFragment } from './fragment.js';
import { checkShapes, merge } from './merge.js';
import type { CellPlan, NetPlan, NodePlan, PlannedStep, WeightMode, WirePlan } from './net-plan.js';
import { nodeName, planNet } from './net-plan.js';
import { instantiateRecurrent } from './recurrent.js';
import type { SiteRequest } from './sites.js';
import { Sites } from './sites.js';
import { UnbuildableError } from './unbuildable-error.js';

export interface InstantiateOptions {
  readonly scale: Scale;
  /** How weight keys are made. */
  readonly weights: WeightMode;
  /** ε of label smoothing, in [0, 1). */
  readonly smoothing?: number;
  /**
   * `drop` (the default): what no output reads is left out, so it is neither computed nor trained nor counted. `keep`:
   * it stays, as in the published parameter counts of NAS-Bench-201.
   */
  readonly dead?: 'keep' | 'drop';
}

/**
 * Makes the networks of one space at one scale. What does not depend on the architecture is worked out once, so that a
 * path of a supernet costs a fraction of a millisecond.
 */
export class Instantiator {
  readonly #space: SearchSpace;
  readonly #options: InstantiateOptions;
  readonly #plan: NetPlan;
  readonly #classes: number;
  readonly #imageShape: Shape;
  readonly #sites: Sites;
  readonly #auxiliaryStep: PlannedStep | undefined;
  #auxiliary: Fragment | undefined;

  constructor(space: SearchSpace, options: InstantiateOptions) {
    this.#space = space;
    this.#options = options;
    this.#plan = planNet(space, cellsOf(space), options.scale, options.weights);
    this.#classes = space.task.kind === 'classes' ? space.task.count : space.task.vocabulary;
    this.#sites = new Sites(this.#plan.numSites, options.scale, this.#classes);
    this.#imageShape = imageShapeOf(space);
    this.#auxiliaryStep = options.scale.auxiliary > 0 ? lastReduction(this.#plan) : undefined;
  }

  /**
   * Inputs `image` [H, W, C] and `label` []; outputs `logits` [K] and `loss` [] (cross entropy, plus the auxiliary
   * head's times its weight). Throws `UnbuildableError` where the space does not fit together.
   */
  build(architecture: Architecture): NetworkGraph {
    assert(architecture.kind === 'choices', 'Cells are built from choices');
    assert(architecture.space === this.#space.id, `The architecture is not of space ${this.#space.id}`);
    return this.#build(architecture.values);
  }

  /**
   * Every candidate op on every edge at once, for weights and shape checks: where a wire chooses, all options are
   * there, and a merge that is not a sum reads the first of them. Not a network to train.
   */
  buildAll(): NetworkGraph {
    assert(this.#options.weights === 'supernet', 'Only a supernet has all ops at once');
    return this.#build(undefined);
  }

  /** The steps of the net, each with the shape after it, which is the same for every architecture. */
  stepShapes(): { readonly step: PlannedStep; readonly shape: Shape }[] {
    const { assembly, maps } = this.#steps(undefined);
    return this.#plan.steps.map((step, i) => ({ step, shape: assembly.shape(present(maps[i], 'map')) }));
  }

  #build(values: readonly number[] | undefined): NetworkGraph {
    return this.#finish(this.#steps(values));
  }

  #steps(values: readonly number[] | undefined): NetState {
    const assembly = new Assembly();
    const net: NetState = {
      assembly,
      values,
      maps: [],
      image: assembly.input('image', this.#imageShape),
      width: this.#options.scale.channels,
      auxiliary: undefined,
    };
    for (const step of this.#plan.steps) {
      if (step.kind === 'chain') this.#chain(net, step);
      else this.#cell(net, step.cell, step.step);
      if (step === this.#auxiliaryStep) net.auxiliary = this.#auxiliaryLogits(net);
    }
    return net;
  }

  #finish(net: NetState): NetworkGraph {
    const { assembly } = net;
    const logits = last(net);
    if (!sameShape(assembly.shape(logits), [this.#classes])) {
      const got = formatShape(assembly.shape(logits));
      throw new UnbuildableError(
        { step: this.#space.template.kind === 'cells' ? this.#space.template.net.length - 1 : 0 },
        `the net ends in ${got}, the task needs a vector of ${this.#classes}`,
        `End the net in "head gap > linear(${this.#classes})".`,
      );
    }
    const label = assembly.input('label', []);
    const smoothing = this.#options.smoothing ?? 0;
    let loss = assembly.add('cross_entropy', [logits, label], { smoothing });
    if (net.auxiliary !== undefined) {
      const side = assembly.add('cross_entropy', [net.auxiliary, label], { smoothing });
      const weighted = assembly.add('scale', [side], { factor: this.#options.scale.auxiliary });
      loss = assembly.add('add', [loss, weighted], {});
    }
    const dead = net.values === undefined ? 'keep' : (this.#options.dead ?? 'drop');
    return assembly.build({ logits, loss }, dead);
  }

  #auxiliaryLogits(net: NetState): NodeId {
    const map = last(net);
    this.#auxiliary ??= recordFragment(net.assembly.shape(map), this.#sites.computations, (builder, input) =>
      expandAuxiliary(builder, input, this.#classes),
    );
    return net.assembly.stamp(this.#auxiliary, map);
  }

  #chain(net: NetState, step: ChainStep): void {
    const input = last(net);
    const request: SiteRequest = {
      chain: step.chain,
      place: { step: step.step },
      prefix: step.prefix,
      stride: 1,
      channels: undefined,
      inCell: false,
      factorise: false,
    };
    const fragment =
      this.#sites.recorded(step.site, net.assembly.shape(input), 1, undefined) ??
      this.#sites.record(step.site, net.assembly.shape(input), request);
    const output = net.assembly.stamp(fragment, input);
    net.maps.push(output);
    if (step.role === 'down') net.width = net.assembly.shape(output).at(-1) ?? net.width;
  }

  #cell(net: NetState, cell: CellPlan, step: number): void {
    const { type } = cell;
    net.width = this.#widthOf(net, cell);
    const nodes = this.#inputs(net, cell, step);
    for (const plan of cell.nodes) nodes.push(this.#node(net, cell, plan, nodes));
    const outputs = type.output.nodes.map((index) => present(nodes[index], 'output node'));
    net.maps.push(merge(net.assembly, type.output.merge, outputs, { cell: type.name }));
  }

  /** Channels of a cell. Without preprocessing it works on the map as it comes. */
  #widthOf(net: NetState, { type, channels }: CellPlan): number {
    if (channels !== undefined) return Math.round(channels * this.#options.scale.channels);
    const isPrepared = type.inputs.some((input) => input.preprocess.length > 0);
    const before = isPrepared ? net.width : (net.assembly.shape(last(net)).at(-1) ?? net.width);
    return before * type.stride;
  }

  /** Inputs of a cell after their preprocessing, [H, W, C] each. */
  #inputs(net: NetState, cell: CellPlan, step: number): NodeId[] {
    const { type, position, firstInputSite } = cell;
    const lastShape = net.assembly.shape(last(net));
    return type.inputs.map((input, index) => {
      const map = mapBefore(net, type.inputs.length - 1 - index);
      if (input.preprocess.length === 0) return map;
      const shape = net.assembly.shape(map);
      const stride = strideTo(shape, lastShape);
      const place = { step, cell: type.name, node: input.name };
      if (stride === undefined) {
        const what = `its map is ${formatShape(shape)}, that of the last input ${formatShape(lastShape)}`;
        throw new UnbuildableError(place, what, 'Put at most one reduction between two inputs of a cell.');
      }
      const fragment =
        this.#sites.recorded(firstInputSite + index, shape, stride, net.width) ??
        this.#sites.record(firstInputSite + index, shape, {
          chain: input.preprocess,
          place,
          prefix: `cell${position}.${input.name}`,
          stride,
          channels: net.width,
          inCell: true,
          factorise: true,
        });
      return net.assembly.stamp(fragment, map);
    });
  }

  #node(net: NetState, cell: CellPlan, plan: NodePlan, nodes: readonly NodeId[]): NodeId {
    const place = { cell: cell.type.name, node: plan.name };
    const summands: NodeId[] = [];
    const rest: NodeId[] = [];
    for (const wire of plan.wires) {
      const results = this.#wire(net, cell, plan, wire, nodes);
      const numMerged = plan.merge === 'sum' ? results.length : wire.count;
      summands.push(...results.slice(0, numMerged));
      rest.push(...results.slice(numMerged));
    }
    checkShapes(net.assembly, rest, summands, place);
    const merged = merge(net.assembly, plan.merge, summands, place);
    if (plan.then === undefined) return merged;
    if (net.values === undefined) {
      const all = plan.then.ops.map((_, option) => this.#then(net, cell, plan, option, merged));
      checkShapes(net.assembly, all, all, place);
      return present(all[0], 'op after the merge');
    }
    return this.#then(net, cell, plan, optionOf(net.values, plan.then, 0), merged);
  }

  /** Results of the options that a wire takes: those chosen, or all of them. In a supernet, equal options are one edge. */
  #wire(net: NetState, cell: CellPlan, plan: NodePlan, wire: WirePlan, nodes: readonly NodeId[]): NodeId[] {
    const numTaken = net.values === undefined ? wire.candidates.length * wire.ops.length : wire.count;
    const results: NodeId[] = [];
    let previous = -1;
    for (let slot = 0; slot < numTaken; slot++) {
      const option = net.values === undefined ? slot : optionOf(net.values, wire, slot);
      const same = option === previous && !wire.hasSlots ? results.at(-1) : undefined;
      results.push(same ?? this.#edge(net, { cell, plan, wire, slot, option }, nodes));
      previous = option;
    }
    return results;
  }

  #edge(net: NetState, edge: EdgeChoice, nodes: readonly NodeId[]): NodeId {
    const { cell, wire, slot, option } = edge;
    const from = present(wire.candidates[Math.floor(option / wire.ops.length)], 'candidate');
    const source = present(nodes[from], 'source');
    const stride = cell.type.stride === 2 && from < cell.type.inputs.length ? 2 : 1;
    const site =
      wire.firstSite + option + (wire.hasSlots ? slot * wire.candidates.length * wire.ops.length : 0);
    const shape = net.assembly.shape(source);
    const fragment =
      this.#sites.recorded(site, shape, stride, net.width) ??
      this.#sites.record(site, shape, edgeRequest(edge, from, stride, net.width));
    return net.assembly.stamp(fragment, source);
  }

  #then(net: NetState, cell: CellPlan, plan: NodePlan, option: number, input: NodeId): NodeId {
    const wire = present(plan.then, 'op after the merge');
    const op = present(wire.ops[option], 'op');
    const shape = net.assembly.shape(input);
    const fragment =
      this.#sites.recorded(wire.firstSite + option, shape, 1, net.width) ??
      this.#sites.record(wire.firstSite + option, shape, {
        chain: op.chain,
        place: { cell: cell.type.name, node: plan.name, op: op.name },
        prefix: `${wire.prefix}.${op.name}`,
        stride: 1,
        channels: net.width,
        inCell: true,
        factorise: false,
      });
    return net.assembly.stamp(fragment, input);
  }
}

/** A network of one architecture: cells, or one time step of a recurrent cell. For many, keep an `Instantiator`. */
export function instantiate(
  space: SearchSpace,
  architecture: Architecture,
  options: InstantiateOptions,
): NetworkGraph {
  if (space.template.kind === 'recurrent') return instantiateRecurrent(space, architecture);
  return new Instantiator(space, options).build(architecture);
}

type ChainStep = Extract<PlannedStep, { readonly kind: 'chain' }>;

/** A network being built. */
interface NetState {
  readonly assembly: Assembly;
  /** undefined: all options of every wire. */
  readonly values: readonly number[] | undefined;
  readonly image: NodeId;
  /** Results of the steps so far. */
  readonly maps: NodeId[];
  /** Channels of the cell before; C at first. */
  width: number;
  auxiliary: NodeId | undefined;
}

interface EdgeChoice {
  readonly cell: CellPlan;
  readonly plan: NodePlan;
  readonly wire: WirePlan;
  readonly slot: number;
  readonly option: number;
}

function edgeRequest(edge: EdgeChoice, from: number, stride: 1 | 2, channels: number): SiteRequest {
  const { cell, plan, wire, slot, option } = edge;
  const op = present(wire.ops[option % wire.ops.length], 'op');
  const where = wire.hasSlots ? `slot${wire.firstSlot + slot}` : nodeName(cell.type, from);
  return {
    chain: op.chain,
    place: { cell: cell.type.name, node: plan.name, op: op.name },
    prefix: `${wire.prefix}.${where}.${op.name}`,
    stride,
    channels,
    inCell: true,
    factorise: false,
  };
}

function optionOf(values: readonly number[], wire: WirePlan, slot: number): number {
  return wire.offset < 0 ? 0 : present(values[wire.offset + slot], 'value of a decision');
}

/** The result of the last step. */
function last(net: NetState): NodeId {
  return net.maps.at(-1) ?? net.image;
}

/** The result `back` steps before the last; the first there is where there are fewer. */
function mapBefore(net: NetState, back: number): NodeId {
  return net.maps[Math.max(0, net.maps.length - 1 - back)] ?? net.image;
}

/** 1 where the maps are equally large, 2 where `to` is half of `from`. */
function strideTo(from: Shape, to: Shape): 1 | 2 | undefined {
  if (from[0] === to[0] && from[1] === to[1]) return 1;
  const isHalf = (axis: 0 | 1): boolean => Math.ceil((from[axis] ?? 0) / 2) === to[axis];
  return isHalf(0) && isHalf(1) ? 2 : undefined;
}

/** The step behind which the auxiliary head stands: the last that halves the map, else the cell at floor(2L/3). */
function lastReduction(plan: NetPlan): PlannedStep | undefined {
  const reduces = (step: PlannedStep): boolean =>
    step.kind === 'chain' ? step.role === 'down' : step.cell.type.stride === 2;
  const position = Math.floor((2 * plan.numCells) / 3);
  return (
    plan.steps.findLast(reduces) ??
    plan.steps.find((step) => step.kind === 'cell' && step.cell.position === position)
  );
}

function cellsOf(space: SearchSpace): CellTemplate {
  if (space.template.kind === 'cells') return space.template;
  throw new UserError(
    `Space ${space.name} is not made of cells (${space.template.kind}): its networks cannot be built yet`,
    'Search a space made of cells.',
  );
}

function imageShapeOf(space: SearchSpace): Shape {
  const { input } = space;
  if (input.kind === 'image') return [input.height, input.width, input.channels];
  const remedy = 'Declare the space for image(…), or use a recurrent cell.';
  throw new UserError(`Cells of space ${space.name} read tokens, not images`, remedy);
}
