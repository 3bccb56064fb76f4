#include "gemm.h"

/** sums = A's rows at `a + offset[…]` times weights [K][BL]. */
INLINE void multiply(const Pixels* a, long first, const long offset[GEMM_PIXELS], const real* weights, vec sums[GEMM_PIXELS][NV]) {
  UNROLL for (int u = 0; u < GEMM_PIXELS; u++) UNROLL for (int v = 0; v < NV; v++) sums[u][v] = splat(0);
  for (int block = 0; block < a->numBlocks; block++) {
    const real* pixel = a->blocks[block] + first;
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

INLINE void finishPixel(vec sums[NV], const PanelTarget* target, real* to, const real* mask) {
  UNROLL for (int v = 0; v < NV; v++) {
    vec value = sums[v];
    if (target->bias) value += load(target->bias + v * VL);
    if (mask) value = masked(value, load(mask + v * VL) > splat(0));
    if (target->accumulate) value += load(to + v * VL);
    store(to + v * VL, value);
  }
}

INLINE void multiplyRows(const Pixels* a, const real* weights, const PanelTarget* target, const long step) {
  const int tail = a->columns % GEMM_PIXELS;
  for (int y = 0; y < a->rows; y++) {
    const long row = a->offset + y * a->rowStride;
    real* to = target->data + y * target->rowStride;
    const real* mask = target->mask.data ? target->mask.data + y * target->mask.rowStride : 0;
    vec sums[GEMM_PIXELS][NV];
    long offset[GEMM_PIXELS];
    UNROLL for (int u = 0; u < GEMM_PIXELS; u++) offset[u] = u * step;
    int x = 0;
    for (; x + GEMM_PIXELS <= a->columns; x += GEMM_PIXELS) {
      multiply(a, row + x * step, offset, weights, sums);
      UNROLL for (int u = 0; u < GEMM_PIXELS; u++) {
        finishPixel(sums[u], target, to + (x + u) * target->pixelStride, mask ? mask + (long)(x + u) * BL : 0);
      }
    }
    if (tail == 0) continue;
    // Lanes past the row repeat its last pixel: no read outside, and as fast as a full group.
    UNROLL for (int u = 0; u < GEMM_PIXELS; u++) offset[u] = minInt(u, tail - 1) * step;
    multiply(a, row + x * step, offset, weights, sums);
    UNROLL for (int u = 0; u < GEMM_PIXELS - 1; u++) {
      if (u < tail) finishPixel(sums[u], target, to + (x + u) * target->pixelStride, mask ? mask + (long)(x + u) * BL : 0);
    }
  }
}

void multiplyPanel(const Pixels* a, const real* weights, const PanelTarget* target) {
  if (a->pixelStride == BL) multiplyRows(a, weights, target, BL);
  else multiplyRows(a, weights, target, a->pixelStride);
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
