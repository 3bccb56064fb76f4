// How kernels see their operands: a View reads a channel block of a part, a Target is where a block is written.
#pragma once
#include "vector.h"

/** Whose turn it is: one image of one shard, on one thread. */
typedef struct {
  int image, shard;
  int isFirst;    // the shard's first image
  char* local;    // the thread's scratch: local tensors
  char* scratch;  // above them: the kernels' own
} Context;

INLINE void* at(ref r) { return (void*)(unsigned long)(unsigned)r; }
INLINE int minInt(int a, int b) { return a < b ? a : b; }
INLINE int maxInt(int a, int b) { return a > b ? a : b; }
INLINE int roundUp(int n, int unit) { return (n + unit - 1) / unit * unit; }

/** First image of a shard; that of the next one is its end. */
INLINE int shardBegin(int shard, int numImages) { return (int)((long long)shard * numImages / NUM_SHARDS); }
/** A shard without images has written no sums. */
INLINE int hasImages(int shard, int numImages) {
  return shardBegin(shard, numImages) < shardBegin(shard + 1, numImages);
}

/** f0 (index 0) or f1 of an instruction. */
INLINE double constantOf(const Instruction* instruction, int index, double absent) {
  return instruction->constants ? ((const double*)at(instruction->constants))[index] : absent;
}

// ---- scratch

typedef struct {
  char* next;
} Scratch;

INLINE Scratch scratchOf(const Context* context) { return (Scratch){context->scratch}; }
INLINE void* takeBytes(Scratch* scratch, long bytes) {
  void* taken = scratch->next;
  scratch->next += (bytes + 63) & ~63L;
  return taken;
}
INLINE real* takeReals(Scratch* scratch, long count) { return takeBytes(scratch, count * (long)sizeof(real)); }

void zeroReals(real* p, long count);

// ---- reading

typedef enum { VIEW_PLAIN, VIEW_AFFINE, VIEW_GRADIENT } ViewKind;

/** One channel block of an operand, for one image. Affine: factor*data + shift; gradient: factor*data + factorSecond*second + shift. */
typedef struct {
  const real *data, *second;
  const real *factor, *factorSecond, *shift;  // [BL]
  ViewKind kind;
  int relu;
} View;

/** Block of one part of an operand whose parts are not joined. */
View viewOfPart(const Context* context, const Operand* operand, int index, int block);
View viewOfBlock(const Context* context, const Operand* operand, int block);
INLINE int isPlain(const View* view) { return view->kind == VIEW_PLAIN && !view->relu; }
INLINE int hasRelu(const Context* context, const Operand* operand, int block) {
  return operand->count > 0 && viewOfBlock(context, operand, block).relu;
}

/** Values of `count` pixels from `pixel` on, `step` pixels apart → [count][BL]. */
void readSpan(const View* view, long pixel, int count, int step, real* destination);

/** A map inside a larger one: the map's first pixel lies at (top, left). */
typedef struct {
  int height, width;  // of the larger map
  int top, left;
} Frame;

INLINE Frame paddedFrame(int height, int width, int padding) {
  return (Frame){height + 2 * padding, width + 2 * padding, padding, padding};
}
INLINE long frameReals(Frame frame) { return (long)frame.height * frame.width * BL; }
INLINE long framePixel(Frame frame, int y, int x) {
  return ((long)(frame.top + y) * frame.width + frame.left + x) * BL;
}

/** The values of a block's map → destination, with `border` around them. */
void fillFrame(const View* view, int height, int width, Frame frame, real border, real* destination);

/** The block's map [height*width][BL]: where it lies if that needs no arithmetic, else computed into `buffer`. */
const real* readMap(const View* view, int numPixels, real* buffer);

// ---- writing

typedef struct {
  real* data;  // absent: nothing is to be written
  int accumulate;
} Target;

Target targetOfBlock(const Context* context, const Operand* operand, int block);

/** A map in a frame, of which a kernel wrote or read the inside. */
typedef struct {
  const real* data;  // first pixel; absent: no mask
  long rowStride;    // reals
} MapRows;

/** target (+)= source where mask > 0 (everywhere without a mask). Rows of `width` pixels. */
void writeRows(Target target, int height, int width, MapRows source, MapRows mask);

INLINE void wideWrite(real* p, wide value, int accumulate) {
  wideStore(p, accumulate ? wideAdd(value, wideLoad(p)) : value);
}

// ---- partial sums

/** The sums of this shard, zeroed when the shard begins. */
real* shardSums(const Context* context, ref first, int stride, long count, int keep);
