import type { DilatedWindow } from '../../../graph/network-graph.js';
import type { Opcode } from './layout.js';
import type { Norm, NormGradient, Operand } from './operands.js';
import type { PackedWeight } from './packed-weight.js';

/** Offsets below are bytes from the start of the arena; −1: absent. */

/** Sums that are kept per shard: reals from `offset`, `stride` reals between shards (0: one sum). */
export interface ShardSums {
  readonly offset: number;
  readonly stride: number;
  /** Set while encoding: an earlier instruction of the run has begun it. */
  begun: boolean;
}

/** The gradient of one weight in the making. */
export interface WeightGradient {
  readonly weight: PackedWeight;
  /** Number of ops that contribute to it. */
  readonly numUses: number;
  /** Packed sums; taken when a step needs them. */
  sums: ShardSums | undefined;
  /** Offset of the gradient in the store's layout. */
  readonly reduced: number;
  /** Complete sums of the uses of a vector that are to be added up. */
  readonly vectors: VectorSum[];
}

/** A packed vector that is complete from a level on. */
export interface VectorSum {
  readonly offset: number;
  readonly ready: number;
}

/** Where a result is written; several steps may add to it. */
export interface Destination {
  readonly operand: Operand;
  /** Whether values that must be kept are already there. While encoding: set by the first writer. */
  begun: boolean;
  /** Number of steps that write it. */
  numWriters: number;
}

/** An instruction before it has addresses. */
export interface Step {
  readonly opcode: Opcode;
  level: number;
  in: Operand | undefined;
  grad: Operand | undefined;
  /** What is written: `out` or `dx` of the instruction. */
  out: Destination | undefined;
  dx: Destination | undefined;
  /** The forward result where a gradient kernel reads it (max pool). */
  outRead: Operand | undefined;
  readonly window: DilatedWindow | undefined;
  readonly weight: PackedWeight | undefined;
  readonly bias: PackedWeight | undefined;
  readonly weightGrad: ShardSums | undefined;
  readonly norm: Norm | undefined;
  readonly normGradient: NormGradient | undefined;
  readonly sums: ShardSums | undefined;
  /** Bytes from the start of the arena. */
  readonly result: number;
  readonly aux: number;
  readonly feed: number;
  readonly channelFrom: number;
  readonly channelTo: number;
  readonly channelCount: number;
  readonly rows: number;
  readonly columns: number;
  readonly numel: number;
  /** Writes a part of its destination that no other step writes: it neither begins it nor adds to it. */
  readonly isPartial: boolean;
  /** f0 and f1, where the kernel wants them. */
  constants: readonly [number, number] | undefined;
}

/** One literal for all: steps are made by the thousand, and spreading objects of many shapes costs more than lowering. */
export function makeStep(opcode: Opcode, fields: Partial<Omit<Step, 'opcode'>>): Step {
  return {
    opcode,
    level: 0,
    in: fields.in,
    grad: fields.grad,
    out: fields.out,
    dx: fields.dx,
    outRead: fields.outRead,
    window: fields.window,
    weight: fields.weight,
    bias: fields.bias,
    weightGrad: fields.weightGrad,
    norm: fields.norm,
    normGradient: fields.normGradient,
    sums: fields.sums,
    result: fields.result ?? -1,
    aux: fields.aux ?? -1,
    feed: fields.feed ?? -1,
    channelFrom: fields.channelFrom ?? 0,
    channelTo: fields.channelTo ?? 0,
    channelCount: fields.channelCount ?? 0,
    rows: fields.rows ?? 0,
    columns: fields.columns ?? 0,
    numel: fields.numel ?? 0,
    isPartial: fields.isPartial ?? false,
    constants: fields.constants,
  };
}
