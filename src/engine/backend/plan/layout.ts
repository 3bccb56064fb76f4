/**
 * Mirror of ../kernels/program.h: where the words of each structure lie. A test compares the two files. All structures
 * are runs of 32-bit words; a `ref` is a byte offset in the memory, 0 = absent.
 */

/** Channels per block. */
export const BL = 8;
export const NUM_SHARDS = 8;

export const PART_FLAGS = { RELU: 1, LOCAL: 2, ACCUMULATE: 4, SECOND_LOCAL: 8 } as const;

/** Words of a `Part`. */
export const PART = {
  data: 0,
  imageStride: 1,
  blocks: 2,
  affine: 3,
  second: 4,
  secondImageStride: 5,
  coefficients: 6,
  flags: 7,
  words: 8,
} as const;

/** Words of an `Operand`. */
export const OPERAND = {
  parts: 0,
  count: 1,
  blocks: 2,
  channels: 3,
  height: 4,
  width: 5,
  words: 6,
} as const;

export const OPCODE = {
  INPUT: 1,
  CONV: 2,
  CONV_GRAD: 3,
  DEPTHWISE: 4,
  DEPTHWISE_GRAD: 5,
  MAX_POOL: 6,
  MAX_POOL_GRAD: 7,
  AVG_POOL: 8,
  AVG_POOL_GRAD: 9,
  SUM: 10,
  RELU_GRAD: 11,
  COPY_CHANNELS: 12,
  SHIFT: 13,
  GLOBAL_POOL: 14,
  SPREAD: 15,
  CROSS_ENTROPY: 16,
  STATISTICS: 17,
  GRAD_STATISTICS: 18,
  BIAS_GRAD: 19,
  OUTPUT: 20,
  MUL: 21,
  TANH: 22,
  SIGMOID: 23,
  TANH_GRAD: 24,
  SIGMOID_GRAD: 25,
  EMBEDDING: 26,
  EMBEDDING_GRAD: 27,
  PACK_CONV: 64,
  PACK_DEPTHWISE: 65,
  PACK_VECTOR: 66,
  REDUCE_CONV: 67,
  REDUCE_DEPTHWISE: 68,
  REDUCE_VECTOR: 69,
  SGD: 70,
  ZERO: 71,
  BN_FINISH: 128,
  BN_GIVEN: 129,
  BN_GRAD_FINISH: 130,
  LOSS_FINISH: 131,
  NORM_FINISH: 132,
} as const;

export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

/** Words of an `Instruction`. */
export const INSTRUCTION = {
  opcode: 0,
  in: 1,
  out: 7,
  grad: 13,
  dx: 19,
  kernel: 25,
  stride: 26,
  padding: 27,
  dilation: 28,
  weight: 29,
  weightT: 30,
  bias: 31,
  weightGrad: 32,
  weightGradStride: 33,
  stored: 34,
  momentum: 35,
  storedGrad: 36,
  numel: 37,
  result: 38,
  aux: 39,
  hyper: 40,
  bn: 41,
  sums: 42,
  sumsStride: 43,
  channelFrom: 44,
  channelTo: 45,
  channelCount: 46,
  rows: 47,
  columns: 48,
  constants: 49,
  keepSums: 50,
  words: 51,
} as const;

/** Words of a `BatchNorm`. */
export const BATCH_NORM = {
  channels: 0,
  blocks: 1,
  count: 2,
  affine: 3,
  gamma: 4,
  beta: 5,
  scaleShift: 6,
  meanRstd: 7,
  coefficients: 8,
  dgamma: 9,
  dbeta: 10,
  storeMean: 11,
  storeVariance: 12,
  moveRunning: 13,
  fixed: 14,
  words: 15,
} as const;

/** Doubles of a `Hyper`. */
export const HYPER = {
  learningRate: 0,
  momentum: 1,
  weightDecay: 2,
  clipNorm: 3,
  norm: 4,
  clipFactor: 5,
  bnMomentum: 6,
  epsilon: 7,
  doubles: 8,
} as const;

/** Words of a `Level`. */
export const LEVEL = {
  isImageLevel: 0,
  first: 1,
  count: 2,
  serialFirst: 3,
  serialCount: 4,
  words: 5,
} as const;

/** Words of a `Program`. */
export const PROGRAM = {
  levels: 0,
  numLevels: 1,
  numImages: 2,
  numThreads: 3,
  scratch: 4,
  scratchStride: 5,
  kernelScratch: 6,
  words: 7,
} as const;
