// Matrix products between maps and weight panels. A map is a list of channel blocks; where a window moves over it, the
// same block stands in the list once per tap, at another place (implicit im2col).
#pragma once
#include "operand.h"

/** A: K = numBlocks*BL values for each of rows*columns pixels. */
typedef struct {
  const real* const* blocks;  // first pixel of each block
  int numBlocks;
  int rows, columns;
  long offset;       // reals from a block's first pixel to that of this chunk
  long rowStride;    // reals
  long pixelStride;  // reals
} Pixels;

/** Where one panel (BL channels) of a product goes, pixel by pixel. */
typedef struct {
  real* data;
  long rowStride, pixelStride;
  int accumulate;
  const real* bias;  // [BL], or absent
  MapRows mask;      // the product counts where this is > 0; pixels BL apart
} PanelTarget;

/** target (+)= A · weights + bias. `weights`: [K][BL]. */
void multiplyPanel(const Pixels* a, const real* weights, const PanelTarget* target);

/** gradient[K][BL] += Aᵀ · z, z being one block of as many rows and columns. */
void addOuterProduct(const Pixels* a, const real* z, long zRowStride, real* gradient);
