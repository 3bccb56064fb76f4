#include "gemm.h"

typedef vec Sums[GEMM_PIXELS][NV];

/** sums = A's pixels at `first + offset[…]` times weights [K][BL]. */
INLINE void multiply(const Pixels* a, long first, const long offset[GEMM_PIXELS], const real* weights, Sums sums) {
  UNROLL for (int u = 0; u < GEMM_PIXELS; u++) UNROLL for (int v = 0; v < NV; v++) sums[u][v] = splat(0);
  const real* const* block = a->blocks;
  const real* const* end = block + a->numBlocks;
  for (; block < end; block++) {
    const real* pixel = *block + first;
    ROLLED_IN_WASM for (int lane = 0; lane < BL; lane++) {
      vec w[NV];
      UNROLL for (int v = 0; v < NV; v++) w[v] = load(weights + v * VL);
      UNROLL for (int u = 0; u < GEMM_PIXELS; u++) {
        const vec value = splat(pixel[offset[u]]);
        UNROLL for (int v = 0; v < NV; v++) sums[u][v] = fma(value, w[v], sums[u][v]);
      }
      weights += BL;
      pixel++;
      FENCE();
    }
  }
}

typedef struct {
  int hasBias, hasMask, accumulate;
} Finish;

INLINE void finishPixel(vec sums[NV], const real* bias, real* to, const real* mask, const Finish finish) {
  UNROLL for (int v = 0; v < NV; v++) {
    vec value = sums[v];
    if (finish.hasBias) value += load(bias + v * VL);
    if (finish.hasMask) value = masked(value, load(mask + v * VL) > splat(0));
    if (finish.accumulate) value += load(to + v * VL);
    store(to + v * VL, value);
  }
}

/** `step`: pixel stride of A; `outStep`: of the target. Constants where they are BL. */
INLINE void multiplyRows(const Pixels* a, const real* weights, const PanelTarget* target, const long step,
                         const long outStep, const Finish finish) {
  const int columns = a->columns, tail = columns % GEMM_PIXELS;
  const real* bias = target->bias;
  for (int y = 0; y < a->rows; y++) {
    long from = a->offset + y * a->rowStride;
    real* to = target->data + y * target->rowStride;
    const real* mask = target->mask.data + y * target->mask.rowStride;
    Sums sums;
    long offset[GEMM_PIXELS];
    UNROLL for (int u = 0; u < GEMM_PIXELS; u++) offset[u] = u * step;
    for (int x = GEMM_PIXELS; x <= columns; x += GEMM_PIXELS) {
      multiply(a, from, offset, weights, sums);
      UNROLL for (int u = 0; u < GEMM_PIXELS; u++) finishPixel(sums[u], bias, to + u * outStep, mask + u * BL, finish);
      from += GEMM_PIXELS * step;
      to += GEMM_PIXELS * outStep;
      mask += GEMM_PIXELS * BL;
    }
    if (tail == 0) continue;
    // Pixels past the row repeat its last one: no read outside, and as fast as a full group.
    UNROLL for (int u = 0; u < GEMM_PIXELS; u++) offset[u] = minInt(u, tail - 1) * step;
    multiply(a, from, offset, weights, sums);
    UNROLL for (int u = 0; u < GEMM_PIXELS - 1; u++) {
      if (u < tail) finishPixel(sums[u], bias, to + u * outStep, mask + u * BL, finish);
    }
  }
}

// The common ways to finish are compiled by themselves: a branch per pixel costs 10 % where K is small.
#define FINISH(name, hasBias, hasMask, accumulate)                                                              \
  static __attribute__((noinline)) void name(const Pixels* a, const real* weights, const PanelTarget* target) { \
    multiplyRows(a, weights, target, BL, BL, (Finish){hasBias, hasMask, accumulate});                           \
  }
FINISH(multiplyStore, 0, 0, 0)
FINISH(multiplyBias, 1, 0, 0)
FINISH(multiplyAdd, 0, 0, 1)
FINISH(multiplyMask, 0, 1, 0)
FINISH(multiplyMaskAdd, 0, 1, 1)

static __attribute__((noinline)) void multiplyAny(const Pixels* a, const real* weights, const PanelTarget* target) {
  const Finish finish = {target->bias != 0, target->mask.data != 0, target->accumulate};
  multiplyRows(a, weights, target, a->pixelStride, target->pixelStride, finish);
}

void multiplyPanel(const Pixels* a, const real* weights, const PanelTarget* target) {
  if (a->pixelStride != BL || target->pixelStride != BL || (target->bias && (target->accumulate || target->mask.data)))
    multiplyAny(a, weights, target);
  else if (target->bias) multiplyBias(a, weights, target);
  else if (target->mask.data) (target->accumulate ? multiplyMaskAdd : multiplyMask)(a, weights, target);
  else (target->accumulate ? multiplyAdd : multiplyStore)(a, weights, target);
}

INLINE void outerProduct(const Pixels* a, const real* z, long zRowStride, real* gradient, const long step) {
  for (int k = 0; k < a->numBlocks * BL; k += GEMM_PIXELS) {
    real* to = gradient + (long)k * BL;
    vec sums[GEMM_PIXELS][NV];
    UNROLL for (int u = 0; u < GEMM_PIXELS; u++) UNROLL for (int v = 0; v < NV; v++) sums[u][v] = load(to + u * BL + v * VL);
    for (int y = 0; y < a->rows; y++) {
      const real* pixel = a->blocks[k / BL] + a->offset + y * a->rowStride + k % BL;
      const real* zPixel = z + y * zRowStride;
      ROLLED_IN_WASM for (int x = 0; x < a->columns; x++) {
        vec values[NV];
        UNROLL for (int v = 0; v < NV; v++) values[v] = load(zPixel + v * VL);
        UNROLL for (int u = 0; u < GEMM_PIXELS; u++) {
          const vec value = splat(pixel[u]);
          UNROLL for (int v = 0; v < NV; v++) sums[u][v] = fma(value, values[v], sums[u][v]);
        }
        pixel += step;
        zPixel += BL;
        FENCE();
      }
    }
    UNROLL for (int u = 0; u < GEMM_PIXELS; u++) UNROLL for (int v = 0; v < NV; v++) store(to + u * BL + v * VL, sums[u][v]);
  }
}

void addOuterProduct(const Pixels* a, const real* z, long zRowStride, real* gradient) {
  if (a->pixelStride == BL) outerProduct(a, z, zRowStride, gradient, BL);
  else outerProduct(a, z, zRowStride, gradient, a->pixelStride);
}
