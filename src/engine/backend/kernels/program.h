// The contract between the planner (TypeScript, ../plan) and the kernels (C, here). Every structure is a run of 32-bit
// words that the planner writes into the shared memory; the mirror of this file is ../plan/layout.ts, and a test compares
// the two. Change both or neither.
//
// Values: `real` is float (double in the float64 build). Activations lie as [N][blocks][H][W][BL]: blocks =
// ceil(C / BL), lanes past C hold zeros wherever they are stored. A vector [C] is a map with H = W = 1.
// Weights are packed per step from the store's PyTorch layout (PACK_* below).
//
// Batches are cut into NUM_SHARDS fixed shards, image n belongs to shard s iff s*N/NUM_SHARDS <= n < (s+1)*N/NUM_SHARDS.
// Whoever claims a shard runs all instructions of the level for its images, image by image, in order; partial sums are
// kept per shard and reduced in shard order, so the number of threads changes no bit.
#pragma once

#ifdef CELLSMITH_FLOAT64
typedef double real;
#else
typedef float real;
#endif
typedef int ref;  // byte offset in the memory; 0 = absent

#define BL 8            // channels per block
#define NUM_SHARDS 8
#define PANEL 8         // width of a weight panel (output channels)

// ---- operands

enum PartFlags {
  PART_RELU = 1,           // read max(value, 0) (after the affine)
  PART_LOCAL = 2,          // `data` is an offset into the thread's scratch: one image, no image stride
  PART_ACCUMULATE = 4,     // as a destination: add to what is there instead of storing
  PART_SECOND_LOCAL = 8,   // as PART_LOCAL for `second`
};

// One tensor as a kernel sees it. Read value = data, or affine: scale*data + shift per channel, or a batch-norm
// gradient: A*data + B*second + C per channel; then relu. Parts in a row are joined along channels (whole blocks each).
typedef struct {
  ref data;
  int imageStride;         // elements of `real`
  int blocks;
  ref affine;              // scale[blocks*BL], shift[blocks*BL]
  ref second;              // what the batch norm read (z)
  int secondImageStride;
  ref coefficients;        // A[blocks*BL], B[…], C[…]
  int flags;
} Part;                    // 8 words

typedef struct {
  ref parts;               // Part[count]
  int count;
  int blocks;              // of all parts
  int channels;            // real channels of the joined tensor (only the last block may be partly filled)
  int height, width;
} Operand;                 // 6 words

// ---- instructions

enum Opcode {
  // image level: run once per image
  OP_INPUT = 1,            // feed (B, H, W, C) → out. feed = in.parts is a `ref` to the values (count = 0)
  OP_CONV,                 // dense k×k (k = 1 included), any stride, padding, dilation; bias optional: in → out
  OP_CONV_GRAD,            // in: forward input; grad: dy. Writes weightGrad (if set) and dx (if set)
  OP_DEPTHWISE,            // in → out
  OP_DEPTHWISE_GRAD,       // as OP_CONV_GRAD
  OP_MAX_POOL,             // in → out
  OP_MAX_POOL_GRAD,        // in, out (result, may be absent: recompute), grad → dx; first maximum in row order takes it
  OP_AVG_POOL,             // divides by the number of inside pixels
  OP_AVG_POOL_GRAD,        // grad → dx
  OP_SUM,                  // out (+)= sum of the parts of `in`, each a whole tensor of out's shape (parts NOT joined); f0 scales
                           // (constants absent: 1). No parts: out is filled with zeros. `out` may be one of the parts' data
  OP_RELU_GRAD,            // dx (+)= grad where in (its view before PART_RELU is applied) > 0
  OP_COPY_CHANNELS,        // out[channelTo + c] (+)= in[channelFrom + c] for c < channelCount: unaligned concat, slice and their gradients.
                           // Other channels stay, but a copy without PART_ACCUMULATE that reaches out.channels zeroes the lanes past it.
                           // (A gradient with zeros outside: OP_SUM without parts first, then a copy with PART_ACCUMULATE.)
  OP_SHIFT,                // out[i, j] (+)= in[i + rows, j + columns], zero outside
  OP_GLOBAL_POOL,          // in [H, W, C] → out [1, 1, C], mean
  OP_SPREAD,               // grad [1, 1, C] → dx [H, W, C], each / (H*W); masked as below if `in` has parts
  OP_CROSS_ENTROPY,        // in: logits; labels (int per image) in `aux`; per image loss → `result` (real per image) and, if set, `out` (one
                           // channel); if dx: dlogits (f1 = upstream scale / N). f0 = smoothing
  OP_STATISTICS,           // per-shard sums of in: sum[C], sum of squares[C] += (zeroed at the shard's first image) → `sums`
  OP_GRAD_STATISTICS,      // per-shard sums of grad and of grad*in: → `sums`. `in` is the tensor the batch norm read (no affine)
  OP_BIAS_GRAD,            // per-shard sum over the map of grad [C] → weightGrad
  OP_OUTPUT,               // in → (B, H, W, C) dense, channels last, at `result`
  OP_MUL,                  // out (+)= product of the two parts of `in` (not joined)
  OP_TANH,                 // in → out
  OP_SIGMOID,              // in → out
  OP_TANH_GRAD,            // dx (+)= grad * (1 - in²); in: the tanh's result
  OP_SIGMOID_GRAD,         // dx (+)= grad * in * (1 - in); in: the sigmoid's result
  OP_EMBEDDING,            // token (int per image) in `aux` → out [1, 1, C]; table at `stored` [vocabulary, C] (no packing)
  OP_EMBEDDING_GRAD,       // grad [1, 1, C] → weightGrad [vocabulary = numel / C, C] per shard, dense as in the store

  // items: each instruction is claimed by one thread
  OP_PACK_CONV = 64,       // store [out, in, k, k] → panels `weight` and transposed panels `weightT` (see kernels for the order)
  OP_PACK_DEPTHWISE,       // store [C, k, k] → [blocks][k*k][BL]
  OP_PACK_VECTOR,          // store [C] → padded [blocks*BL]
  OP_REDUCE_CONV,          // shard sums of a packed gradient, in shard order → gradient in the store's layout; its sum of squares → `result`
  OP_REDUCE_DEPTHWISE,
  OP_REDUCE_VECTOR,        // numel elements; also embeddings. weightGradStride 0: one sum, not one per shard. Also for gamma and beta gradients, whose single "shard" is written by OP_BN_GRAD_FINISH
  OP_SGD,                  // weight, momentum, gradient in the store's layout; hyperparameters from `hyper`
  OP_ZERO,                 // fills `numel` reals at out.parts with zeros

  // serial: run by the last thread to finish a level, in order
  // f0 of OP_BN_FINISH and OP_BN_GIVEN is epsilon. Shards without images (numImages < NUM_SHARDS) are skipped by all reductions.
  OP_BN_FINISH = 128,      // shard sums → affine (scale, shift), mean, rstd; running statistics if asked for
  OP_BN_GIVEN,             // statistics of a store → affine, mean, rstd
  OP_BN_GRAD_FINISH,       // shard sums → coefficients A, B, C; dgamma, dbeta
  OP_LOSS_FINISH,          // losses of all images (reals at in.parts) → mean (one real at `result`)
  OP_NORM_FINISH,          // sums of squares (numel of them at in.parts) → norm (double) and clip factor into `hyper`
};

typedef struct {
  int opcode;
  Operand in;              // words 1–6
  Operand out;             // words 7–12
  Operand grad;            // words 13–18
  Operand dx;              // words 19–24
  int kernel, stride, padding, dilation;   // words 25–28
  ref weight, weightT, bias;               // words 29–31: packed
  ref weightGrad;                          // word 32: packed gradient of shard 0
  int weightGradStride;                    // word 33: reals between shards
  ref stored;                              // word 34: weight in the store (PACK, SGD), gradient in the store's layout (REDUCE)
  ref momentum;                            // word 35
  ref storedGrad;                          // word 36
  int numel;                               // word 37
  ref result;                              // word 38
  ref aux;                                 // word 39
  ref hyper;                               // word 40: Hyper (SGD, BN_FINISH if moveRunning, NORM_FINISH; its epsilon counts where a BN_* has no constants)
  ref bn;                                  // word 41: BatchNorm
  ref sums;                                // word 42: per shard 2*blocks*BL reals
  int sumsStride;                          // word 43: reals between shards
  int channelFrom, channelTo, channelCount;// words 44–46
  int rows, columns;                       // words 47–48
  ref constants;                           // word 49: double f0, f1 (8-byte aligned)
  int keepSums;                            // word 50: 1: an earlier instruction of this run began `weightGrad` or `sums`: add, do not zero at a shard's first image
} Instruction;             // 51 words

typedef struct {
  int channels, blocks;
  int count;               // pixels * images the sums are over
  int affine;              // whether gamma, beta exist
  ref gamma, beta;         // padded vectors (packed), lanes past C zero
  ref scaleShift;          // affine of the forward view
  ref meanRstd;            // mean[blocks*BL], rstd[blocks*BL]
  ref coefficients;        // A, B, C
  ref dgamma, dbeta;       // padded vectors
  ref storeMean, storeVariance; // (C,) reals of a statistics store: read by OP_BN_GIVEN, moved by OP_BN_FINISH if moveRunning
  int moveRunning;
  int fixed;               // 1: statistics are given, gradients do not flow through them
} BatchNorm;

// Doubles, written by the host before a run.
typedef struct {
  double learningRate, momentum, weightDecay, clipNorm;
  double norm, clipFactor; // written by OP_NORM_FINISH
  double bnMomentum, epsilon;
} Hyper;

// ---- program

typedef struct {
  int isImageLevel;        // 1: instructions run per image in shards; 0: each instruction is an item
  ref first;               // Instruction[count]
  int count;
  ref serialFirst;         // Instruction[serialCount], run by the last thread to arrive
  int serialCount;
} Level;                   // 5 words

typedef struct {
  ref levels;
  int numLevels;
  int numImages;
  int numThreads;
  ref scratch;             // of thread 0; thread t's begins at scratch + t * scratchStride
  int scratchStride;       // bytes, a multiple of 16
  int kernelScratch;       // bytes into a thread's scratch (a multiple of 16) where local tensors end and the kernels' own scratch begins
} Program;                 // 7 words; exported run(Program*, slice)

// ---- packed weights (blocks(C) = ceil(C / BL); taps of a window row by row, tap = i*kernel + j)
//
// conv is *compact* if kernel > 1 and in.channels < BL: then the K axis holds k*k*in.channels rows (row tap*in.channels + c),
// filled up to a multiple of BL; else k*k*in.blocks*BL rows (row tap*in.blocks*BL + c).
//   weight, weightGrad   [blocks(out)][K][BL], K*blocks(out)*BL reals
//   weightT              not compact: [in.blocks][k*k][T][BL], compact: [K/BL][T][BL]; T = blocks(out)*BL rows, one per output
//                        channel. Needed by OP_CONV_GRAD with dx only.
// Convolutions of one input and one window may be merged: lay their `weight`s (their gradients) side by side, give the
// instruction their outputs (gradients) as parts. Needs out.channels % BL = 0 except for the last one. For weightT give each
// OP_PACK_CONV channelTo = its first row and channelCount = T of all (0: its own).
// OP_PACK_CONV and OP_REDUCE_CONV read in.channels, out.channels, kernel; OP_PACK_DEPTHWISE and OP_REDUCE_DEPTHWISE read
// in.channels, kernel; the VECTOR ones numel. OP_PACK_* write `weight` (`weightT`); OP_REDUCE_* read `weightGrad`, write `stored`.
//
// OP_REDUCE_VECTOR reads whole groups of BL: give weightGrad and weightGradStride room for numel rounded up to BL.
//
// A dx (of any op with `in`) is zero where in's part has PART_RELU and its view is not above 0. A dx part without data (0 and
// not PART_LOCAL) is left out. `dx.parts` and `in.parts` may cut the joined blocks differently. Parts need not alias, except
// that OP_SUM, OP_RELU_GRAD and the pointwise ones may write where they read, pixel by pixel.
//
// ---- the kernels' own scratch, in reals (exported: scratchBytes(Instruction*) in bytes, which needs no parts, only sizes)
//
//   extent = dilation*(kernel-1);  window = BL * (height + 2*padding + 2*extent) * (width + 2*padding + 2*extent + 8), of in's map
//            (dx's where `in` has no height)
//   OP_CONV, OP_CONV_GRAD    16384 + 64*(k*k*BL*in.blocks + BL*outBlocks) + (kernel = 1 and padding = 0 ? 0 : window*(2*in.blocks + outBlocks))
//                            outBlocks = out.blocks, for OP_CONV_GRAD grad.blocks
//   depthwise, pools and their gradients    16384 + 4*window
//   all others               16384
