// Threads and levels. The caller of `run` is thread 0; others wait in `worker`. All claim shards or items of a level; the
// last to arrive runs its serial instructions and opens the next level. The state below lies in the shared memory.
#include "kernels.h"

#define EXPORT(name) __attribute__((export_name(#name), visibility("default"))) name
#define SPINS 4000  // looks at a word before a thread sleeps on it: a level often ends within microseconds
#define SLICES 60   // sleeps of thread 0 in a row without any progress after which a thread counts as lost
#define LOST 0x7fffffff
#define TIMED_OUT 2  // result of memory.atomic.wait32

static int runNumber;    // changes when a run begins
static int levelNumber;  // changes when a level is done
static int numSleepers;
static int numArrived;
static int nextClaim;
static int numDone;      // pieces of work done, of all threads: stands still when the thread that all wait for is dead
static int isQuitting;
static int failure;      // 0: none, 1 + number of the thread that failed first, or LOST; for good
static const Program* currentProgram;

// ---- waiting

static int read(const int* word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

static void change(int* word) {
  __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
  if (read(&numSleepers) > 0) __builtin_wasm_memory_atomic_notify(word, 0xffffffffu);
}

/** Ends all waiting for good: also that of threads which are about to begin, since the words they wait on change. */
static void failAs(int reason) {
  int none = 0;
  __atomic_compare_exchange_n(&failure, &none, reason, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  change(&levelNumber);
  change(&runNumber);
}

/**
 * Sleeps until the word differs from `seen`. With `slice` > 0 (milliseconds) it fails if nobody does anything for SLICES
 * slices. These are counted, not timed: a machine or a process that is suspended loses one of them however long it rests.
 */
static void sleepUntilChange(int* word, int seen, int slice) {
  const long long timeout = slice > 0 ? slice * 1000000ll : -1;
  int done = read(&numDone);
  int idle = 0;
  while (read(word) == seen) {
    if (__builtin_wasm_memory_atomic_wait32(word, seen, timeout) != TIMED_OUT) continue;
    const int now = read(&numDone);
    idle = now == done ? idle + 1 : 0;
    done = now;
    if (idle == SLICES) failAs(LOST);
  }
}

/** Waits until the word differs from `seen`; whether that is since all is well. */
static int waitForChange(int* word, int seen, int slice) {
  for (int i = 0; i < SPINS; i++) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != seen) return !read(&failure);
  }
  __atomic_add_fetch(&numSleepers, 1, __ATOMIC_SEQ_CST);
  sleepUntilChange(word, seen, slice);
  __atomic_sub_fetch(&numSleepers, 1, __ATOMIC_SEQ_CST);
  return !read(&failure);
}

// ---- instructions

static void runImageInstruction(const Instruction* instruction, const Context* context) {
  static ImageKernel* const KERNELS[] = {
      [OP_INPUT] = runInput,
      [OP_CONV] = runConvolution,
      [OP_CONV_GRAD] = runConvolutionGradient,
      [OP_DEPTHWISE] = runDepthwise,
      [OP_DEPTHWISE_GRAD] = runDepthwiseGradient,
      [OP_MAX_POOL] = runMaxPool,
      [OP_MAX_POOL_GRAD] = runMaxPoolGradient,
      [OP_AVG_POOL] = runAveragePool,
      [OP_AVG_POOL_GRAD] = runAveragePoolGradient,
      [OP_SUM] = runSum,
      [OP_RELU_GRAD] = runReluGradient,
      [OP_COPY_CHANNELS] = runCopyChannels,
      [OP_SHIFT] = runShift,
      [OP_GLOBAL_POOL] = runGlobalPool,
      [OP_SPREAD] = runSpread,
      [OP_CROSS_ENTROPY] = runCrossEntropy,
      [OP_STATISTICS] = runStatistics,
      [OP_GRAD_STATISTICS] = runGradientStatistics,
      [OP_BIAS_GRAD] = runBiasGradient,
      [OP_OUTPUT] = runOutput,
      [OP_MUL] = runProduct,
      [OP_TANH] = runTanh,
      [OP_SIGMOID] = runSigmoid,
      [OP_TANH_GRAD] = runTanhGradient,
      [OP_SIGMOID_GRAD] = runSigmoidGradient,
      [OP_EMBEDDING] = runEmbedding,
      [OP_EMBEDDING_GRAD] = runEmbeddingGradient,
  };
  KERNELS[instruction->opcode](instruction, context);
}

static void runBatchInstruction(const Instruction* instruction, int numImages) {
  static BatchKernel* const ITEMS[] = {
      packConvolution, packDepthwise, packVector,   reduceConvolution,
      reduceDepthwise, reduceVector,  updateWeight, fillZeros,
  };
  static BatchKernel* const SERIAL[] = {finishBatchNorm, giveBatchNorm, finishBatchNormGradient, finishLoss,
                                        finishNorm};
  if (instruction->opcode >= OP_BN_FINISH) SERIAL[instruction->opcode - OP_BN_FINISH](instruction, numImages);
  else ITEMS[instruction->opcode - OP_PACK_CONV](instruction, numImages);
}

// ---- levels

static void noteProgress(void) { __atomic_add_fetch(&numDone, 1, __ATOMIC_RELAXED); }

static int claim(void) { return __atomic_fetch_add(&nextClaim, 1, __ATOMIC_SEQ_CST); }

static void runShards(const Program* program, const Level* level, int thread) {
  const Instruction* instructions = at(level->first);
  char* local = (char*)at(program->scratch) + (long)thread * program->scratchStride;
  Context context = {0, 0, 0, local, local + program->kernelScratch};
  for (int shard = claim(); shard < NUM_SHARDS; shard = claim()) {
    const int begin = shardBegin(shard, program->numImages), end = shardBegin(shard + 1, program->numImages);
    context.shard = shard;
    for (int image = begin; image < end; image++) {
      context.image = image;
      context.isFirst = image == begin;
      for (int i = 0; i < level->count; i++) runImageInstruction(instructions + i, &context);
      noteProgress();
    }
  }
}

static void runItems(const Program* program, const Level* level) {
  const Instruction* instructions = at(level->first);
  for (int item = claim(); item < level->count; item = claim()) {
    runBatchInstruction(instructions + item, program->numImages);
    noteProgress();
  }
}

/** The last thread to arrive runs what needs all results, the others wait for it. 0 if a thread has failed. */
static int finishLevel(const Program* program, const Level* level, int slice) {
  const int seen = read(&levelNumber);
  if (read(&failure)) return 0;  // `seen` may be the number that the failure left.
  if (__atomic_add_fetch(&numArrived, 1, __ATOMIC_SEQ_CST) < program->numThreads)
    return waitForChange(&levelNumber, seen, slice);
  const Instruction* serial = at(level->serialFirst);
  for (int i = 0; i < level->serialCount; i++) {
    runBatchInstruction(serial + i, program->numImages);
    noteProgress();
  }
  __atomic_store_n(&numArrived, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&nextClaim, 0, __ATOMIC_SEQ_CST);
  change(&levelNumber);
  return 1;
}

/** Whether all levels were run. */
static int runLevels(const Program* program, int thread, int slice) {
  // When the last level is done the caller of `run` may free or rewrite the program while another thread still wakes up.
  const Level* levels = at(program->levels);
  const int numLevels = program->numLevels;
  for (int i = 0; i < numLevels; i++) {
    if (levels[i].isImageLevel) runShards(program, levels + i, thread);
    else runItems(program, levels + i);
    if (!finishLevel(program, levels + i, slice)) return 0;
  }
  return 1;
}

// ---- exports

/**
 * Runs all levels with program->numThreads threads; the others of them must be in `worker`. `slice`: milliseconds; 60 of
 * them without progress of any thread are a failure (0: waits for ever). Returns 0 if all went well, else 1 + the number
 * of the thread that failed, or LOST if a thread is gone without a word. Once failed, every later run fails too.
 */
int EXPORT(run)(const Program* program, int slice) {
  if (read(&failure)) return failure;
  __atomic_store_n(&currentProgram, program, __ATOMIC_SEQ_CST);
  if (program->numThreads > 1) change(&runNumber);
  return runLevels(program, 0, slice) ? 0 : read(&failure);
}

/** Body of thread `thread` ≥ 1: takes part in every run of more than `thread` threads until `quit` or a failure. */
void EXPORT(worker)(int thread) {
  int seen = 0;
  for (;;) {
    if (!waitForChange(&runNumber, seen, 0) || read(&isQuitting)) return;
    // A thread without a part in a run may wake when the next one begins: number and program must belong together.
    const Program* program;
    do {
      seen = read(&runNumber);
      program = __atomic_load_n(&currentProgram, __ATOMIC_SEQ_CST);
    } while (seen != read(&runNumber));
    if (thread < program->numThreads && !runLevels(program, thread, 0)) return;
  }
}

/** Thread `thread` cannot go on: the run in progress fails, and all later ones. */
void EXPORT(fail)(int thread) { failAs(1 + thread); }

/** Ends all workers. No run may be in progress. */
void EXPORT(quit)(void) {
  __atomic_store_n(&isQuitting, 1, __ATOMIC_SEQ_CST);
  change(&runNumber);
}

/** The kernels' own scratch for one instruction, see program.h. */
int EXPORT(scratchBytes)(const Instruction* instruction) {
  const Operand* map = instruction->in.height > 0 ? &instruction->in : &instruction->dx;
  const int border = 2 * instruction->padding + 2 * instruction->dilation * (instruction->kernel - 1);
  const int window = BL * (map->height + border) * (map->width + border + 8);
  const int taps = instruction->kernel * instruction->kernel;
  int reals = 16384;
  if (instruction->opcode == OP_CONV || instruction->opcode == OP_CONV_GRAD) {
    const int outBlocks = instruction->opcode == OP_CONV ? instruction->out.blocks : instruction->grad.blocks;
    reals += 64 * BL * (taps * instruction->in.blocks + outBlocks);
    if (instruction->kernel > 1 || instruction->padding > 0) reals += window * (2 * instruction->in.blocks + outBlocks);
  } else if (instruction->opcode >= OP_DEPTHWISE && instruction->opcode <= OP_AVG_POOL_GRAD) {
    reals += 4 * window;
  }
  return reals * (int)sizeof(real);
}
