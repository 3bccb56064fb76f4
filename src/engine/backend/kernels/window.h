// A window (kernel, stride, padding, dilation) moving over a map, and the sizes that follow.
#pragma once
#include "operand.h"

typedef struct {
  int kernel, stride, padding, dilation;
  int extent;         // pixels from the first tap to the last
  int height, width;  // of the map it moves over
  int outHeight, outWidth;
} Window;

INLINE Window windowOver(const Instruction* instruction, const Operand* map) {
  Window w = {instruction->kernel, instruction->stride, instruction->padding,
              instruction->dilation > 0 ? instruction->dilation : 1};
  w.extent = w.dilation * (w.kernel - 1);
  w.height = map->height;
  w.width = map->width;
  w.outHeight = (w.height + 2 * w.padding - w.extent - 1) / w.stride + 1;
  w.outWidth = (w.width + 2 * w.padding - w.extent - 1) / w.stride + 1;
  return w;
}

/** The map an instruction's window moves over: `in`, or `dx` where the input's values are not needed. */
INLINE const Operand* windowMap(const Instruction* instruction) {
  return instruction->in.height > 0 ? &instruction->in : &instruction->dx;
}
