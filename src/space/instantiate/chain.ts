import { present } from '../../base/assert.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { NodeId, WeightKey } from '../../graph/network-graph.js';
import type { CompositeOp, ExpandContext, OpParameter, OpValues } from '../ops/composite-op.js';
import { COMPOSITE_OPS } from '../ops/index.js';
import { factorisedReduction } from '../ops/skips.js';
import type { OpArgument, OpCall } from '../search-space.js';
import type { BuildPlace } from './unbuildable-error.js';
import { UnbuildableError } from './unbuildable-error.js';

/** Where a chain stands. */
export interface ChainSite {
  readonly place: BuildPlace;
  /** Begins the keys of its weights. */
  readonly prefix: string;
  /** 2: the first op that can halve the map does. */
  readonly stride: 1 | 2;
  /** Channels that convolutions make; undefined: each as many as the map before it has. */
  readonly channels: number | undefined;
  /** A 1×1 convolution that takes the stride becomes a factorised reduction (cell inputs of DARTS). */
  readonly factorise: boolean;
  readonly affine: boolean;
  readonly poolNorm: boolean;
  readonly classes: number;
  readonly vocabulary: number;
  /** C of the scale. */
  readonly baseChannels: number;
}

/** Emits a chain of ops behind `input`; the node of its result. Throws `UnbuildableError`, or `ShapeError` of the graph. */
export function expandChain(
  builder: GraphBuilder,
  input: NodeId,
  chain: readonly OpCall[],
  site: ChainSite,
): NodeId {
  const nextKeys = keyMaker(site.prefix);
  let x = input;
  let isStridePending = site.stride === 2;
  for (const call of chain) {
    const op = opOf(call, site);
    const values = valuesOf(op, call, site);
    const takesStride = isStridePending && op.strided && (values['stride'] ?? 0) === 0;
    if (takesStride) isStridePending = false;
    const context: ExpandContext = {
      builder,
      stride: takesStride ? 2 : 1,
      channels: site.channels ?? builder.shape(x).at(-1) ?? 1,
      classes: site.classes,
      affine: site.affine,
      poolNorm: site.poolNorm,
      vocabulary: site.vocabulary,
      nextKeys,
    };
    x = isFactorised(op, values, takesStride && site.factorise)
      ? factorisedReduction(withOut(context, values), x)
      : op.expand(context, x, values);
  }
  if (isStridePending) throw new UnbuildableError(site.place, ...NO_STRIDE);
  return x;
}

const NO_STRIDE = [
  'the edge must halve the map, but no op on it can',
  'Use an op that takes a stride (a convolution, a pool or skip) in cells with stride 2.',
] as const;

/** Keys `prefix.layer.role`, layers counted from 0. */
export function keyMaker(prefix: string): ExpandContext['nextKeys'] {
  let layer = 0;
  return <Role extends string>(...roles: readonly Role[]) => {
    const entries = roles.map((role) => [role, `${prefix}.${layer}.${role}` as WeightKey] as const);
    layer++;
    return Object.fromEntries(entries) as Record<Role, WeightKey>;
  };
}

/** Value of a space's argument at a scale: `3 * C` becomes a number. */
export function argumentValue(argument: OpArgument, baseChannels: number): number {
  return typeof argument === 'number' ? argument : Math.round(argument.channels * baseChannels);
}

function opOf(call: OpCall, site: ChainSite): CompositeOp {
  const op = COMPOSITE_OPS.get(call.op);
  if (op !== undefined) return op;
  const known = [...COMPOSITE_OPS.keys()].join(', ');
  throw new UnbuildableError(site.place, `there is no op ${call.op}`, `Use one of ${known}.`);
}

function valuesOf(op: CompositeOp, call: OpCall, site: ChainSite): OpValues {
  const values: Record<string, number> = {};
  for (const parameter of op.parameters) values[parameter.name] = parameter.default;
  for (const [name, argument] of Object.entries(call.arguments)) {
    const parameter = op.parameters.find((candidate) => candidate.name === name);
    if (parameter === undefined) throw unknownArgument(op, name, site);
    const value = argumentValue(argument, site.baseChannels);
    checkArgument(op, parameter, value, site);
    values[name] = value;
  }
  return values;
}

function unknownArgument(op: CompositeOp, name: string, site: ChainSite): UnbuildableError {
  const names = op.parameters.map((parameter) => parameter.name).join(', ');
  const remedy = names === '' ? 'Remove the argument.' : `Use one of ${names}.`;
  return new UnbuildableError(site.place, `${op.name} has no argument ${name}`, remedy);
}

function checkArgument(op: CompositeOp, parameter: OpParameter, value: number, site: ChainSite): void {
  const { name, minimum } = parameter;
  if (!Number.isSafeInteger(value) || value < minimum) {
    const remedy = `Give a whole number of at least ${minimum}.`;
    throw new UnbuildableError(site.place, `${name} of ${op.name} is ${value}`, remedy);
  }
  if (parameter.type === 'dims' && value % 2 === 0) {
    const remedy = `Use ${value - 1 > 0 ? `${value - 1}x${value - 1} or ` : ''}${value + 1}x${value + 1}.`;
    const what = `an even window ${value}x${value} of ${op.name} cannot keep the size of its map`;
    throw new UnbuildableError(site.place, what, remedy);
  }
}

function isFactorised(op: CompositeOp, values: OpValues, mayFactorise: boolean): boolean {
  return mayFactorise && op.name === 'conv' && values['kernel'] === 1;
}

function withOut(context: ExpandContext, values: OpValues): ExpandContext {
  const out = present(values['out'], 'out');
  return out === 0 ? context : { ...context, channels: out };
}
