#include "operand.h"

void zeroReals(real* p, long count) { __builtin_memset(p, 0, (unsigned long)count * sizeof(real)); }

static const real* pixelsOf(const Context* context, ref data, int imageStride, int isLocal, long offset) {
  const real* base =
      isLocal ? (const real*)(context->local + data) : (const real*)at(data) + (long)context->image * imageStride;
  return base + offset;
}

static View viewWithMap(const Context* context, const Part* part, int block, int numPixels) {
  const long map = (long)block * numPixels * BL;
  const int channels = part->blocks * BL;
  View view = {0};
  view.data = pixelsOf(context, part->data, part->imageStride, part->flags & PART_LOCAL, map);
  view.relu = (part->flags & PART_RELU) != 0;
  if (part->coefficients) {
    const real* coefficients = (const real*)at(part->coefficients) + block * BL;
    view.kind = VIEW_GRADIENT;
    view.second = pixelsOf(context, part->second, part->secondImageStride, part->flags & PART_SECOND_LOCAL, map);
    view.factor = coefficients;
    view.factorSecond = coefficients + channels;
    view.shift = coefficients + 2 * channels;
  } else if (part->affine) {
    view.kind = VIEW_AFFINE;
    view.factor = (const real*)at(part->affine) + block * BL;
    view.shift = view.factor + channels;
  }
  return view;
}

View viewOfPart(const Context* context, const Operand* operand, int index, int block) {
  const Part* part = (const Part*)at(operand->parts) + index;
  return viewWithMap(context, part, block, operand->height * operand->width);
}

View viewOfBlock(const Context* context, const Operand* operand, int block) {
  const Part* part = at(operand->parts);
  for (; block >= part->blocks; part++) block -= part->blocks;
  return viewWithMap(context, part, block, operand->height * operand->width);
}

Target targetOfBlock(const Context* context, const Operand* operand, int block) {
  if (operand->count == 0) return (Target){0, 0};
  const Part* part = at(operand->parts);
  for (; block >= part->blocks; part++) block -= part->blocks;
  const int isLocal = part->flags & PART_LOCAL;
  if (!part->data && !isLocal) return (Target){0, 0};
  const long map = (long)block * operand->height * operand->width * BL;
  return (Target){(real*)pixelsOf(context, part->data, part->imageStride, isLocal, map),
                  (part->flags & PART_ACCUMULATE) != 0};
}

/** Rows of pixels that a view computes; strides in reals. */
typedef struct {
  const real *data, *second;
  real* to;
  int rows, columns;
  long rowStride, pixelStride, toRowStride;
} Rows;

INLINE void readRowsAs(const View* view, const Rows* r, const ViewKind kind, const int relu) {
  const wide zero = wideSplat(0);
  const wide factor = kind == VIEW_PLAIN ? zero : wideLoad(view->factor);
  const wide shift = kind == VIEW_PLAIN ? zero : wideLoad(view->shift);
  const wide factorSecond = kind == VIEW_GRADIENT ? wideLoad(view->factorSecond) : zero;
  for (int y = 0; y < r->rows; y++) {
    const real* data = r->data + y * r->rowStride;
    const real* second = r->second + y * r->rowStride;
    real* to = r->to + y * r->toRowStride;
    for (int x = 0; x < r->columns; x++) {
      wide value = wideLoad(data);
      if (kind == VIEW_AFFINE) value = wideFma(value, factor, shift);
      if (kind == VIEW_GRADIENT) value = wideFma(value, factor, wideFma(wideLoad(second), factorSecond, shift));
      if (relu) value = wideMax(value, zero);
      wideStore(to, value);
      data += r->pixelStride;
      second += r->pixelStride;
      to += BL;
    }
  }
}

static void readRows(const View* view, const Rows* rows) {
  switch (view->kind * 2 + view->relu) {
    case VIEW_PLAIN * 2: readRowsAs(view, rows, VIEW_PLAIN, 0); break;
    case VIEW_PLAIN * 2 + 1: readRowsAs(view, rows, VIEW_PLAIN, 1); break;
    case VIEW_AFFINE * 2: readRowsAs(view, rows, VIEW_AFFINE, 0); break;
    case VIEW_AFFINE * 2 + 1: readRowsAs(view, rows, VIEW_AFFINE, 1); break;
    case VIEW_GRADIENT * 2: readRowsAs(view, rows, VIEW_GRADIENT, 0); break;
    default: readRowsAs(view, rows, VIEW_GRADIENT, 1);
  }
}

void readSpan(const View* view, long pixel, int count, int step, real* to) {
  const Rows rows = {view->data + pixel * BL, view->second + pixel * BL, to, 1, count, 0, (long)step * BL, 0};
  readRows(view, &rows);
}

static void fillPixels(real* p, long count, real value) {
  const wide filling = wideSplat(value);
  for (long i = 0; i < count; i++) wideStore(p + i * BL, filling);
}

void fillFrame(const View* view, int height, int width, Frame frame, real border, real* destination) {
  // In memory the right border of a row and the left one of the next are one run; so are the first and the last of them
  // with the rows above and below.
  const long row = (long)frame.width * BL, between = frame.width - width;
  real* inside = destination + framePixel(frame, 0, 0);
  real* end = inside + (height - 1) * row + (long)width * BL;
  fillPixels(destination, (inside - destination) / BL, border);
  if (between > 0) {
    for (int y = 1; y < height; y++) fillPixels(inside + y * row - between * BL, between, border);
  }
  fillPixels(end, (destination + frameReals(frame) - end) / BL, border);
  const Rows rows = {view->data, view->second, inside, height, width, (long)width * BL, BL, row};
  readRows(view, &rows);
}

const real* readMap(const View* view, int numPixels, real* buffer) {
  if (isPlain(view)) return view->data;
  readSpan(view, 0, numPixels, 1, buffer);
  return buffer;
}

INLINE void writeRow(real* to, const real* from, const real* mask, int width, const int accumulate, const int hasMask) {
  for (int x = 0; x < width * BL; x += BL) {
    wide value = wideLoad(from + x);
    if (hasMask) value = widePositive(value, wideLoad(mask + x));
    wideWrite(to + x, value, accumulate);
  }
}

void writeRows(Target target, int height, int width, MapRows source, MapRows mask) {
  if (!target.data) return;
  for (int y = 0; y < height; y++) {
    real* to = target.data + (long)y * width * BL;
    const real* from = source.data + y * source.rowStride;
    const real* where = mask.data + y * mask.rowStride;
    if (mask.data && target.accumulate) writeRow(to, from, where, width, 1, 1);
    else if (mask.data) writeRow(to, from, where, width, 0, 1);
    else if (target.accumulate) writeRow(to, from, where, width, 1, 0);
    else writeRow(to, from, where, width, 0, 0);
  }
}

real* shardSums(const Context* context, ref first, int stride, long count, int keep) {
  if (!first) return 0;
  real* sums = (real*)at(first) + (long)context->shard * stride;
  if (context->isFirst && !keep) zeroReals(sums, count);
  return sums;
}
