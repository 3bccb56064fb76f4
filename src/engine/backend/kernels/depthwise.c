// Depthwise convolutions, block by block. Windows of 3 and 5 with stride and dilation 1 or 2 have loops of their own, in
// which all taps of a row are known; others take loops over taps.
//
// The fast loops work on tiles of TILE pixels and may run past the end of a row: they read what lies there (a frame has
// room for that, see the scratch formula) and write only what belongs to the row.
#include "kernels.h"
#include "window.h"

#define TILE 4

// kernel, stride, dilation
#define FAST_WINDOWS(CASE) \
  CASE(3, 1, 1) CASE(3, 1, 2) CASE(3, 2, 1) CASE(3, 2, 2) CASE(5, 1, 1) CASE(5, 1, 2) CASE(5, 2, 1) CASE(5, 2, 2)

static int isFast(const Window* w) {
  return (w->kernel == 3 || w->kernel == 5) && (w->stride == 1 || w->stride == 2) &&
         (w->dilation == 1 || w->dilation == 2);
}

// ---- forward

/** One block: frame [..][width][BL], weights [k*k][BL] → out [outHeight*outWidth][BL]. */
typedef struct {
  const real* frame;
  int frameWidth;
  const real* weights;
  Target out;
  int outHeight, outWidth;
} Forward;

INLINE void forwardTile(const Forward* f, const real* from, const real* weights, vec sums[TILE], const int k,
                        const int s, const int d) {
  UNROLL for (int u = 0; u < TILE; u++) sums[u] = splat(0);
  ROLLED_IN_WASM for (int i = 0; i < k; i++) {
    // By columns: each pixel is loaded once and serves all taps of the row that see it.
    UNROLL for (int column = 0; column < (TILE - 1) * s + (k - 1) * d + 1; column++) {
      const vec x = load(from + column * BL);
      UNROLL for (int j = 0; j < k; j++) {
        const int t = column - j * d;
        if (t >= 0 && t % s == 0 && t / s < TILE) sums[t / s] = fma(x, load(weights + j * BL), sums[t / s]);
      }
    }
    from += (long)d * f->frameWidth * BL;
    weights += k * BL;
  }
}

INLINE void storeTile(const Forward* f, real* to, vec sums[TILE], const int count) {
  UNROLL for (int u = 0; u < TILE; u++) {
    if (u < count) store(to + u * BL, f->out.accumulate ? sums[u] + load(to + u * BL) : sums[u]);
  }
}

INLINE void forwardFast(const Forward* f, const int k, const int s, const int d) {
  const int tail = f->outWidth % TILE;
  for (int v = 0; v < BL; v += VL) {
    for (int y = 0; y < f->outHeight; y++) {
      real* to = f->out.data + (long)y * f->outWidth * BL + v;
      const real* from = f->frame + (long)y * s * f->frameWidth * BL + v;
      vec sums[TILE];
      for (int x = TILE; x <= f->outWidth; x += TILE) {
        forwardTile(f, from, f->weights + v, sums, k, s, d);
        storeTile(f, to, sums, TILE);
        from += TILE * s * BL;
        to += TILE * BL;
      }
      if (tail == 0) continue;
      forwardTile(f, from, f->weights + v, sums, k, s, d);
      storeTile(f, to, sums, tail);
    }
  }
}

static void forwardGeneric(const Forward* f, const Window* w) {
  for (int y = 0; y < f->outHeight; y++) {
    for (int x = 0; x < f->outWidth; x++) {
      wide sum = wideSplat(0);
      const real* from = f->frame + ((long)y * w->stride * f->frameWidth + x * w->stride) * BL;
      for (int tap = 0; tap < w->kernel * w->kernel; tap++) {
        const long place = ((long)(tap / w->kernel) * f->frameWidth + tap % w->kernel) * w->dilation * BL;
        sum = wideFma(wideLoad(from + place), wideLoad(f->weights + tap * BL), sum);
      }
      wideWrite(f->out.data + ((long)y * f->outWidth + x) * BL, sum, f->out.accumulate);
    }
  }
}

#define FORWARD(k, s, d) \
  static __attribute__((noinline)) void forward##k##s##d(const Forward* f) { forwardFast(f, k, s, d); }
FAST_WINDOWS(FORWARD)

static void forward(const Forward* f, const Window* w) {
#define CASE(k, s, d)                                         \
  if (w->kernel == k && w->stride == s && w->dilation == d) { \
    forward##k##s##d(f);                                      \
    return;                                                   \
  }
  FAST_WINDOWS(CASE)
#undef CASE
  forwardGeneric(f, w);
}

void runDepthwise(const Instruction* instruction, const Context* context) {
  const Window w = windowOver(instruction, &instruction->in);
  const Frame frame = paddedFrame(w.height, w.width, w.padding);
  Scratch scratch = scratchOf(context);
  real* framed = takeReals(&scratch, frameReals(frame));
  const int blockWeights = w.kernel * w.kernel * BL;
  for (int block = 0; block < instruction->in.blocks; block++) {
    const View view = viewOfBlock(context, &instruction->in, block);
    fillFrame(&view, w.height, w.width, frame, 0, framed);
    const real* weights = (const real*)at(instruction->weight) + (long)block * blockWeights;
    const Forward f = {framed,      frame.width, weights, targetOfBlock(context, &instruction->out, block),
                       w.outHeight, w.outWidth};
    forward(&f, &w);
  }
}

// ---- gradient, stride 1: z in a frame so large that dx is a convolution of it with the mirrored window

typedef struct {
  const real* z;  // frame, zero around and right of the map
  int zWidth;
  const real* x;  // [height][xWidth][BL], zero right of the map; xWidth a multiple of TILE
  int xWidth;
  const real* weights;
  real* gradient;  // [k*k][BL]
  Target dx;
  int hasRelu;
  int height, width;
  real* row;  // [xWidth][VL]: sums of a row of dx over the taps seen so far
} Unstrided;

INLINE void finishUnstridedTile(const Unstrided* g, vec sums[TILE], const vec xs[TILE], real* to, const int count) {
  UNROLL for (int u = 0; u < TILE; u++) {
    if (u < count) {
      vec value = g->hasRelu ? masked(sums[u], xs[u] > splat(0)) : sums[u];
      if (g->dx.accumulate) value += load(to + u * BL);
      store(to + u * BL, value);
    }
  }
}

/** TILE pixels of row i of the mirrored window: dx and the weights' gradient from one read of z. */
INLINE void unstridedTile(const real* z, const vec weights[], vec gradients[], vec sums[TILE], const vec xs[TILE],
                          const int k, const int d) {
  UNROLL for (int column = 0; column < TILE + (k - 1) * d; column++) {
    const vec value = load(z + column * BL);
    UNROLL for (int j = 0; j < k; j++) {
      const int u = column - j * d;
      if (u < 0 || u >= TILE) continue;
      sums[u] = fma(value, weights[j], sums[u]);
      gradients[j] = fma(value, xs[u], gradients[j]);
    }
    FENCE();
  }
}

/** Row i of the mirrored window for row y. The last of them finishes dx. */
INLINE void unstridedRow(const Unstrided* g, int v, int y, const int i, const int k, const int d) {
  vec weights[k], gradients[k];
  const long mirrored = ((long)(k - 1 - i) * k + k - 1) * BL + v;
  UNROLL for (int j = 0; j < k; j++) {
    weights[j] = load(g->weights + mirrored - j * BL);
    gradients[j] = load(g->gradient + mirrored - j * BL);
  }
  const real* z = g->z + (long)(y + i * d) * g->zWidth * BL + v;
  const real* x = g->x + (long)y * g->xWidth * BL + v;
  real* row = g->row;
  real* to = g->dx.data + (long)y * g->width * BL + v;
  const int isLast = i == k - 1 && g->dx.data;
  for (int left = g->width; left > 0; left -= TILE) {
    vec sums[TILE], xs[TILE];
    UNROLL for (int u = 0; u < TILE; u++) {
      sums[u] = i > 0 ? load(row + u * VL) : splat(0);
      xs[u] = load(x + u * BL);
    }
    unstridedTile(z, weights, gradients, sums, xs, k, d);
    if (isLast && left >= TILE) {
      finishUnstridedTile(g, sums, xs, to, TILE);
    } else if (isLast) {
      finishUnstridedTile(g, sums, xs, to, left);
    } else {
      UNROLL for (int u = 0; u < TILE; u++) store(row + u * VL, sums[u]);
    }
    z += TILE * BL;
    x += TILE * BL;
    to += TILE * BL;
    row += TILE * VL;
  }
  UNROLL for (int j = 0; j < k; j++) store(g->gradient + mirrored - j * BL, gradients[j]);
}

INLINE void unstridedFast(const Unstrided* g, const int k, const int d) {
  for (int v = 0; v < BL; v += VL) {
    for (int y = 0; y < g->height; y++) {
      UNROLL for (int i = 0; i < k; i++) unstridedRow(g, v, y, i, k, d);
    }
  }
}

static __attribute__((noinline)) void unstrided31(const Unstrided* g) { unstridedFast(g, 3, 1); }
static __attribute__((noinline)) void unstrided32(const Unstrided* g) { unstridedFast(g, 3, 2); }
static __attribute__((noinline)) void unstrided51(const Unstrided* g) { unstridedFast(g, 5, 1); }
static __attribute__((noinline)) void unstrided52(const Unstrided* g) { unstridedFast(g, 5, 2); }

/** A depthwise gradient of one block, whatever the way. */
typedef struct {
  const Window* window;
  View in, grad;
  const real* weights;
  real* gradient;
  Target dx;
  Scratch scratch;
} BlockGradient;

static void unstridedGradient(BlockGradient* b) {
  const Window* w = b->window;
  const int overhang = w->extent - w->padding;
  const int width = roundUp(w->width, TILE);
  const Frame zFrame = {w->height + w->extent, width + w->extent, overhang, overhang};
  const Frame xFrame = {w->height, width, 0, 0};
  real* z = takeReals(&b->scratch, frameReals(zFrame));
  real* xBuffer = takeReals(&b->scratch, frameReals(xFrame));
  real* row = takeReals(&b->scratch, (long)width * VL);
  fillFrame(&b->grad, w->outHeight, w->outWidth, zFrame, 0, z);
  const int isInPlace = isPlain(&b->in) && width == w->width;
  if (!isInPlace) fillFrame(&b->in, w->height, w->width, xFrame, 0, xBuffer);
  const Unstrided g = {z,        zFrame.width, isInPlace ? b->in.data : xBuffer,
                       width,    b->weights,   b->gradient,
                       b->dx,    b->in.relu,   w->height,
                       w->width, row};
  if (w->kernel == 3) (w->dilation == 1 ? unstrided31 : unstrided32)(&g);
  else (w->dilation == 1 ? unstrided51 : unstrided52)(&g);
}

// ---- gradient, any stride: z's pixels are added into a frame of dx

typedef struct {
  const real *z, *frame;
  real* dxFrame;
  int frameWidth, outHeight, outWidth;
  const real* weights;
  real* gradient;
} Scattered;

INLINE void scatteredRow(const Scattered* g, int v, int y, const int i, const int k, const int s, const int d) {
  vec weights[k], gradients[k];
  UNROLL for (int j = 0; j < k; j++) {
    weights[j] = load(g->weights + (i * k + j) * BL + v);
    gradients[j] = load(g->gradient + (i * k + j) * BL + v);
  }
  const long row = (long)(y * s + i * d) * g->frameWidth * BL + v;
  for (int x = 0; x < g->outWidth; x++) {
    const vec z = load(g->z + ((long)y * g->outWidth + x) * BL + v);
    UNROLL for (int j = 0; j < k; j++) {
      const long place = row + (x * s + j * d) * BL;
      store(g->dxFrame + place, fma(z, weights[j], load(g->dxFrame + place)));
      gradients[j] = fma(z, load(g->frame + place), gradients[j]);
    }
  }
  UNROLL for (int j = 0; j < k; j++) store(g->gradient + (i * k + j) * BL + v, gradients[j]);
}

INLINE void scatteredFast(const Scattered* g, const int k, const int s, const int d) {
  for (int v = 0; v < BL; v += VL) {
    for (int y = 0; y < g->outHeight; y++) {
      UNROLL for (int i = 0; i < k; i++) scatteredRow(g, v, y, i, k, s, d);
    }
  }
}

static __attribute__((noinline)) void scattered31(const Scattered* g) { scatteredFast(g, 3, 2, 1); }
static __attribute__((noinline)) void scattered32(const Scattered* g) { scatteredFast(g, 3, 2, 2); }
static __attribute__((noinline)) void scattered51(const Scattered* g) { scatteredFast(g, 5, 2, 1); }
static __attribute__((noinline)) void scattered52(const Scattered* g) { scatteredFast(g, 5, 2, 2); }

static void scatteredGeneric(const Scattered* g, const Window* w) {
  for (int tap = 0; tap < w->kernel * w->kernel; tap++) {
    const wide weight = wideLoad(g->weights + tap * BL);
    wide gradient = wideLoad(g->gradient + tap * BL);
    for (int y = 0; y < g->outHeight; y++) {
      const int row = y * w->stride + tap / w->kernel * w->dilation;
      long place = ((long)row * g->frameWidth + tap % w->kernel * w->dilation) * BL;
      for (int x = 0; x < g->outWidth; x++) {
        const wide z = wideLoad(g->z + ((long)y * g->outWidth + x) * BL);
        wideStore(g->dxFrame + place, wideFma(z, weight, wideLoad(g->dxFrame + place)));
        gradient = wideFma(z, wideLoad(g->frame + place), gradient);
        place += w->stride * BL;
      }
    }
    wideStore(g->gradient + tap * BL, gradient);
  }
}

static void scatteredGradient(BlockGradient* b) {
  const Window* w = b->window;
  const Frame frame = paddedFrame(w->height, w->width, w->padding);
  real* framed = takeReals(&b->scratch, frameReals(frame));
  real* dxFrame = takeReals(&b->scratch, frameReals(frame));
  real* zBuffer = takeReals(&b->scratch, (long)w->outHeight * w->outWidth * BL);
  fillFrame(&b->in, w->height, w->width, frame, 0, framed);
  zeroReals(dxFrame, frameReals(frame));
  const real* z = readMap(&b->grad, w->outHeight * w->outWidth, zBuffer);
  const Scattered g = {z, framed, dxFrame, frame.width, w->outHeight, w->outWidth, b->weights, b->gradient};
  if (!isFast(w) || w->stride == 1) scatteredGeneric(&g, w);
  else if (w->kernel == 3) (w->dilation == 1 ? scattered31 : scattered32)(&g);
  else (w->dilation == 1 ? scattered51 : scattered52)(&g);
  const long inside = framePixel(frame, 0, 0), row = (long)frame.width * BL;
  writeRows(b->dx, w->height, w->width, (MapRows){dxFrame + inside, row},
            (MapRows){b->in.relu ? framed + inside : 0, row});
}

void runDepthwiseGradient(const Instruction* instruction, const Context* context) {
  const Window w = windowOver(instruction, &instruction->in);
  const int blockWeights = w.kernel * w.kernel * BL;
  const int numBlocks = instruction->in.blocks;
  real* gradients = shardSums(context, instruction->weightGrad, instruction->weightGradStride,
                              (long)numBlocks * blockWeights, instruction->keepSums);
  Scratch scratch = scratchOf(context);
  // Without a weight gradient the loops sum into a place that nobody reads.
  real* unread = takeReals(&scratch, blockWeights);
  for (int block = 0; block < numBlocks; block++) {
    BlockGradient b = {&w, viewOfBlock(context, &instruction->in, block),
                       viewOfBlock(context, &instruction->grad, block)};
    b.weights = (const real*)at(instruction->weight) + (long)block * blockWeights;
    b.gradient = gradients ? gradients + (long)block * blockWeights : unread;
    b.dx = targetOfBlock(context, &instruction->dx, block);
    b.scratch = scratch;
    if (!gradients) zeroReals(unread, blockWeights);
    if (isFast(&w) && w.stride == 1 && w.padding <= w.extent) unstridedGradient(&b);
    else scatteredGradient(&b);
  }
}
