// Vectors of VL reals. The only file that knows an instruction set: another one (AVX2, AVX-512, NEON) is a branch here.
#pragma once
#include "program.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#ifdef CELLSMITH_FLOAT64
#define VL 2
typedef long long laneInt;
#else
#define VL 4
typedef int laneInt;
#endif

typedef real vec __attribute__((vector_size(VL * sizeof(real)), aligned(sizeof(real))));
typedef laneInt mask __attribute__((vector_size(VL * sizeof(real)), aligned(sizeof(real))));

#define NV (BL / VL)  // vectors per channel block

// Pixels per micro-kernel: GEMM_PIXELS * NV sums, NV weights and the splats must stay within 16 registers, else V8 spills.
#ifdef CELLSMITH_FLOAT64
#define GEMM_PIXELS 2
#else
#define GEMM_PIXELS 4
#endif

// LLVM hoists all loads of an unrolled block above its arithmetic; V8 then spills. Inner loops stay rolled in wasm, and a
// fence keeps loads beside their use.
#ifdef __wasm__
#include <wasm_simd128.h>
#define ROLLED_IN_WASM _Pragma("clang loop unroll(disable)")
#define FENCE() __asm__ volatile("" ::: "memory")
#else
#define ROLLED_IN_WASM UNROLL
#define FENCE()
#endif

INLINE vec load(const real* p) { return *(const vec*)p; }
INLINE void store(real* p, vec v) { *(vec*)p = v; }
INLINE vec splat(real x) { return x - (vec){0}; }
INLINE vec masked(vec v, mask m) { return (vec)((mask)v & m); }

/** a*b + c, in one rounding where the machine has it. */
INLINE vec fma(vec a, vec b, vec c) {
#if defined(__wasm_relaxed_simd__) && !defined(CELLSMITH_FLOAT64)
  return __builtin_wasm_relaxed_madd_f32x4(a, b, c);
#else
  return a * b + c;
#endif
}

/** The larger lane; `a` where they are equal. */
INLINE vec maximum(vec a, vec b) {
#if defined(__wasm__) && !defined(CELLSMITH_FLOAT64)
  return (vec)wasm_f32x4_pmax((v128_t)a, (v128_t)b);
#elif defined(__wasm__)
  return (vec)wasm_f64x2_pmax((v128_t)a, (v128_t)b);
#else
  mask larger = a < b;
  return (vec)(((mask)b & larger) | ((mask)a & ~larger));
#endif
}

// One pixel of a channel block: BL reals.
typedef struct {
  vec v[NV];
} wide;

INLINE wide wideSplat(real x) {
  wide r;
  UNROLL for (int i = 0; i < NV; i++) r.v[i] = splat(x);
  return r;
}
INLINE wide wideLoad(const real* p) {
  wide r;
  UNROLL for (int i = 0; i < NV; i++) r.v[i] = load(p + i * VL);
  return r;
}
INLINE void wideStore(real* p, wide a) {
  UNROLL for (int i = 0; i < NV; i++) store(p + i * VL, a.v[i]);
}
INLINE wide wideAdd(wide a, wide b) {
  UNROLL for (int i = 0; i < NV; i++) a.v[i] += b.v[i];
  return a;
}
INLINE wide wideMul(wide a, wide b) {
  UNROLL for (int i = 0; i < NV; i++) a.v[i] *= b.v[i];
  return a;
}
INLINE wide wideFma(wide a, wide b, wide c) {
  UNROLL for (int i = 0; i < NV; i++) c.v[i] = fma(a.v[i], b.v[i], c.v[i]);
  return c;
}
INLINE wide wideMax(wide a, wide b) {
  UNROLL for (int i = 0; i < NV; i++) a.v[i] = maximum(a.v[i], b.v[i]);
  return a;
}
/** `a` where `condition` > 0, else 0. */
INLINE wide widePositive(wide a, wide condition) {
  UNROLL for (int i = 0; i < NV; i++) a.v[i] = masked(a.v[i], condition.v[i] > splat(0));
  return a;
}
