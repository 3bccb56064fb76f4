// The ends of a network: global pool, its gradient, cross-entropy, embeddings.
#include "kernels.h"
#include "math.h"

#define SPAN 256  // pixels read into scratch at once

void runGlobalPool(const Instruction* instruction, const Context* context) {
  const Operand* in = &instruction->in;
  const int numPixels = in->height * in->width;
  Scratch scratch = scratchOf(context);
  real* span = takeReals(&scratch, SPAN * BL);
  for (int block = 0; block < in->blocks; block++) {
    const View view = viewOfBlock(context, in, block);
    wide sum = wideSplat(0);
    for (int first = 0; first < numPixels; first += SPAN) {
      const int pixels = minInt(SPAN, numPixels - first);
      readSpan(&view, first, pixels, 1, span);
      for (int i = 0; i < pixels * BL; i += BL) sum = wideAdd(sum, wideLoad(span + i));
    }
    const Target out = targetOfBlock(context, &instruction->out, block);
    wideWrite(out.data, wideMul(sum, wideSplat((real)1 / (real)numPixels)), out.accumulate);
  }
}

void runSpread(const Instruction* instruction, const Context* context) {
  const Operand* dx = &instruction->dx;
  const int numPixels = dx->height * dx->width;
  Scratch scratch = scratchOf(context);
  real* span = takeReals(&scratch, SPAN * BL);
  for (int block = 0; block < dx->blocks; block++) {
    const Target target = targetOfBlock(context, dx, block);
    if (!target.data) continue;
    real share[BL];
    const View grad = viewOfBlock(context, &instruction->grad, block);
    readSpan(&grad, 0, 1, 1, share);
    const wide value = wideMul(wideLoad(share), wideSplat((real)1 / (real)numPixels));
    const int relu = hasRelu(context, &instruction->in, block);
    for (int first = 0; first < numPixels; first += SPAN) {
      const int pixels = minInt(SPAN, numPixels - first);
      if (relu) {
        const View in = viewOfBlock(context, &instruction->in, block);
        readSpan(&in, first, pixels, 1, span);
      }
      real* to = target.data + (long)first * BL;
      for (int i = 0; i < pixels * BL; i += BL) {
        wideWrite(to + i, relu ? widePositive(value, wideLoad(span + i)) : value, target.accumulate);
      }
    }
  }
}

// ---- cross-entropy, in double

/** Class scores of the image → `logits`; their number. */
static int readLogits(const Instruction* instruction, const Context* context, double* logits) {
  const Operand* in = &instruction->in;
  real values[BL];
  for (int c = 0; c < in->channels; c++) {
    if (c % BL == 0) {
      const View view = viewOfBlock(context, in, c / BL);
      readSpan(&view, 0, 1, 1, values);
    }
    logits[c] = (double)values[c % BL];
  }
  return in->channels;
}

static void writeLogitGradient(const Instruction* instruction, const Context* context, const double* gradient,
                               int numClasses) {
  for (int block = 0; block < instruction->dx.blocks; block++) {
    const Target dx = targetOfBlock(context, &instruction->dx, block);
    if (!dx.data) continue;
    const int relu = hasRelu(context, &instruction->in, block);
    real in[BL];
    const View view = viewOfBlock(context, &instruction->in, block);
    readSpan(&view, 0, 1, 1, in);
    for (int lane = 0; lane < BL; lane++) {
      const int c = block * BL + lane;
      const real value = c < numClasses && !(relu && in[lane] <= 0) ? (real)gradient[c] : 0;
      dx.data[lane] = dx.accumulate ? dx.data[lane] + value : value;
    }
  }
}

/** Loss −Σ t·log softmax, t = (1 − ε)·onehot + ε/K (Szegedy et al. 2016, section 7); gradient softmax − t, times f1. */
void runCrossEntropy(const Instruction* instruction, const Context* context) {
  Scratch scratch = scratchOf(context);
  double* logits = takeBytes(&scratch, (long)instruction->in.channels * (long)sizeof(double));
  const int numClasses = readLogits(instruction, context, logits);
  const int label = ((const int*)at(instruction->aux))[context->image];
  const double smoothing = constantOf(instruction, 0, 0), scale = constantOf(instruction, 1, 1);
  double largest = logits[0], sum = 0, sumOfLogits = 0;
  for (int c = 1; c < numClasses; c++) largest = logits[c] > largest ? logits[c] : largest;
  for (int c = 0; c < numClasses; c++) {
    sum += expReal(logits[c] - largest);
    sumOfLogits += logits[c] - largest;
  }
  const double logSum = logReal(sum);
  const double loss = logSum - (1 - smoothing) * (logits[label] - largest) - smoothing / numClasses * sumOfLogits;
  if (instruction->result) ((real*)at(instruction->result))[context->image] = (real)loss;
  if (instruction->out.count > 0) {
    const Target out = targetOfBlock(context, &instruction->out, 0);
    zeroReals(out.data, BL);
    out.data[0] = (real)loss;
  }
  if (instruction->dx.count == 0) return;
  for (int c = 0; c < numClasses; c++) {
    const double target = (c == label ? 1 - smoothing : 0) + smoothing / numClasses;
    logits[c] = scale * (expReal(logits[c] - largest - logSum) - target);
  }
  writeLogitGradient(instruction, context, logits, numClasses);
}

void finishLoss(const Instruction* instruction, int numImages) {
  const real* losses = at(instruction->in.parts);
  double sum = 0;
  for (int image = 0; image < numImages; image++) sum += (double)losses[image];
  *(real*)at(instruction->result) = (real)(sum / numImages);
}

// ---- embeddings: the table is read in the store's layout [vocabulary, C]

void runEmbedding(const Instruction* instruction, const Context* context) {
  const int channels = instruction->out.channels;
  const int token = ((const int*)at(instruction->aux))[context->image];
  const real* row = (const real*)at(instruction->stored) + (long)token * channels;
  for (int block = 0; block < instruction->out.blocks; block++) {
    const Target out = targetOfBlock(context, &instruction->out, block);
    for (int lane = 0; lane < BL; lane++) {
      const int c = block * BL + lane;
      const real value = c < channels ? row[c] : 0;
      out.data[lane] = out.accumulate ? out.data[lane] + value : value;
    }
  }
}

void runEmbeddingGradient(const Instruction* instruction, const Context* context) {
  const int channels = instruction->grad.channels;
  real* gradient = shardSums(context, instruction->weightGrad, instruction->weightGradStride, instruction->numel,
                             instruction->keepSums);
  const int token = ((const int*)at(instruction->aux))[context->image];
  real values[BL];
  for (int c = 0; c < channels; c++) {
    if (c % BL == 0) {
      const View view = viewOfBlock(context, &instruction->grad, c / BL);
      readSpan(&view, 0, 1, 1, values);
    }
    gradient[(long)token * channels + c] += values[c % BL];
  }
}
