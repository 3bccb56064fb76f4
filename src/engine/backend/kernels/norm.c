// Batch normalisation (Ioffe & Szegedy 2015): sums per shard while images run, finished in double by one thread.
// y = gamma*(x − mean)*rstd + beta is never computed: consumers read x through scale = gamma*rstd, shift = beta − mean*scale.
// dx = A*dy + B*x + C with A = gamma*rstd, B = −A*rstd*dgamma/M, C = −A*dbeta/M − B*mean over M pixels of the batch.
#include "kernels.h"
#include "math.h"

#define CHAINS 4  // independent sums, so that additions need not wait for each other

// ---- sums

/** Adds Σ a and Σ a·b of a block to sums[BL] and products[BL]. */
static void addSums(const real* a, const real* b, int count, real* sums, real* products) {
  for (int v = 0; v < BL; v += VL) {
    vec sum[CHAINS], product[CHAINS];
    UNROLL for (int u = 0; u < CHAINS; u++) sum[u] = product[u] = splat(0);
    int p = 0;
    for (; p + CHAINS <= count; p += CHAINS) {
      UNROLL for (int u = 0; u < CHAINS; u++) {
        const vec value = load(a + (long)(p + u) * BL + v);
        sum[u] += value;
        product[u] = fma(value, load(b + (long)(p + u) * BL + v), product[u]);
      }
    }
    for (; p < count; p++) {
      const vec value = load(a + (long)p * BL + v);
      sum[0] += value;
      product[0] = fma(value, load(b + (long)p * BL + v), product[0]);
    }
    store(sums + v, load(sums + v) + ((sum[0] + sum[1]) + (sum[2] + sum[3])));
    store(products + v, load(products + v) + ((product[0] + product[1]) + (product[2] + product[3])));
  }
}

#define SPAN 256  // pixels read into scratch at once

static void addSpans(const Context* context, const View* a, const View* b, int count, real* sums, real* products) {
  Scratch scratch = scratchOf(context);
  real* left = takeReals(&scratch, SPAN * BL);
  real* right = takeReals(&scratch, SPAN * BL);
  for (int first = 0; first < count; first += SPAN) {
    const int pixels = minInt(SPAN, count - first);
    const real* readA = a->data + (long)first * BL;
    if (!isPlain(a)) readSpan(a, first, pixels, 1, left), readA = left;
    const real* readB = b->data + (long)first * BL;
    if (a == b) readB = readA;
    else if (!isPlain(b)) readSpan(b, first, pixels, 1, right), readB = right;
    addSums(readA, readB, pixels, sums, products);
  }
}

void runStatistics(const Instruction* instruction, const Context* context) {
  const Operand* in = &instruction->in;
  const long width = (long)in->blocks * BL;
  real* sums = shardSums(context, instruction->sums, instruction->sumsStride, 2 * width, instruction->keepSums);
  for (int block = 0; block < in->blocks; block++) {
    const View view = viewOfBlock(context, in, block);
    addSpans(context, &view, &view, in->height * in->width, sums + block * BL, sums + width + block * BL);
  }
}

void runGradientStatistics(const Instruction* instruction, const Context* context) {
  const Operand* grad = &instruction->grad;
  const long width = (long)grad->blocks * BL;
  real* sums = shardSums(context, instruction->sums, instruction->sumsStride, 2 * width, instruction->keepSums);
  for (int block = 0; block < grad->blocks; block++) {
    const View dy = viewOfBlock(context, grad, block), in = viewOfBlock(context, &instruction->in, block);
    addSpans(context, &dy, &in, grad->height * grad->width, sums + block * BL, sums + width + block * BL);
  }
}

void runBiasGradient(const Instruction* instruction, const Context* context) {
  const Operand* grad = &instruction->grad;
  real* sums = shardSums(context, instruction->weightGrad, instruction->weightGradStride, (long)grad->blocks * BL,
                         instruction->keepSums);
  Scratch scratch = scratchOf(context);
  real* span = takeReals(&scratch, SPAN * BL);
  for (int block = 0; block < grad->blocks; block++) {
    const View view = viewOfBlock(context, grad, block);
    const int count = grad->height * grad->width;
    for (int first = 0; first < count; first += SPAN) {
      const int pixels = minInt(SPAN, count - first);
      readSpan(&view, first, pixels, 1, span);
      wide sum = wideLoad(sums + block * BL);
      for (int i = 0; i < pixels * BL; i += BL) sum = wideAdd(sum, wideLoad(span + i));
      wideStore(sums + block * BL, sum);
    }
  }
}

// ---- finishers

typedef struct {
  double first, second;
} SumPair;

/** A channel's two sums over all shards, in shard order. */
static SumPair sumShards(const Instruction* instruction, int channel, int width, int numImages) {
  SumPair total = {0, 0};
  for (int shard = 0; shard < NUM_SHARDS; shard++) {
    if (!hasImages(shard, numImages)) continue;
    const real* sums = (const real*)at(instruction->sums) + (long)shard * instruction->sumsStride;
    total.first += (double)sums[channel];
    total.second += (double)sums[width + channel];
  }
  return total;
}

static double epsilonOf(const Instruction* instruction) {
  return instruction->constants ? constantOf(instruction, 0, 0) : ((const Hyper*)at(instruction->hyper))->epsilon;
}

/** Scale and shift of the forward view. Lanes past the channels get zeros, so that they stay zero. */
static void writeNormalisation(const BatchNorm* bn, int channel, double mean, double rstd) {
  const int width = bn->blocks * BL;
  const int isInside = channel < bn->channels;
  real* scaleShift = at(bn->scaleShift);
  real* meanRstd = at(bn->meanRstd);
  const double gamma = bn->affine ? (double)((const real*)at(bn->gamma))[channel] : 1;
  const double beta = bn->affine ? (double)((const real*)at(bn->beta))[channel] : 0;
  scaleShift[channel] = isInside ? (real)(gamma * rstd) : 0;
  scaleShift[width + channel] = isInside ? (real)(beta - mean * gamma * rstd) : 0;
  meanRstd[channel] = isInside ? (real)mean : 0;
  meanRstd[width + channel] = isInside ? (real)rstd : 0;
}

/** r ← (1 − momentum)·r + momentum·batch, the variance unbiased, as PyTorch does. */
static void moveRunning(const BatchNorm* bn, int channel, double mean, double variance, double momentum) {
  real* means = at(bn->storeMean);
  real* variances = at(bn->storeVariance);
  const double unbiased = bn->count > 1 ? variance * bn->count / (bn->count - 1) : variance;
  means[channel] = (real)((1 - momentum) * (double)means[channel] + momentum * mean);
  variances[channel] = (real)((1 - momentum) * (double)variances[channel] + momentum * unbiased);
}

void finishBatchNorm(const Instruction* instruction, int numImages) {
  const BatchNorm* bn = at(instruction->bn);
  const int width = bn->blocks * BL;
  const double epsilon = epsilonOf(instruction);
  for (int channel = 0; channel < width; channel++) {
    const SumPair sums = sumShards(instruction, channel, width, numImages);
    const double mean = sums.first / bn->count;
    const double difference = sums.second / bn->count - mean * mean;
    const double variance = difference > 0 ? difference : 0;
    writeNormalisation(bn, channel, mean, 1 / squareRoot(variance + epsilon));
    if (bn->moveRunning && channel < bn->channels) {
      moveRunning(bn, channel, mean, variance, ((const Hyper*)at(instruction->hyper))->bnMomentum);
    }
  }
}

void giveBatchNorm(const Instruction* instruction, int numImages) {
  (void)numImages;
  const BatchNorm* bn = at(instruction->bn);
  const double epsilon = epsilonOf(instruction);
  for (int channel = 0; channel < bn->blocks * BL; channel++) {
    const int isStored = bn->storeMean && channel < bn->channels;
    const double mean = isStored ? (double)((const real*)at(bn->storeMean))[channel] : 0;
    const double variance = isStored ? (double)((const real*)at(bn->storeVariance))[channel] : 1;
    writeNormalisation(bn, channel, mean, 1 / squareRoot(variance + epsilon));
  }
}

void finishBatchNormGradient(const Instruction* instruction, int numImages) {
  const BatchNorm* bn = at(instruction->bn);
  const int width = bn->blocks * BL;
  real* coefficients = at(bn->coefficients);
  for (int channel = 0; channel < width; channel++) {
    const SumPair sums = sumShards(instruction, channel, width, numImages);
    const double mean = (double)((const real*)at(bn->meanRstd))[channel];
    const double rstd = (double)((const real*)at(bn->meanRstd))[width + channel];  // 0 past the channels
    const double gamma = bn->affine ? (double)((const real*)at(bn->gamma))[channel] : 1;
    const double dgamma = rstd * (sums.second - mean * sums.first);
    const double a = gamma * rstd;
    const double b = bn->fixed ? 0 : -a * rstd * dgamma / bn->count;
    const double c = bn->fixed ? 0 : -a * sums.first / bn->count - b * mean;
    coefficients[channel] = (real)a;
    coefficients[width + channel] = (real)b;
    coefficients[2 * width + channel] = (real)c;
    if (bn->dgamma) ((real*)at(bn->dgamma))[channel] = (real)dgamma;
    if (bn->dbeta) ((real*)at(bn->dbeta))[channel] = channel < bn->channels ? (real)sums.first : 0;
  }
}
