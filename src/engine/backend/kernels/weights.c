// Weights: from the store's PyTorch layout to packed and, for gradients, back; the optimiser. Orders are in program.h.
#include "kernels.h"
#include "math.h"

// ---- packing

/** What a row of a panel multiplies: one channel seen by one tap. Rows that only fill up have no channel. */
typedef struct {
  int channel, tap;
} RowSource;
#define NO_CHANNEL (-1)

/** Row of `weight` and `weightGrad`. */
static RowSource rowOfPanel(const Instruction* instruction, int row) {
  const int channels = instruction->in.channels, taps = instruction->kernel * instruction->kernel;
  const int perTap = isCompactConvolution(instruction) ? channels : roundUp(channels, BL);
  const RowSource source = {row % perTap, row / perTap};
  return source.tap < taps && source.channel < channels ? source : (RowSource){NO_CHANNEL, 0};
}

/** Lane of panel `panel` of `weightT`. */
static RowSource laneOfTransposed(const Instruction* instruction, int panel, int lane) {
  const int taps = instruction->kernel * instruction->kernel;
  if (isCompactConvolution(instruction)) return rowOfPanel(instruction, panel * BL + lane);
  const RowSource source = {panel / taps * BL + lane, panel % taps};
  return source.channel < instruction->in.channels ? source : (RowSource){NO_CHANNEL, 0};
}

/** Place of a weight in the store: [out, in, k, k]. */
static long storedPlace(const Instruction* instruction, int out, RowSource source) {
  return ((long)out * instruction->in.channels + source.channel) * instruction->kernel * instruction->kernel +
         source.tap;
}

static void packPanels(const Instruction* instruction) {
  const real* stored = at(instruction->stored);
  real* packed = at(instruction->weight);
  const int out = instruction->out.channels, numRows = numWeightRows(instruction);
  const long perOut = (long)instruction->in.channels * instruction->kernel * instruction->kernel;
  for (int first = 0; first < out; first += BL) {
    for (int row = 0; row < numRows; row++, packed += BL) {
      const RowSource source = rowOfPanel(instruction, row);
      const long place = storedPlace(instruction, first, source);
      const int lanes = source.channel == NO_CHANNEL ? 0 : minInt(BL, out - first);
      for (int lane = 0; lane < BL; lane++) packed[lane] = lane < lanes ? stored[place + lane * perOut] : 0;
    }
  }
}

/** weightT may hold the rows of several merged convolutions: only this one's are written. */
static void packTransposed(const Instruction* instruction) {
  const real* stored = at(instruction->stored);
  const int out = instruction->out.channels;
  const int numColumns = instruction->channelCount ? instruction->channelCount : roundUp(out, BL);
  for (int panel = 0; panel < numWeightRows(instruction) / BL; panel++) {
    real* packed = (real*)at(instruction->weightT) + ((long)panel * numColumns + instruction->channelTo) * BL;
    for (int lane = 0; lane < BL; lane++) {
      const RowSource source = laneOfTransposed(instruction, panel, lane);
      for (int o = 0; o < roundUp(out, BL); o++) {
        const int isFilled = o < out && source.channel != NO_CHANNEL;
        packed[o * BL + lane] = isFilled ? stored[storedPlace(instruction, o, source)] : 0;
      }
    }
  }
}

void packConvolution(const Instruction* instruction, int numImages) {
  (void)numImages;
  packPanels(instruction);
  if (instruction->weightT) packTransposed(instruction);
}

static long depthwisePlace(int channel, int tap, int taps) {
  return ((long)(channel / BL) * taps + tap) * BL + channel % BL;
}

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

/** Σ over shards of BL elements of a packed gradient → total[BL]. */
static void reduceRow(const Instruction* instruction, long place, int numImages, real* total) {
  const real* sums = (const real*)at(instruction->weightGrad) + place;
  if (instruction->weightGradStride == 0) {
    wideStore(total, wideLoad(sums));
    return;
  }
  wide sum = wideSplat(0);
  for (int shard = 0; shard < NUM_SHARDS; shard++) {
    if (hasImages(shard, numImages)) sum = wideAdd(sum, wideLoad(sums + (long)shard * instruction->weightGradStride));
  }
  wideStore(total, sum);
}

static void writeSquares(const Instruction* instruction, long count) {
  if (!instruction->result) return;
  const real* gradient = at(instruction->stored);
  double squares = 0;
  for (long i = 0; i < count; i++) squares += (double)gradient[i] * (double)gradient[i];
  *(real*)at(instruction->result) = (real)squares;
}

void reduceConvolution(const Instruction* instruction, int numImages) {
  const int out = instruction->out.channels, numRows = numWeightRows(instruction);
  const long perOut = (long)instruction->in.channels * instruction->kernel * instruction->kernel;
  real* gradient = at(instruction->stored);
  for (int first = 0; first < out; first += BL) {
    for (int row = 0; row < numRows; row++) {
      const RowSource source = rowOfPanel(instruction, row);
      if (source.channel == NO_CHANNEL) continue;
      real total[BL];
      reduceRow(instruction, (long)first * numRows + (long)row * BL, numImages, total);
      real* to = gradient + storedPlace(instruction, first, source);
      for (int lane = 0; lane < minInt(BL, out - first); lane++) to[lane * perOut] = total[lane];
    }
  }
  writeSquares(instruction, out * perOut);
}

void reduceDepthwise(const Instruction* instruction, int numImages) {
  const int taps = instruction->kernel * instruction->kernel, channels = instruction->in.channels;
  real* gradient = at(instruction->stored);
  for (int first = 0; first < channels; first += BL) {
    for (int tap = 0; tap < taps; tap++) {
      real total[BL];
      reduceRow(instruction, depthwisePlace(first, tap, taps), numImages, total);
      for (int lane = 0; lane < minInt(BL, channels - first); lane++)
        gradient[(first + lane) * taps + tap] = total[lane];
    }
  }
  writeSquares(instruction, (long)channels * taps);
}

void reduceVector(const Instruction* instruction, int numImages) {
  real* gradient = at(instruction->stored);
  for (int first = 0; first < instruction->numel; first += BL) {
    real total[BL];
    reduceRow(instruction, first, numImages, total);
    for (int lane = 0; lane < minInt(BL, instruction->numel - first); lane++) gradient[first + lane] = total[lane];
  }
  writeSquares(instruction, instruction->numel);
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
