import { BL } from './layout.js';
import type { WeightKey } from '../../../graph/network-graph.js';
import type { PackedWeight } from './packed-weight.js';

/**
 * Storage for one activation or gradient of a run: per image [blocks][height][width][BL] reals. Where it lies is
 * decided after all steps are known.
 */
export interface Tensor {
  readonly blocks: number;
  readonly height: number;
  readonly width: number;
  /** By block: the level from which (later steps of) a level may read it. */
  readonly ready: number[];
  /** The same for every image; lies in the fixed part of the arena. */
  readonly fixed: boolean;
  /** First and last level that touches it; −1: none yet. */
  firstLevel: number;
  lastLevel: number;
  /** Lives in the thread's scratch: written and read within one level. */
  local: boolean;
  /** Bytes from the start of the arena, or of the thread's scratch. */
  offset: number;
}

/** Some blocks of a tensor as a kernel reads or writes them: see `Part` of program.h. */
export interface Part {
  readonly tensor: Tensor;
  readonly from: number;
  readonly blocks: number;
  readonly relu: boolean;
  /** Read as the result of this batch normalisation. */
  readonly norm: Norm | undefined;
  /** Read as the gradient of this batch normalisation's input: A·data + B·z + C. */
  readonly gradient: NormGradient | undefined;
}

/** One batch normalisation of the forward graph. */
export interface Norm {
  /** What it reads: one plain part. */
  readonly z: Operand;
  readonly channels: number;
  readonly blocks: number;
  readonly epsilon: number;
  readonly statistics: WeightKey | undefined;
  readonly gamma: PackedWeight | undefined;
  readonly beta: PackedWeight | undefined;
  readonly scaleShift: number;
  readonly meanRstd: number;
  /** Level from which its result can be read. */
  ready: number;
}

/** The backward side of a batch normalisation for one dy. */
export interface NormGradient {
  readonly norm: Norm;
  readonly coefficients: number;
  readonly dgamma: number;
  readonly dbeta: number;
  /** Level from which the coefficients can be read. */
  readonly ready: number;
}

/** Parts joined along channels. */
export interface Operand {
  readonly parts: readonly Part[];
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** What is known of a node's result. */
export type Value =
  | { readonly kind: 'map'; readonly operand: Operand }
  /** Nothing but zeros. */
  | { readonly kind: 'zero' }
  /** constant + Σ factor·loss: computed by the host. `losses` are indices of the plan's losses. */
  | { readonly kind: 'scalar'; readonly constant: number; readonly losses: readonly LossTerm[] }
  /** Integers, one per image: bytes from the start of the arena. */
  | { readonly kind: 'integers'; readonly offset: number };

export interface LossTerm {
  readonly loss: number;
  readonly factor: number;
}

export function makeTensor(blocks: number, height: number, width: number, fixed = false): Tensor {
  return {
    blocks,
    height,
    width,
    ready: new Array<number>(blocks).fill(0),
    fixed,
    firstLevel: -1,
    lastLevel: -1,
    local: false,
    offset: 0,
  };
}

export function blocksOf(channels: number): number {
  return Math.ceil(channels / BL);
}

export function wholeTensor(tensor: Tensor): Part {
  return {
    tensor,
    from: 0,
    blocks: tensor.blocks,
    relu: false,
    norm: undefined,
    gradient: undefined,
  };
}

/** Whether the values of the part are what its tensor holds. */
export function isPlain(part: Part): boolean {
  return !part.relu && part.norm === undefined && part.gradient === undefined;
}

/** The only part of the operand if it is plain. */
export function plainPart(operand: Operand): Part | undefined {
  const part = operand.parts[0];
  return operand.parts.length === 1 && part !== undefined && isPlain(part) ? part : undefined;
}

export function hasRelu(operand: Operand): boolean {
  return operand.parts.some((part) => part.relu);
}

export function withRelu(operand: Operand): Operand {
  return { ...operand, parts: operand.parts.map((part) => ({ ...part, relu: true })) };
}

/**
 * Channels `from` … `to` − 1 of an operand without copying, or undefined where blocks would be cut: inside a block, or
 * inside a part with coefficients per channel.
 */
export function sliceOperand(operand: Operand, from: number, to: number): Operand | undefined {
  if (from % BL !== 0 || (to % BL !== 0 && to !== operand.channels)) return undefined;
  const parts: Part[] = [];
  let at = 0;
  const first = from / BL;
  const end = blocksOf(to);
  for (const part of operand.parts) {
    const low = Math.max(first - at, 0);
    const high = Math.min(end - at, part.blocks);
    at += part.blocks;
    if (low >= high) continue;
    if (low === 0 && high === part.blocks) parts.push(part);
    else if (part.norm !== undefined || part.gradient !== undefined) return undefined;
    else parts.push({ ...part, from: part.from + low, blocks: high - low });
  }
  return { ...operand, parts, channels: to - from };
}

/** Operands joined along channels without copying, or undefined where one but the last ends inside a block. */
export function concatOperands(operands: readonly Operand[]): Operand | undefined {
  const first = operands[0]!;
  let channels = 0;
  for (const operand of operands) {
    if (channels % BL !== 0) return undefined;
    channels += operand.channels;
  }
  return { ...first, parts: operands.flatMap((operand) => operand.parts), channels };
}
