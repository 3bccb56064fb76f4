// Dense convolutions. Two ways:
//   direct  A chunk of pixels becomes a panel of K-blocks, then one matrix product per panel of output channels. 1×1
//           windows (blocks are read in place where their view is plain) and compact ones (few channels: real im2col).
//   framed  The input is copied once with its border; taps are offsets into that copy (implicit im2col).
// The packed orders of weights are in program.h.
#include "gemm.h"
#include "kernels.h"
#include "window.h"

// Reals of A and Z that a chunk may fill: with a weight panel, half of a 48 KB first-level cache.
#define CHUNK_REALS 6144
#define MIN_CHUNK_PIXELS 32
#define MAX_CHUNK_PIXELS 256

typedef struct {
  Window window;
  int channels, inBlocks, outBlocks;
  int taps;
  int isCompact, isDirect;
  int numRows;  // K
} Convolution;

int isCompactConvolution(const Instruction* instruction) {
  return instruction->kernel > 1 && instruction->in.channels < BL;
}

int numWeightRows(const Instruction* instruction) {
  const int taps = instruction->kernel * instruction->kernel;
  const int channels = instruction->in.channels;
  return isCompactConvolution(instruction) ? roundUp(taps * channels, BL) : taps * roundUp(channels, BL);
}

static Convolution describe(const Instruction* instruction, const Operand* out) {
  Convolution c = {windowOver(instruction, &instruction->in)};
  c.channels = instruction->in.channels;
  c.inBlocks = instruction->in.blocks;
  c.outBlocks = out->blocks;
  c.taps = c.window.kernel * c.window.kernel;
  c.isCompact = isCompactConvolution(instruction);
  c.isDirect = c.isCompact || (c.window.kernel == 1 && c.window.padding == 0);
  c.numRows = numWeightRows(instruction);
  return c;
}

static int chunkPixels(int numRows, int outBlocks, int numPixels) {
  const int fitting = CHUNK_REALS / (numRows + outBlocks * BL) / GEMM_PIXELS * GEMM_PIXELS;
  return minInt(numPixels, minInt(MAX_CHUNK_PIXELS, maxInt(MIN_CHUNK_PIXELS, fitting)));
}

static int chunkRows(long rowReals, int numRows) { return minInt(numRows, maxInt(1, (int)(CHUNK_REALS / rowReals))); }

// ---- direct

/** Every stride-th pixel of a block for output pixels first … first + count − 1 → [count][BL]. */
static void gatherStrided(const View* view, const Window* window, int first, int count, real* to) {
  while (count > 0) {
    const int y = first / window->outWidth, x = first % window->outWidth;
    const int run = minInt(count, window->outWidth - x);
    readSpan(view, (long)y * window->stride * window->width + x * window->stride, run, window->stride, to);
    to += run * BL;
    first += run;
    count -= run;
  }
}

/** A K-row of a compact convolution: one channel seen by one tap, as distance from the window's first pixel. */
static long compactPlace(const Convolution* c, int frameWidth, int row) {
  const int tap = row / c->channels;
  return ((long)(tap / c->window.kernel) * frameWidth + tap % c->window.kernel) * c->window.dilation * BL +
         row % c->channels;
}

/** Output pixels of one row, from some pixel on: their windows begin stride pixels apart. */
typedef struct {
  int length;
  long begin;  // reals, in the frame
} Run;

static Run runAt(const Window* w, int frameWidth, int pixel, int end) {
  const int y = pixel / w->outWidth, x = pixel % w->outWidth;
  return (Run){minInt(end - pixel, w->outWidth - x), ((long)y * frameWidth + x) * w->stride * BL};
}

/** im2col of a map with fewer than BL channels, given in its frame: K-blocks [K/BL][count][BL], row tap*channels + c. */
static void gatherCompact(const Convolution* c, const real* frame, int frameWidth, int first, int count, real* panel) {
  const long step = (long)c->window.stride * BL;
  const int numFilled = c->taps * c->channels;
  for (int row = numFilled; row < c->numRows; row++) {
    for (int p = 0; p < count; p++) panel[((long)(row / BL) * count + p) * BL + row % BL] = 0;
  }
  for (int p = 0; p < count;) {
    const Run run = runAt(&c->window, frameWidth, first + p, first + count);
    for (int row = 0; row < numFilled; row++) {
      real* to = panel + ((long)(row / BL) * count + p) * BL + row % BL;
      const real* from = frame + run.begin + compactPlace(c, frameWidth, row);
      for (int i = 0; i < run.length; i++) to[i * BL] = from[i * step];
    }
    p += run.length;
  }
}

/** Adds the gradient of a compact panel to the frame it was gathered from. */
static void scatterCompact(const Convolution* c, const real* panel, int frameWidth, int first, int count, real* frame) {
  const long step = (long)c->window.stride * BL;
  for (int p = 0; p < count;) {
    const Run run = runAt(&c->window, frameWidth, first + p, first + count);
    for (int row = 0; row < c->taps * c->channels; row++) {
      const real* from = panel + ((long)(row / BL) * count + p) * BL + row % BL;
      real* to = frame + run.begin + compactPlace(c, frameWidth, row);
      for (int i = 0; i < run.length; i++) to[i * step] += from[i * BL];
    }
    p += run.length;
  }
}

/** What gathering needs over all chunks of an image. */
typedef struct {
  const Convolution* c;
  const Context* context;
  const Operand* in;
  Frame frame;  // compact: of `framed`
  real* framed;
  real* panel;          // [K/BL][chunk][BL]
  const real** blocks;  // [K/BL]
} Gatherer;

static Gatherer beginGathering(const Convolution* c, const Context* context, const Operand* in, int chunk,
                               Scratch* scratch) {
  Gatherer g = {c, context, in};
  g.blocks = takeBytes(scratch, (long)(c->numRows / BL) * (long)sizeof(real*));
  g.panel = takeReals(scratch, (long)c->numRows * chunk);
  if (c->isCompact) {
    g.frame = paddedFrame(c->window.height, c->window.width, c->window.padding);
    g.framed = takeReals(scratch, frameReals(g.frame));
    const View view = viewOfBlock(context, in, 0);
    fillFrame(&view, c->window.height, c->window.width, g.frame, 0, g.framed);
  }
  return g;
}

/** Fills g->blocks with the K-blocks of output pixels first … first + count − 1. */
static void gather(Gatherer* g, int first, int count) {
  const Convolution* c = g->c;
  for (int block = 0; block < c->numRows / BL; block++) g->blocks[block] = g->panel + (long)block * count * BL;
  if (c->isCompact) {
    gatherCompact(c, g->framed, g->frame.width, first, count, g->panel);
    return;
  }
  for (int block = 0; block < c->inBlocks; block++) {
    const View view = viewOfBlock(g->context, g->in, block);
    if (c->window.stride > 1) gatherStrided(&view, &c->window, first, count, g->panel + (long)block * count * BL);
    else if (isPlain(&view)) g->blocks[block] = view.data + (long)first * BL;
    else readSpan(&view, first, count, 1, g->panel + (long)block * count * BL);
  }
}

static const real* biasOf(const Instruction* instruction, int block) {
  return instruction->bias ? (const real*)at(instruction->bias) + block * BL : 0;
}

static void forwardDirect(const Instruction* instruction, const Context* context, const Convolution* c) {
  const int numPixels = c->window.outHeight * c->window.outWidth;
  const int chunk = chunkPixels(c->numRows, c->outBlocks, numPixels);
  Scratch scratch = scratchOf(context);
  Gatherer gatherer = beginGathering(c, context, &instruction->in, chunk, &scratch);
  const real* weights = at(instruction->weight);
  for (int first = 0; first < numPixels; first += chunk) {
    const int count = minInt(chunk, numPixels - first);
    gather(&gatherer, first, count);
    const Pixels a = {gatherer.blocks, c->numRows / BL, 1, count, 0, 0, BL};
    for (int block = 0; block < c->outBlocks; block++) {
      const Target out = targetOfBlock(context, &instruction->out, block);
      const PanelTarget target = {out.data + (long)first * BL, 0,     BL, out.accumulate,
                                  biasOf(instruction, block),  {0, 0}};
      multiplyPanel(&a, weights + (long)block * c->numRows * BL, &target);
    }
  }
}

/** Adds the gradient at strided positions of dx, masked by the gathered input where it has a ReLU. */
static void scatterStrided(const Window* window, Target dx, const real* from, const real* mask, int first, int count) {
  for (int p = 0; p < count; p++) {
    const int y = (first + p) / window->outWidth, x = (first + p) % window->outWidth;
    real* to = dx.data + ((long)y * window->stride * window->width + x * window->stride) * BL;
    wide value = wideLoad(from + p * BL);
    if (mask) value = widePositive(value, wideLoad(mask + p * BL));
    wideStore(to, wideAdd(value, wideLoad(to)));
  }
}

/** What the gradient of a direct convolution keeps over the chunks of an image. */
typedef struct {
  Gatherer gatherer;
  const real** zBlocks;
  real* zPanel;
  real* dxPanel;  // [chunk][BL], or all K-blocks of it where compact
  real* dxFrame;  // compact only
} DirectGradient;

static void readGradients(const Instruction* instruction, const Context* context, int outBlocks, DirectGradient* d,
                          int first, int count) {
  for (int block = 0; block < outBlocks; block++) {
    const View view = viewOfBlock(context, &instruction->grad, block);
    real* buffer = d->zPanel + (long)block * count * BL;
    d->zBlocks[block] = isPlain(&view) ? view.data + (long)first * BL : buffer;
    if (!isPlain(&view)) readSpan(&view, first, count, 1, buffer);
  }
}

static void inputGradientDirect(const Instruction* instruction, const Context* context, const Convolution* c,
                                DirectGradient* d, int first, int count) {
  const Pixels z = {d->zBlocks, c->outBlocks, 1, count, 0, 0, BL};
  const real* weights = at(instruction->weightT);
  const long panelReals = (long)c->outBlocks * BL * BL;
  if (c->isCompact) {
    for (int block = 0; block < c->numRows / BL; block++) {
      const PanelTarget target = {d->dxPanel + (long)block * count * BL, 0, BL, 0, 0, {0, 0}};
      multiplyPanel(&z, weights + block * panelReals, &target);
    }
    scatterCompact(c, d->dxPanel, d->gatherer.frame.width, first, count, d->dxFrame);
    return;
  }
  for (int block = 0; block < c->inBlocks; block++) {
    const Target dx = targetOfBlock(context, &instruction->dx, block);
    if (!dx.data) continue;
    const real* mask = hasRelu(context, &instruction->in, block) ? d->gatherer.blocks[block] : 0;
    const int isStrided = c->window.stride > 1;
    PanelTarget target = {isStrided ? d->dxPanel : dx.data + (long)first * BL,
                          0,
                          BL,
                          !isStrided && dx.accumulate,
                          0,
                          {isStrided ? 0 : mask, 0}};
    multiplyPanel(&z, weights + block * panelReals, &target);
    if (isStrided) scatterStrided(&c->window, dx, d->dxPanel, mask, first, count);
  }
}

/** Strided windows skip pixels of dx and add to the others: what they add to is zero at first. */
static void beginStridedGradient(const Instruction* instruction, const Context* context, const Convolution* c) {
  for (int block = 0; block < c->inBlocks; block++) {
    const Target dx = targetOfBlock(context, &instruction->dx, block);
    if (dx.data && !dx.accumulate) zeroReals(dx.data, (long)c->window.height * c->window.width * BL);
  }
}

static void writeCompactGradient(const Instruction* instruction, const Context* context, const Convolution* c,
                                 const DirectGradient* d) {
  const Frame frame = d->gatherer.frame;
  const long inside = framePixel(frame, 0, 0), rowStride = (long)frame.width * BL;
  const MapRows mask = {hasRelu(context, &instruction->in, 0) ? d->gatherer.framed + inside : 0, rowStride};
  writeRows(targetOfBlock(context, &instruction->dx, 0), c->window.height, c->window.width,
            (MapRows){d->dxFrame + inside, rowStride}, mask);
}

static void gradientDirect(const Instruction* instruction, const Context* context, const Convolution* c,
                           real* weightGradient) {
  const int hasDx = instruction->dx.count > 0;
  const int numPixels = c->window.outHeight * c->window.outWidth;
  const int chunk = chunkPixels(c->numRows, c->outBlocks, numPixels);
  Scratch scratch = scratchOf(context);
  DirectGradient d = {beginGathering(c, context, &instruction->in, chunk, &scratch)};
  d.zBlocks = takeBytes(&scratch, (long)c->outBlocks * (long)sizeof(real*));
  d.zPanel = takeReals(&scratch, (long)c->outBlocks * BL * chunk);
  d.dxPanel = takeReals(&scratch, (long)(c->isCompact ? c->numRows : BL) * chunk);
  if (c->isCompact && hasDx) {
    d.dxFrame = takeReals(&scratch, frameReals(d.gatherer.frame));
    zeroReals(d.dxFrame, frameReals(d.gatherer.frame));
  } else if (hasDx && c->window.stride > 1) {
    beginStridedGradient(instruction, context, c);
  }
  for (int first = 0; first < numPixels; first += chunk) {
    const int count = minInt(chunk, numPixels - first);
    gather(&d.gatherer, first, count);
    readGradients(instruction, context, c->outBlocks, &d, first, count);
    const Pixels a = {d.gatherer.blocks, c->numRows / BL, 1, count, 0, 0, BL};
    for (int block = 0; weightGradient && block < c->outBlocks; block++) {
      addOuterProduct(&a, d.zBlocks[block], 0, weightGradient + (long)block * c->numRows * BL);
    }
    if (hasDx) inputGradientDirect(instruction, context, c, &d, first, count);
  }
  if (c->isCompact && hasDx) writeCompactGradient(instruction, context, c, &d);
}

// ---- framed

/** The blocks of an operand in frames, and where each tap of each block begins (tap-major): K-blocks of Pixels. */
typedef struct {
  Frame frame;
  real* frames;         // [blocks] frames
  const real** blocks;  // [taps*blocks]
} Framed;

static Framed frameBlocks(const Context* context, const Operand* operand, Frame frame, int taps, Scratch* scratch) {
  Framed f = {frame};
  f.frames = takeReals(scratch, frameReals(frame) * operand->blocks);
  f.blocks = takeBytes(scratch, (long)taps * operand->blocks * (long)sizeof(real*));
  for (int block = 0; block < operand->blocks; block++) {
    const View view = viewOfBlock(context, operand, block);
    fillFrame(&view, operand->height, operand->width, frame, 0, f.frames + frameReals(frame) * block);
  }
  return f;
}

/** Tap (i, j) reads (i*dilation, j*dilation) on; mirrored, as the gradient's convolution does: the same taps from the other end. */
static void pointTaps(Framed* f, const Window* window, int numBlocks, int isMirrored) {
  for (int tap = 0; tap < window->kernel * window->kernel; tap++) {
    const int down = tap / window->kernel * window->dilation, right = tap % window->kernel * window->dilation;
    const int y = isMirrored ? window->extent - down : down, x = isMirrored ? window->extent - right : right;
    for (int block = 0; block < numBlocks; block++) {
      f->blocks[tap * numBlocks + block] =
          f->frames + frameReals(f->frame) * block + ((long)y * f->frame.width + x) * BL;
    }
  }
}

static Pixels framedPixels(const Framed* f, int numBlocks, int stride, int rows, int columns) {
  return (Pixels){f->blocks, numBlocks, rows, columns, 0, (long)stride * f->frame.width * BL, (long)stride * BL};
}

static void forwardFramed(const Instruction* instruction, const Context* context, const Convolution* c) {
  const Window* w = &c->window;
  Scratch scratch = scratchOf(context);
  Framed in = frameBlocks(context, &instruction->in, paddedFrame(w->height, w->width, w->padding), c->taps, &scratch);
  pointTaps(&in, w, c->inBlocks, 0);
  Pixels a = framedPixels(&in, c->taps * c->inBlocks, w->stride, 0, w->outWidth);
  const int chunk = chunkRows(
      (long)in.frame.width * w->stride * c->inBlocks * BL + (long)w->outWidth * c->outBlocks * BL, w->outHeight);
  const real* weights = at(instruction->weight);
  const long outRow = (long)w->outWidth * BL;
  for (int y = 0; y < w->outHeight; y += chunk) {
    a.rows = minInt(chunk, w->outHeight - y);
    a.offset = y * a.rowStride;
    for (int block = 0; block < c->outBlocks; block++) {
      const Target out = targetOfBlock(context, &instruction->out, block);
      const PanelTarget target = {out.data + y * outRow,      outRow, BL, out.accumulate,
                                  biasOf(instruction, block), {0, 0}};
      multiplyPanel(&a, weights + (long)block * c->numRows * BL, &target);
    }
  }
}

/** dx of a stride-1 convolution: a convolution of z, framed, with the mirrored window. */
static void inputGradientUnstrided(const Instruction* instruction, const Context* context, const Convolution* c,
                                   const Framed* in, Framed* z) {
  const Window* w = &c->window;
  pointTaps(z, w, c->outBlocks, 1);
  Pixels a = framedPixels(z, c->taps * c->outBlocks, 1, 0, w->width);
  const int chunk = chunkRows(((long)z->frame.width * c->outBlocks + (long)w->width * c->inBlocks) * BL, w->height);
  const real* weights = at(instruction->weightT);
  const long row = (long)w->width * BL, maskRow = (long)in->frame.width * BL;
  for (int y = 0; y < w->height; y += chunk) {
    a.rows = minInt(chunk, w->height - y);
    a.offset = y * a.rowStride;
    for (int block = 0; block < c->inBlocks; block++) {
      const Target dx = targetOfBlock(context, &instruction->dx, block);
      if (!dx.data) continue;
      const real* inside = in->frames + frameReals(in->frame) * block + framePixel(in->frame, y, 0);
      const MapRows mask = {hasRelu(context, &instruction->in, block) ? inside : 0, maskRow};
      const PanelTarget target = {dx.data + y * row, row, BL, dx.accumulate, 0, mask};
      multiplyPanel(&a, weights + (long)block * c->taps * c->outBlocks * BL * BL, &target);
    }
  }
}

/** dx of a strided convolution: each tap's product is added into a frame at that tap's pixels. */
static void inputGradientStrided(const Instruction* instruction, const Context* context, const Convolution* c,
                                 const Framed* in, const Pixels* z, Scratch* scratch) {
  const Window* w = &c->window;
  const Frame frame = in->frame;
  const long row = (long)frame.width * BL, inside = framePixel(frame, 0, 0);
  const long tapReals = (long)c->outBlocks * BL * BL;
  real* dxFrame = takeReals(scratch, frameReals(frame));
  for (int block = 0; block < c->inBlocks; block++) {
    const Target dx = targetOfBlock(context, &instruction->dx, block);
    if (!dx.data) continue;
    zeroReals(dxFrame, frameReals(frame));
    const real* weights = (const real*)at(instruction->weightT) + (long)block * c->taps * tapReals;
    for (int tap = 0; tap < c->taps; tap++) {
      const long begin = ((long)(tap / w->kernel) * frame.width + tap % w->kernel) * w->dilation * BL;
      const PanelTarget target = {dxFrame + begin, w->stride * row, (long)w->stride * BL, 1, 0, {0, 0}};
      multiplyPanel(z, weights + tap * tapReals, &target);
    }
    const MapRows mask = {
        hasRelu(context, &instruction->in, block) ? in->frames + frameReals(frame) * block + inside : 0, row};
    writeRows(dx, w->height, w->width, (MapRows){dxFrame + inside, row}, mask);
  }
}

static void addWeightGradientFramed(const Convolution* c, const Framed* in, const Pixels* z, real* weightGradient) {
  const Window* w = &c->window;
  Pixels a = framedPixels(in, c->taps * c->inBlocks, w->stride, 0, w->outWidth);
  const int chunk = chunkRows(((long)in->frame.width * w->stride * c->inBlocks + (long)w->outWidth * c->outBlocks) * BL,
                              w->outHeight);
  for (int y = 0; y < w->outHeight; y += chunk) {
    a.rows = minInt(chunk, w->outHeight - y);
    a.offset = y * a.rowStride;
    for (int block = 0; block < c->outBlocks; block++) {
      addOuterProduct(&a, z->blocks[block] + y * z->rowStride, z->rowStride,
                      weightGradient + (long)block * c->numRows * BL);
    }
  }
}

static void gradientFramed(const Instruction* instruction, const Context* context, const Convolution* c,
                           real* weightGradient) {
  const Window* w = &c->window;
  Scratch scratch = scratchOf(context);
  Framed in = frameBlocks(context, &instruction->in, paddedFrame(w->height, w->width, w->padding), c->taps, &scratch);
  pointTaps(&in, w, c->inBlocks, 0);
  // A window that overhangs further than its extent would need a frame smaller than z.
  const int isMirrored = w->stride == 1 && w->padding <= w->extent;
  const Frame zFrame = paddedFrame(w->outHeight, w->outWidth, isMirrored ? w->extent - w->padding : 0);
  Framed z = frameBlocks(context, &instruction->grad, zFrame, c->taps, &scratch);
  const real** zBlocks = takeBytes(&scratch, (long)c->outBlocks * (long)sizeof(real*));
  for (int block = 0; block < c->outBlocks; block++)
    zBlocks[block] = z.frames + frameReals(zFrame) * block + framePixel(zFrame, 0, 0);
  const Pixels inside = {zBlocks, c->outBlocks, w->outHeight, w->outWidth, 0, (long)zFrame.width * BL, BL};
  if (weightGradient) addWeightGradientFramed(c, &in, &inside, weightGradient);
  if (instruction->dx.count == 0) return;
  if (isMirrored) inputGradientUnstrided(instruction, context, c, &in, &z);
  else inputGradientStrided(instruction, context, c, &in, &inside, &scratch);
}

// ---- entry points

void runConvolution(const Instruction* instruction, const Context* context) {
  const Convolution c = describe(instruction, &instruction->out);
  if (c.isDirect) forwardDirect(instruction, context, &c);
  else forwardFramed(instruction, context, &c);
}

void runConvolutionGradient(const Instruction* instruction, const Context* context) {
  const Convolution c = describe(instruction, &instruction->grad);
  real* weightGradient = shardSums(context, instruction->weightGrad, instruction->weightGradStride,
                                   (long)c.numRows * c.outBlocks * BL, instruction->keepSums);
  if (c.isDirect) gradientDirect(instruction, context, &c, weightGradient);
  else gradientFramed(instruction, context, &c, weightGradient);
}
