import type { CompositeOp } from './composite-op.js';
import { conv, dilConv, resblock, sepConv } from './convolutions.js';
import { bn, embed, identity, linear, relu, sigmoid, tanh } from './plain.js';
import { avgPool, gap, maxPool } from './pools.js';
import { none, skip } from './skips.js';

/** Every op that chains may name. */
export const COMPOSITE_OPS: ReadonlyMap<string, CompositeOp> = new Map(
  [
    conv,
    sepConv,
    dilConv,
    resblock,
    maxPool,
    avgPool,
    gap,
    skip,
    none,
    bn,
    linear,
    embed,
    relu,
    tanh,
    sigmoid,
    identity,
  ].map((op) => [op.name, op]),
);
