// Pixel by pixel: sums, products, activations, copies of channels, shifts, and the way in and out of the block layout.
#include "kernels.h"
#include "math.h"

INLINE int numPixels(const Operand* operand) { return operand->height * operand->width; }

// Pixels that are read into scratch at once where a view needs arithmetic.
#define SPAN 256

// ---- sums

/** A part without ReLU and without second operand: value = factor*data + shift. */
typedef struct {
  const real* data;
  wide factor, shift;
} Linear;

static Linear linearOf(const View* view, real scale) {
  Linear l = {view->data, wideSplat(scale), wideSplat(0)};
  if (view->kind == VIEW_AFFINE) {
    l.factor = wideMul(wideLoad(view->factor), wideSplat(scale));
    l.shift = wideMul(wideLoad(view->shift), wideSplat(scale));
  }
  return l;
}

static void writeLinear(real* to, int count, Linear a, int accumulate) {
  for (long i = 0; i < (long)count * BL; i += BL)
    wideWrite(to + i, wideFma(wideLoad(a.data + i), a.factor, a.shift), accumulate);
}

static void writeLinearPair(real* to, int count, Linear a, Linear b, int accumulate) {
  const wide shift = wideAdd(a.shift, b.shift);
  for (long i = 0; i < (long)count * BL; i += BL) {
    const wide second = wideFma(wideLoad(b.data + i), b.factor, shift);
    wideWrite(to + i, wideFma(wideLoad(a.data + i), a.factor, second), accumulate);
  }
}

static void writeComputed(real* to, int count, const View* view, real scale, int accumulate, real* span) {
  for (int first = 0; first < count; first += SPAN) {
    const int pixels = minInt(SPAN, count - first);
    readSpan(view, first, pixels, 1, span);
    const Linear read = {span, wideSplat(scale), wideSplat(0)};
    writeLinear(to + (long)first * BL, pixels, read, accumulate);
  }
}

INLINE int isLinear(const View* view) { return !view->relu && view->kind != VIEW_GRADIENT; }

void runSum(const Instruction* instruction, const Context* context) {
  const int count = numPixels(&instruction->out), numParts = instruction->in.count;
  const real scale = (real)constantOf(instruction, 0, 1);
  Scratch scratch = scratchOf(context);
  real* span = takeReals(&scratch, SPAN * BL);
  for (int block = 0; block < instruction->out.blocks; block++) {
    const Target out = targetOfBlock(context, &instruction->out, block);
    int accumulate = out.accumulate;
    if (numParts == 0 && !accumulate) zeroReals(out.data, (long)count * BL);
    for (int part = 0; part < numParts; part++) {
      const View view = viewOfPart(context, &instruction->in, part, block);
      if (!isLinear(&view)) {
        writeComputed(out.data, count, &view, scale, accumulate, span);
      } else {
        const View next = part + 1 < numParts ? viewOfPart(context, &instruction->in, part + 1, block) : view;
        if (part + 1 < numParts && isLinear(&next)) {
          writeLinearPair(out.data, count, linearOf(&view, scale), linearOf(&next, scale), accumulate);
          part++;
        } else {
          writeLinear(out.data, count, linearOf(&view, scale), accumulate);
        }
      }
      accumulate = 1;
    }
  }
}

// ---- two operands

typedef wide PixelFunction(wide a, wide b);

/** out (+)= function(a, b), spans of both read into scratch. */
INLINE void combine(const Context* context, const View* a, const View* b, int count, Target out,
                    PixelFunction function) {
  if (!out.data) return;
  Scratch scratch = scratchOf(context);
  real* left = takeReals(&scratch, SPAN * BL);
  real* right = takeReals(&scratch, SPAN * BL);
  for (int first = 0; first < count; first += SPAN) {
    const int pixels = minInt(SPAN, count - first);
    readSpan(a, first, pixels, 1, left);
    readSpan(b, first, pixels, 1, right);
    real* to = out.data + (long)first * BL;
    for (int i = 0; i < pixels * BL; i += BL)
      wideWrite(to + i, function(wideLoad(left + i), wideLoad(right + i)), out.accumulate);
  }
}

INLINE void combineGradient(const Instruction* instruction, const Context* context, PixelFunction function) {
  for (int block = 0; block < instruction->grad.blocks; block++) {
    const View grad = viewOfBlock(context, &instruction->grad, block);
    const View in = viewOfBlock(context, &instruction->in, block);
    combine(context, &grad, &in, numPixels(&instruction->grad), targetOfBlock(context, &instruction->dx, block),
            function);
  }
}

INLINE wide product(wide a, wide b) { return wideMul(a, b); }
INLINE wide tanhGradient(wide dy, wide y) { return wideMul(dy, wideFma(wideMul(y, wideSplat(-1)), y, wideSplat(1))); }
INLINE wide sigmoidGradient(wide dy, wide y) { return wideMul(dy, wideFma(wideMul(y, wideSplat(-1)), y, y)); }

void runReluGradient(const Instruction* instruction, const Context* context) {
  combineGradient(instruction, context, widePositive);
}
void runTanhGradient(const Instruction* instruction, const Context* context) {
  combineGradient(instruction, context, tanhGradient);
}
void runSigmoidGradient(const Instruction* instruction, const Context* context) {
  combineGradient(instruction, context, sigmoidGradient);
}

void runProduct(const Instruction* instruction, const Context* context) {
  for (int block = 0; block < instruction->out.blocks; block++) {
    const View a = viewOfPart(context, &instruction->in, 0, block), b = viewOfPart(context, &instruction->in, 1, block);
    combine(context, &a, &b, numPixels(&instruction->out), targetOfBlock(context, &instruction->out, block), product);
  }
}

// ---- activations by libm-like functions: in double, lane by lane

typedef double ScalarFunction(double x);

static double sigmoid(double x) {
  const double e = expReal(x < 0 ? x : -x);
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

static double hyperbolicTangent(double x) {
  const double magnitude = x < 0 ? -x : x;
  // expm1 by its series where 1 − e would cancel.
  const double series = magnitude - magnitude * magnitude * magnitude / 3;
  const double e = expReal(-2 * magnitude);
  const double result = magnitude < 1e-5 ? series : (1 - e) / (1 + e);
  return x < 0 ? -result : result;
}

INLINE void activate(const Instruction* instruction, const Context* context, ScalarFunction function) {
  const Operand* out = &instruction->out;
  Scratch scratch = scratchOf(context);
  real* span = takeReals(&scratch, SPAN * BL);
  for (int block = 0; block < out->blocks; block++) {
    const View view = viewOfBlock(context, &instruction->in, block);
    const Target target = targetOfBlock(context, out, block);
    const int lanes = minInt(BL, out->channels - block * BL);
    for (int first = 0; first < numPixels(out); first += SPAN) {
      const int pixels = minInt(SPAN, numPixels(out) - first);
      readSpan(&view, first, pixels, 1, span);
      for (int i = 0; i < pixels * BL; i++) span[i] = i % BL < lanes ? (real)function((double)span[i]) : 0;
      for (int i = 0; i < pixels * BL; i += BL)
        wideWrite(target.data + (long)first * BL + i, wideLoad(span + i), target.accumulate);
    }
  }
}

void runTanh(const Instruction* instruction, const Context* context) {
  activate(instruction, context, hyperbolicTangent);
}
void runSigmoid(const Instruction* instruction, const Context* context) { activate(instruction, context, sigmoid); }

// ---- copies

INLINE void writeReal(real* to, real value, int accumulate) { *to = accumulate ? *to + value : value; }

static void copyBlock(const View* from, Target to, int count, real* span) {
  for (int first = 0; first < count; first += SPAN) {
    const int pixels = minInt(SPAN, count - first);
    readSpan(from, first, pixels, 1, span);
    for (int i = 0; i < pixels * BL; i += BL)
      wideWrite(to.data + (long)first * BL + i, wideLoad(span + i), to.accumulate);
  }
}

/** Lanes laneFrom … laneFrom + lanes − 1 of a block → lanes laneTo … of another. */
static void copyLanes(const View* from, int laneFrom, Target to, int laneTo, int lanes, int count, real* span) {
  for (int first = 0; first < count; first += SPAN) {
    const int pixels = minInt(SPAN, count - first);
    readSpan(from, first, pixels, 1, span);
    for (int p = 0; p < pixels; p++) {
      real* pixel = to.data + (long)(first + p) * BL + laneTo;
      for (int lane = 0; lane < lanes; lane++) writeReal(pixel + lane, span[p * BL + laneFrom + lane], to.accumulate);
    }
  }
}

static void clearLanes(Target to, int lane, int count) {
  for (int p = 0; p < count; p++) {
    for (int i = lane; i < BL; i++) to.data[(long)p * BL + i] = 0;
  }
}

void runCopyChannels(const Instruction* instruction, const Context* context) {
  const int count = numPixels(&instruction->out);
  Scratch scratch = scratchOf(context);
  real* span = takeReals(&scratch, SPAN * BL);
  int from = instruction->channelFrom, to = instruction->channelTo;
  const int end = to + instruction->channelCount;
  while (to < end) {
    const int lanes = minInt(end - to, minInt(BL - from % BL, BL - to % BL));
    const View view = viewOfBlock(context, &instruction->in, from / BL);
    const Target target = targetOfBlock(context, &instruction->out, to / BL);
    if (target.data && lanes == BL) copyBlock(&view, target, count, span);
    else if (target.data) copyLanes(&view, from % BL, target, to % BL, lanes, count, span);
    from += lanes;
    to += lanes;
  }
  if (end == instruction->out.channels && end % BL > 0) {
    const Target last = targetOfBlock(context, &instruction->out, end / BL);
    if (last.data && !last.accumulate) clearLanes(last, end % BL, count);
  }
}

void runShift(const Instruction* instruction, const Context* context) {
  const int height = instruction->out.height, width = instruction->out.width;
  const int columns = instruction->columns;
  const int begin = minInt(width, maxInt(0, -columns)), end = maxInt(begin, minInt(width, width - columns));
  Scratch scratch = scratchOf(context);
  real* row = takeReals(&scratch, SPAN * BL);
  for (int block = 0; block < instruction->out.blocks; block++) {
    const View view = viewOfBlock(context, &instruction->in, block);
    const Target out = targetOfBlock(context, &instruction->out, block);
    for (int y = 0; y < height; y++) {
      const int from = y + instruction->rows;
      real* to = out.data + (long)y * width * BL;
      if (!out.accumulate) zeroReals(to, (long)width * BL);
      if (from < 0 || from >= height) continue;
      for (int x = begin; x < end; x += SPAN) {
        const int pixels = minInt(SPAN, end - x);
        readSpan(&view, (long)from * width + x + columns, pixels, 1, row);
        for (int i = 0; i < pixels * BL; i += BL) wideWrite(to + (long)x * BL + i, wideLoad(row + i), out.accumulate);
      }
    }
  }
}

// ---- in and out of the block layout

void runInput(const Instruction* instruction, const Context* context) {
  const Operand* out = &instruction->out;
  const long pixels = numPixels(out), channels = out->channels;
  const real* feed = (const real*)at(instruction->in.parts) + context->image * pixels * channels;
  for (int block = 0; block < out->blocks; block++) {
    const Target target = targetOfBlock(context, out, block);
    const int lanes = minInt(BL, out->channels - block * BL);
    for (long p = 0; p < pixels; p++) {
      for (int lane = 0; lane < BL; lane++)
        target.data[p * BL + lane] = lane < lanes ? feed[p * channels + block * BL + lane] : 0;
    }
  }
}

void runOutput(const Instruction* instruction, const Context* context) {
  const Operand* in = &instruction->in;
  const int pixels = numPixels(in), channels = in->channels;
  real* result = (real*)at(instruction->result) + (long)context->image * pixels * channels;
  Scratch scratch = scratchOf(context);
  real* span = takeReals(&scratch, SPAN * BL);
  for (int block = 0; block < in->blocks; block++) {
    const View view = viewOfBlock(context, in, block);
    const int lanes = minInt(BL, channels - block * BL);
    for (int first = 0; first < pixels; first += SPAN) {
      const int count = minInt(SPAN, pixels - first);
      readSpan(&view, first, count, 1, span);
      for (int i = 0; i < count * BL; i++) {
        if (i % BL < lanes) result[(long)(first + i / BL) * channels + block * BL + i % BL] = span[i];
      }
    }
  }
}
