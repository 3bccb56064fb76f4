import { assert, present } from '../../../base/assert.js';
import type { GraphNode, NodeId, Shape, TrainingGraph, WeightKey } from '../../../graph/network-graph.js';
import type { GradientSums } from './gradient-sums.js';
import type { MergedConvolution } from './merged-convolutions.js';
import type { Opcode } from './layout.js';
import { BL, NUM_SHARDS, OPCODE } from './layout.js';
import type { Norm, NormGradient, Operand, Part, Tensor, Value } from './operands.js';
import { blocksOf, makeTensor, plainPart, wholeTensor } from './operands.js';
import type { FeedRegion, OutputRegion, ScalarOutput } from './plan.js';
import { readyLevelOf } from './readiness.js';
import { Regions } from './regions.js';
import type { PackedWeight } from './packed-weight.js';
import type { Destination, ShardSums, Step, WeightGradient } from './steps.js';
import { makeStep } from './steps.js';
import { UnsupportedOpError } from './unsupported-op-error.js';
import type { Uses } from './uses.js';
import { WeightTable } from './weight-table.js';

/** What a plan is made for. */
export interface PlanTarget {
  readonly batch: number;
  /** Bytes per real: 4, or 8 in the float64 build. */
  readonly realBytes: 4 | 8;
  readonly statistics: 'batch' | 'given';
}

/** What is found out about a graph before it is lowered. */
export interface Analysis {
  readonly graph: TrainingGraph;
  readonly uses: Uses;
  readonly sums: GradientSums;
  readonly merged: ReadonlyMap<NodeId, MergedConvolution>;
}

/** One loss of the graph: its mean over the batch lies at `mean`. */
export interface Loss {
  readonly logits: NodeId;
  readonly labels: NodeId;
  readonly smoothing: number;
  readonly mean: number;
  readonly step: Step;
}

/** The gradient of the batch_norm `forward` for a dy. */
export interface NormGradientEntry {
  readonly forward: NodeId;
  readonly gradient: NormGradient;
}

/** Kernels that run when all images of a level are done. */
export interface SerialStep {
  readonly step: Step;
  readonly level: number;
}

/**
 * Turns the nodes of a graph into steps, each at the earliest level at which what it reads is complete. The rules of
 * the op families are in `lower/`; this class keeps the values known so far and the memory they need.
 */
export class Lowering {
  readonly regions = new Regions();
  readonly steps: Step[] = [];
  readonly serial: SerialStep[] = [];
  readonly losses: Loss[] = [];
  readonly feeds: FeedRegion[] = [];
  readonly outputs: OutputRegion[] = [];
  readonly scalars: ScalarOutput[] = [];
  readonly norms = new Map<NodeId, Norm>();
  /** By dy. */
  readonly normGradients = new Map<NodeId, NormGradientEntry[]>();
  readonly tensors: Tensor[] = [];
  readonly weights: WeightTable;
  /** Offset of the sums of squares of all weights' gradients. */
  squares = 0;
  readonly graph: TrainingGraph;
  readonly target: PlanTarget;
  readonly sums: GradientSums;
  readonly needed: Uint8Array;
  /** Nodes that contribute to the gradient of a weight (and the sums of such nodes). */
  readonly weightGradients = new Map<NodeId, WeightGradient>();
  readonly merged: ReadonlyMap<NodeId, MergedConvolution>;
  /** Gradient of a convolution's input → gradient of its kernel, where one step makes both. */
  readonly partners = new Map<NodeId, NodeId>();
  readonly #values: (Value | undefined)[];
  readonly #destinations = new Map<NodeId, Destination>();
  readonly #plainCopies = new Map<NodeId, Operand>();
  readonly #zeros = new Map<string, Tensor>();

  constructor(analysis: Analysis, target: PlanTarget) {
    const { graph, uses, sums, merged } = analysis;
    this.graph = graph;
    this.sums = sums;
    this.needed = uses.needed;
    this.merged = merged;
    this.target = target;
    this.weights = new WeightTable(this.regions, target.realBytes);
    this.#values = new Array<Value | undefined>(graph.nodes.length).fill(undefined);
  }

  // ---- values

  value(id: NodeId): Value {
    const value = this.#values[id];
    assert(value !== undefined, 'A node is read before it is lowered');
    return value;
  }

  setValue(id: NodeId, value: Value): void {
    this.#values[id] = value;
  }

  setOperand(id: NodeId, operand: Operand): void {
    this.#values[id] = { kind: 'map', operand };
  }

  isZero(id: NodeId): boolean {
    return this.#values[id]?.kind === 'zero';
  }

  shape(id: NodeId): Shape {
    return this.graph.nodes[id]!.shape;
  }

  /** The map or vector that `id` results in; zeros are read from a tensor of zeros. */
  operand(id: NodeId): Operand {
    const value = this.value(id);
    if (value.kind === 'map') return value.operand;
    assert(value.kind === 'zero', `Node ${id} is no feature map`);
    return this.#zerosOf(this.shape(id));
  }

  /** As `operand`, in one part; copied where it lies in several. */
  single(id: NodeId): Operand {
    const operand = this.operand(id);
    return operand.parts.length === 1 ? operand : this.plain(id);
  }

  /** As `operand`, in one part that holds the values themselves; copied where it does not. */
  plain(id: NodeId): Operand {
    const operand = this.operand(id);
    if (plainPart(operand) !== undefined) return operand;
    const known = this.#plainCopies.get(id);
    if (known !== undefined) return known;
    const copy = this.newTensor(operand.channels, operand.height, operand.width);
    this.copyParts(operand, copy);
    const result = operandOver(copy, operand.channels);
    this.#plainCopies.set(id, result);
    return result;
  }

  /** Copies an operand of whole blocks, part by part. */
  copyParts(operand: Operand, tensor: Tensor): void {
    let from = 0;
    for (const part of operand.parts) {
      const { height, width } = operand;
      const channels = Math.min(operand.channels - from * BL, part.blocks * BL);
      const out = destinationOver(
        { ...wholeTensor(tensor), from, blocks: part.blocks },
        channels,
        height,
        width,
      );
      this.push(makeStep(OPCODE.SUM, { in: { parts: [part], channels, height, width }, out }));
      from += part.blocks;
    }
  }

  // ---- memory

  reals(count: number): number {
    return this.regions.take(count * this.target.realBytes);
  }

  shardSums(reals: number): ShardSums {
    return { offset: this.reals(reals * NUM_SHARDS), stride: reals, begun: false };
  }

  newTensor(channels: number, height: number, width: number): Tensor {
    const tensor = makeTensor(blocksOf(channels), height, width);
    this.tensors.push(tensor);
    return tensor;
  }

  /** Zeros of a shape: one image's, read for every image; cleared at the start of a run. */
  #zerosOf(shape: Shape): Operand {
    const [height, width, channels] = mapShape(shape);
    const key = `${blocksOf(channels)} ${height} ${width}`;
    let tensor = this.#zeros.get(key);
    if (tensor === undefined) {
      tensor = makeTensor(blocksOf(channels), height, width, true);
      tensor.offset = this.reals(tensor.blocks * height * width * BL);
      this.#zeros.set(key, tensor);
    }
    return operandOver(tensor, channels);
  }

  zeroTensors(): Iterable<Tensor> {
    return this.#zeros.values();
  }

  // ---- steps

  /**
   * Where the kernel of `id` writes: a tensor of its own, or the buffer of the gradient sum that it belongs to. Sets
   * the value of the node in the first case.
   */
  destination(id: NodeId): Destination {
    const home = this.sums.home[id]!;
    if (home >= 0) return this.rootDestination(home);
    const destination = this.#freshDestination(id);
    this.setOperand(id, destination.operand);
    return destination;
  }

  /** The buffer of a gradient sum. */
  rootDestination(root: NodeId): Destination {
    let destination = this.#destinations.get(root);
    if (destination === undefined) {
      const { base } = present(this.sums.roots.get(root), `gradient sum ${root}`);
      destination = base >= 0 ? this.#baseDestination(base) : this.#freshDestination(root);
      this.#destinations.set(root, destination);
    }
    return destination;
  }

  #freshDestination(id: NodeId): Destination {
    const [height, width, channels] = mapShape(this.shape(id));
    return destinationOver(wholeTensor(this.newTensor(channels, height, width)), channels, height, width);
  }

  /** The memory of a slice, if its source has memory of its own; else a copy. */
  #baseDestination(base: NodeId): Destination {
    const source = this.graph.nodes[base]!.inputs[0]!;
    const isOwned = !this.sums.roots.has(source) || this.hasWriters(source);
    const operand = this.operand(base);
    if (isOwned && plainPart(operand) !== undefined) return { operand, begun: true, numWriters: 0 };
    const destination = this.#freshDestination(base);
    this.pushSum([this.single(base)], destination, 1);
    return destination;
  }

  /** Whether a step has written into the buffer of a gradient sum. */
  hasWriters(root: NodeId): boolean {
    return (this.#destinations.get(root)?.numWriters ?? 0) > 0;
  }

  /** Appends a step at the earliest level at which all that it reads is complete. */
  push(step: Step, earliest = 0): Step {
    const { out, dx } = step;
    let level = Math.max(
      earliest,
      readyLevelOf(step.in),
      readyLevelOf(step.grad),
      readyLevelOf(step.outRead),
    );
    if (out?.begun === true) level = Math.max(level, readyLevelOf(out.operand));
    if (dx?.begun === true) level = Math.max(level, readyLevelOf(dx.operand));
    step.level = level;
    if (out !== undefined) this.markWritten(out, level);
    if (dx !== undefined) this.markWritten(dx, level);
    this.steps.push(step);
    return step;
  }

  markWritten(destination: Destination, level: number): void {
    for (const { tensor, from, blocks } of destination.operand.parts) {
      for (let block = from; block < from + blocks; block++) {
        tensor.ready[block] = Math.max(tensor.ready[block]!, level);
      }
    }
    destination.numWriters++;
  }

  pushSerial(step: Step, level: number): void {
    step.level = level;
    this.serial.push({ step, level });
  }

  /** A step that writes the result of a forward op. */
  pushForward(opcode: Opcode, id: NodeId, fields: Partial<Omit<Step, 'opcode'>>): Step {
    const step = makeStep(opcode, fields);
    step.out = this.destination(id);
    return this.push(step);
  }

  /** Adds factor · (sum of operands of one part each) to what `out` gets. */
  pushSum(terms: readonly Operand[], out: Destination, factor: number): void {
    const { channels, height, width } = out.operand;
    const parts = terms.flatMap((term) => term.parts);
    const constants = factor === 1 ? undefined : ([factor, 0] as const);
    this.push(makeStep(OPCODE.SUM, { in: { parts, channels, height, width }, out, constants }));
  }

  // ---- weights

  /** Prepares the gradients of all weights; their forward nodes have been lowered. */
  prepareWeightGradients(): void {
    for (const [key, id] of this.graph.weightGradients) {
      const node = this.graph.nodes[id]!;
      const uses = node.op === 'add' ? node.inputs : [id];
      const gradient = this.weights.addGradient(key, uses.length);
      this.weightGradients.set(id, gradient);
      for (const use of uses) this.weightGradients.set(use, gradient);
    }
  }

  /** The gradient that `node` contributes to. */
  weightGradientOf(node: GraphNode): WeightGradient {
    return this.weightGradients.get(node.id) ?? this.unsupported(node, 'its result is read by another op');
  }

  /** Takes what the reduction of gradients needs; adds up those of vectors that several batch normalisations share. */
  finishGradients(): void {
    this.squares = this.reals(this.weights.gradients.size);
    for (const gradient of this.weights.gradients.values()) {
      const [first] = gradient.vectors;
      if (first === undefined) {
        this.weights.sumsOf(gradient);
        continue;
      }
      gradient.sums = { offset: first.offset, stride: 0, begun: true };
      if (gradient.vectors.length > 1) gradient.sums = this.#addVectors(gradient);
    }
  }

  /** Every image writes the same sum to the same place. */
  #addVectors({ weight, vectors }: WeightGradient): ShardSums {
    const channels = weight.shape[0]!;
    const terms = vectors.map(({ offset }) => operandOver(fixedTensor(channels, offset), channels));
    const total = fixedTensor(channels, this.reals(blocksOf(channels) * BL));
    const out = destinationOver(wholeTensor(total), channels, 1, 1);
    const parts = terms.flatMap((term) => term.parts);
    const earliest = Math.max(...vectors.map(({ ready }) => ready));
    this.push(makeStep(OPCODE.SUM, { in: { parts, channels, height: 1, width: 1 }, out }), earliest);
    return { offset: total.offset, stride: 0, begun: true };
  }

  weight(
    node: Pick<GraphNode, 'op' | 'weights'>,
    role: string,
    kind: PackedWeight['kind'],
    shape: Shape,
  ): PackedWeight {
    return this.weights.take(weightKey(node, role), kind, shape);
  }

  unsupported(node: Pick<GraphNode, 'op'>, reason: string): never {
    throw new UnsupportedOpError(node.op, reason);
  }
}

export function weightKey(node: Pick<GraphNode, 'op' | 'weights'>, role: string): WeightKey {
  return present(node.weights[role], `weight ${role} of ${node.op}`);
}

/** [H, W, C] of a feature map or vector. */
export function mapShape(shape: Shape): readonly [number, number, number] {
  if (shape.length === 3) return [shape[0]!, shape[1]!, shape[2]!];
  assert(shape.length === 1, 'A scalar has no map');
  return [1, 1, shape[0]!];
}

export function operandOver(tensor: Tensor, channels: number): Operand {
  return { parts: [wholeTensor(tensor)], channels, height: tensor.height, width: tensor.width };
}

function destinationOver(part: Part, channels: number, height: number, width: number): Destination {
  return { operand: { parts: [part], channels, height, width }, begun: false, numWriters: 0 };
}

/** A vector that lies in the fixed part of the arena. */
function fixedTensor(channels: number, offset: number): Tensor {
  const tensor = makeTensor(blocksOf(channels), 1, 1, true);
  tensor.offset = offset;
  return tensor;
}
