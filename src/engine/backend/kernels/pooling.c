// Pools, block by block. The input is copied into a frame whose border cannot win (max) or counts nothing (average).
#include "kernels.h"
#include "window.h"

#define COMMON_KERNEL 3  // known to the compiler; other windows take the same loops with a variable

typedef struct {
  const Window* window;
  const real* frame;
  int frameWidth;
  Target out;
} Pool;

INLINE const real* windowAt(const Pool* p, int y, int x) {
  return p->frame + ((long)y * p->window->stride * p->frameWidth + x * p->window->stride) * BL;
}

/** How many of `kernel` positions from `first` on lie inside 0 … size − 1. */
INLINE int numInside(int first, int kernel, int size) { return minInt(first + kernel, size) - maxInt(first, 0); }

/** 1 / pixels of the window that lie inside the map, along a row: divided anew only where the count changes. */
typedef struct {
  int rows, count;
  real inverse;
} CountCache;

INLINE CountCache countRow(const Window* w, int y) {
  return (CountCache){numInside(y * w->stride - w->padding, w->kernel, w->height), 0, 0};
}

INLINE real cachedInverse(CountCache* cache, const Window* w, int x) {
  const int count = cache->rows * numInside(x * w->stride - w->padding, w->kernel, w->width);
  if (count != cache->count) {
    cache->count = count;
    cache->inverse = count > 0 ? (real)1 / (real)count : 0;
  }
  return cache->inverse;
}

INLINE wide largestOf(const real* from, int frameWidth, const int kernel) {
  wide largest = wideLoad(from);
  for (int i = 0; i < kernel; i++) {
    for (int j = 0; j < kernel; j++) largest = wideMax(largest, wideLoad(from + ((long)i * frameWidth + j) * BL));
  }
  return largest;
}

INLINE wide combine(wide a, wide b, const int isMax) { return isMax ? wideMax(a, b) : wideAdd(a, b); }

/** Columns first, then along the row: 2k values per window instead of k². `columns`: [frameWidth][BL]. */
INLINE void poolBlock(const Pool* p, real* columns, const int kernel, const int isMax) {
  const Window* w = p->window;
  const long rowReals = (long)p->frameWidth * BL;
  for (int y = 0; y < w->outHeight; y++) {
    const real* from = windowAt(p, y, 0);
    for (long x = 0; x < rowReals; x += BL) {
      wide value = wideLoad(from + x);
      for (int i = 1; i < kernel; i++) value = combine(value, wideLoad(from + i * rowReals + x), isMax);
      wideStore(columns + x, value);
    }
    CountCache counts = countRow(w, y);
    for (int x = 0; x < w->outWidth; x++) {
      const real* column = columns + (long)x * w->stride * BL;
      wide value = wideLoad(column);
      for (int j = 1; j < kernel; j++) value = combine(value, wideLoad(column + j * BL), isMax);
      if (!isMax) value = wideMul(value, wideSplat(cachedInverse(&counts, w, x)));
      wideWrite(p->out.data + ((long)y * w->outWidth + x) * BL, value, p->out.accumulate);
    }
  }
}

static void pool(const Instruction* instruction, const Context* context, int isMax) {
  const Window w = windowOver(instruction, &instruction->in);
  const Frame frame = paddedFrame(w.height, w.width, w.padding);
  Scratch scratch = scratchOf(context);
  real* framed = takeReals(&scratch, frameReals(frame));
  real* columns = takeReals(&scratch, (long)frame.width * BL);
  for (int block = 0; block < instruction->in.blocks; block++) {
    const View view = viewOfBlock(context, &instruction->in, block);
    fillFrame(&view, w.height, w.width, frame, isMax ? -__builtin_inf() : 0, framed);
    const Pool p = {&w, framed, frame.width, targetOfBlock(context, &instruction->out, block)};
    if (w.kernel == COMMON_KERNEL && isMax) poolBlock(&p, columns, COMMON_KERNEL, 1);
    else if (w.kernel == COMMON_KERNEL) poolBlock(&p, columns, COMMON_KERNEL, 0);
    else poolBlock(&p, columns, w.kernel, isMax);
  }
}

void runMaxPool(const Instruction* instruction, const Context* context) { pool(instruction, context, 1); }
void runAveragePool(const Instruction* instruction, const Context* context) { pool(instruction, context, 0); }

// ---- gradients: z's pixels are added into a frame of dx

INLINE void scatterMaximum(const Pool* p, const real* z, real* dxFrame, const int kernel) {
  const Window* w = p->window;
  for (int y = 0; y < w->outHeight; y++) {
    for (int x = 0; x < w->outWidth; x++, z += BL) {
      const real* from = windowAt(p, y, x);
      real* to = dxFrame + (from - p->frame);
      const wide largest = largestOf(from, p->frameWidth, kernel);
      wide left = wideLoad(z);  // what no earlier maximum of the window has taken
      for (int i = 0; i < kernel; i++) {
        for (int j = 0; j < kernel; j++) {
          const long place = ((long)i * p->frameWidth + j) * BL;
          UNROLL for (int v = 0; v < NV; v++) {
            const mask isLargest = load(from + place + v * VL) == largest.v[v];
            store(to + place + v * VL, load(to + place + v * VL) + masked(left.v[v], isLargest));
            left.v[v] = masked(left.v[v], ~isLargest);
          }
        }
      }
    }
  }
}

/** Along the row first, then down the columns: as poolBlock, the other way round. `columns`: [frameWidth][BL]. */
INLINE void scatterMean(const Pool* p, const real* z, real* dxFrame, real* columns, const int kernel) {
  const Window* w = p->window;
  const long rowReals = (long)p->frameWidth * BL;
  for (int y = 0; y < w->outHeight; y++) {
    CountCache counts = countRow(w, y);
    zeroReals(columns, rowReals);
    for (int x = 0; x < w->outWidth; x++, z += BL) {
      const wide share = wideMul(wideLoad(z), wideSplat(cachedInverse(&counts, w, x)));
      for (int j = 0; j < kernel; j++) wideWrite(columns + ((long)x * w->stride + j) * BL, share, 1);
    }
    real* to = dxFrame + (windowAt(p, y, 0) - p->frame);
    for (long x = 0; x < rowReals; x += BL) {
      const wide sum = wideLoad(columns + x);
      for (int i = 0; i < kernel; i++) wideWrite(to + i * rowReals + x, sum, 1);
    }
  }
}

static void poolGradient(const Instruction* instruction, const Context* context, int isMax) {
  const Window w = windowOver(instruction, windowMap(instruction));
  const Frame frame = paddedFrame(w.height, w.width, w.padding);
  const long inside = framePixel(frame, 0, 0), row = (long)frame.width * BL;
  Scratch scratch = scratchOf(context);
  real* framed = takeReals(&scratch, frameReals(frame));
  real* dxFrame = takeReals(&scratch, frameReals(frame));
  real* zBuffer = takeReals(&scratch, (long)w.outHeight * w.outWidth * BL);
  real* columns = takeReals(&scratch, (long)frame.width * BL);
  for (int block = 0; block < instruction->grad.blocks; block++) {
    const int relu = hasRelu(context, &instruction->in, block);
    if (isMax || relu) {
      const View view = viewOfBlock(context, &instruction->in, block);
      fillFrame(&view, w.height, w.width, frame, isMax ? -__builtin_inf() : 0, framed);
    }
    zeroReals(dxFrame, frameReals(frame));
    const View grad = viewOfBlock(context, &instruction->grad, block);
    const real* z = readMap(&grad, w.outHeight * w.outWidth, zBuffer);
    const Pool p = {&w, framed, frame.width, {0, 0}};
    if (w.kernel == COMMON_KERNEL && isMax) scatterMaximum(&p, z, dxFrame, COMMON_KERNEL);
    else if (isMax) scatterMaximum(&p, z, dxFrame, w.kernel);
    else if (w.kernel == COMMON_KERNEL) scatterMean(&p, z, dxFrame, columns, COMMON_KERNEL);
    else scatterMean(&p, z, dxFrame, columns, w.kernel);
    const MapRows mask = {relu ? framed + inside : 0, row};
    writeRows(targetOfBlock(context, &instruction->dx, block), w.height, w.width, (MapRows){dxFrame + inside, row},
              mask);
  }
}

void runMaxPoolGradient(const Instruction* instruction, const Context* context) {
  poolGradient(instruction, context, 1);
}
void runAveragePoolGradient(const Instruction* instruction, const Context* context) {
  poolGradient(instruction, context, 0);
}
