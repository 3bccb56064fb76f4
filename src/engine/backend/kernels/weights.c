// Weights: from the store's PyTorch layout to packed and, for gradients, back; the optimiser. Orders are in program.h.
#include "kernels.h"
#include "math.h"

// ---- packing

/** Place of weight (out, in, tap) in `weight` and `weightGrad`. */
static long panelPlace(const Instruction* instruction, int out, int channel, int tap) {
  const int numRows = numWeightRows(instruction);
  const int perTap = isCompactConvolution(instruction) ? instruction->in.channels : roundUp(instruction->in.channels, BL);
  return ((long)(out / BL) * numRows + tap * perTap + channel) * BL + out % BL;
}

/** Place of weight (out, in, tap) in `weightT`, whose panels have `numColumns` rows. */
static long transposedPlace(const Instruction* instruction, int out, int channel, int tap, int numColumns) {
  const int taps = instruction->kernel * instruction->kernel;
  if (isCompactConvolution(instruction)) {
    const int row = tap * instruction->in.channels + channel;
    return ((long)(row / BL) * numColumns + out) * BL + row % BL;
  }
  return (((long)(channel / BL) * taps + tap) * numColumns + out) * BL + channel % BL;
}

/** weightT may hold the rows of several merged convolutions: only this one's are written. */
static void packTransposed(const Instruction* instruction) {
  real* packed = at(instruction->weightT);
  const real* stored = at(instruction->stored);
  const int taps = instruction->kernel * instruction->kernel;
  const int out = instruction->out.channels, in = instruction->in.channels;
  const int numColumns = instruction->channelCount ? instruction->channelCount : roundUp(out, BL);
  const int numPanels = numWeightRows(instruction) / BL;
  for (int panel = 0; panel < numPanels; panel++) {
    zeroReals(packed + ((long)panel * numColumns + instruction->channelTo) * BL, (long)roundUp(out, BL) * BL);
  }
  for (int o = 0; o < out; o++) {
    for (int c = 0; c < in; c++) {
      for (int tap = 0; tap < taps; tap++) {
        packed[transposedPlace(instruction, o + instruction->channelTo, c, tap, numColumns)] = stored[((long)o * in + c) * taps + tap];
      }
    }
  }
}

void packConvolution(const Instruction* instruction, int numImages) {
  (void)numImages;
  const int taps = instruction->kernel * instruction->kernel;
  const int out = instruction->out.channels, in = instruction->in.channels;
  real* packed = at(instruction->weight);
  const real* stored = at(instruction->stored);
  zeroReals(packed, (long)numWeightRows(instruction) * roundUp(out, BL));
  for (int o = 0; o < out; o++) {
    for (int c = 0; c < in; c++) {
      for (int tap = 0; tap < taps; tap++) packed[panelPlace(instruction, o, c, tap)] = stored[((long)o * in + c) * taps + tap];
    }
  }
  if (instruction->weightT) packTransposed(instruction);
}

static long depthwisePlace(int channel, int tap, int taps) { return ((long)(channel / BL) * taps + tap) * BL + channel % BL; }

void packDepthwise(const Instruction* instruction, int numImages) {
  (void)numImages;
  const int taps = instruction->kernel * instruction->kernel, channels = instruction->in.channels;
  real* packed = at(instruction->weight);
  const real* stored = at(instruction->stored);
  zeroReals(packed, (long)roundUp(channels, BL) * taps);
  for (int c = 0; c < channels; c++) {
    for (int tap = 0; tap < taps; tap++) packed[depthwisePlace(c, tap, taps)] = stored[c * taps + tap];
  }
}

void packVector(const Instruction* instruction, int numImages) {
  (void)numImages;
  real* packed = at(instruction->weight);
  const real* stored = at(instruction->stored);
  for (int i = 0; i < roundUp(instruction->numel, BL); i++) packed[i] = i < instruction->numel ? stored[i] : 0;
}

// ---- reducing: shard sums in shard order

/** Σ over shards of a packed gradient's element. */
static real reduceElement(const Instruction* instruction, long place, int numImages) {
  const real* sums = at(instruction->weightGrad);
  if (instruction->weightGradStride == 0) return sums[place];
  real total = 0;
  for (int shard = 0; shard < NUM_SHARDS; shard++) {
    if (hasImages(shard, numImages)) total += sums[(long)shard * instruction->weightGradStride + place];
  }
  return total;
}

static double square(real x) { return (double)x * (double)x; }

static void writeSquares(const Instruction* instruction, double squares) {
  if (instruction->result) *(real*)at(instruction->result) = (real)squares;
}

void reduceConvolution(const Instruction* instruction, int numImages) {
  const int taps = instruction->kernel * instruction->kernel;
  const int out = instruction->out.channels, in = instruction->in.channels;
  real* gradient = at(instruction->stored);
  double squares = 0;
  for (int o = 0; o < out; o++) {
    for (int c = 0; c < in; c++) {
      for (int tap = 0; tap < taps; tap++) {
        const real total = reduceElement(instruction, panelPlace(instruction, o, c, tap), numImages);
        gradient[((long)o * in + c) * taps + tap] = total;
        squares += square(total);
      }
    }
  }
  writeSquares(instruction, squares);
}

void reduceDepthwise(const Instruction* instruction, int numImages) {
  const int taps = instruction->kernel * instruction->kernel;
  real* gradient = at(instruction->stored);
  double squares = 0;
  for (int c = 0; c < instruction->in.channels; c++) {
    for (int tap = 0; tap < taps; tap++) {
      const real total = reduceElement(instruction, depthwisePlace(c, tap, taps), numImages);
      gradient[c * taps + tap] = total;
      squares += square(total);
    }
  }
  writeSquares(instruction, squares);
}

void reduceVector(const Instruction* instruction, int numImages) {
  real* gradient = at(instruction->stored);
  double squares = 0;
  for (int i = 0; i < instruction->numel; i++) {
    const real total = reduceElement(instruction, i, numImages);
    gradient[i] = total;
    squares += square(total);
  }
  writeSquares(instruction, squares);
}

// ---- optimiser

/** As torch.nn.utils.clip_grad_norm_: factor = min(1, clip / (norm + 1e-6)). */
void finishNorm(const Instruction* instruction, int numImages) {
  (void)numImages;
  Hyper* hyper = at(instruction->hyper);
  const real* squares = at(instruction->in.parts);
  double sum = 0;
  for (int i = 0; i < instruction->numel; i++) sum += (double)squares[i];
  hyper->norm = squareRoot(sum);
  const double factor = hyper->clipNorm / (hyper->norm + 1e-6);
  hyper->clipFactor = factor < 1 ? factor : 1;
}

/** g ← g·clipFactor + weightDecay·w, m ← momentum·m + g, w ← w − learningRate·m. */
void updateWeight(const Instruction* instruction, int numImages) {
  (void)numImages;
  const Hyper* hyper = at(instruction->hyper);
  real* weights = at(instruction->stored);
  real* momenta = at(instruction->momentum);
  const real* gradients = at(instruction->storedGrad);
  const real rate = (real)hyper->learningRate, momentum = (real)hyper->momentum, decay = (real)hyper->weightDecay;
  const real clip = (real)hyper->clipFactor;
  for (long i = 0; i < instruction->numel; i++) {
    const real step = momentum * momenta[i] + (gradients[i] * clip + decay * weights[i]);
    momenta[i] = step;
    weights[i] -= rate * step;
  }
}

void fillZeros(const Instruction* instruction, int numImages) {
  (void)numImages;
  zeroReals(at(instruction->out.parts), instruction->numel);
}
