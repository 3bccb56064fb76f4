import type { OpParameter } from './composite-op.js';

/** Side of an odd window: an even one cannot keep the size of its map. */
export const KERNEL: OpParameter = { name: 'kernel', type: 'dims', minimum: 1, default: 3 };
/** 0: as the edge asks for. */
export const STRIDE: OpParameter = { name: 'stride', type: 'int', minimum: 0, default: 0 };
/** 0: channels of the cell, or of the map before. */
export const OUT: OpParameter = { name: 'out', type: 'int', minimum: 0, default: 0 };
