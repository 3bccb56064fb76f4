import type { OpCall, OpChoice } from './search-space.js';

/**
 * The name of an op in published genotypes (DARTS' `PRIMITIVES`, NAS-Bench-201's `nor_conv_1x1`), told from what it
 * does, not from what the space calls it. An op without one keeps the space's name.
 */
export function publishedName({ name, chain }: OpChoice): string {
  const [first, second, third] = chain;
  if (first === undefined) return name;
  if (chain.length === 1) return nameOfCall(first) ?? name;
  const isNormalConv =
    chain.length === 3 && first.op === 'relu' && second?.op === 'conv' && third?.op === 'bn';
  const kernel = isNormalConv ? kernelOf(second) : undefined;
  return kernel === undefined ? name : `nor_conv_${kernel}`;
}

function nameOfCall(call: OpCall): string | undefined {
  switch (call.op) {
    case 'skip':
      return 'skip_connect';
    case 'none':
      return 'none';
    case 'sep_conv':
    case 'dil_conv':
    case 'max_pool':
    case 'avg_pool': {
      const kernel = kernelOf(call);
      return kernel === undefined ? undefined : `${call.op}_${kernel}`;
    }
    default:
      return undefined;
  }
}

/** `3x3`, if the kernel is the only thing that is said of the op. */
function kernelOf(call: OpCall): string | undefined {
  const { kernel = 3, ...others } = call.arguments;
  if (Object.keys(others).length > 0 || typeof kernel !== 'number') return undefined;
  return `${kernel}x${kernel}`;
}
