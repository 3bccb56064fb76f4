import { present } from '../base/assert.js';
import type { ChoiceArchitecture } from './architecture.js';
import type { Decision, NumberDecision } from './decision.js';
import { isNumberDecision } from './decision.js';
import { layoutOf } from './layout.js';
import type { SearchSpace } from './search-space.js';

/**
 * One-hot: per categorical decision an indicator per option, per subset how often each option is chosen, per number its
 * place in [0, 1] on its scale. → (D,). What surrogate models read.
 */
export function encodeOneHot(space: SearchSpace, architecture: ChoiceArchitecture): Float64Array {
  const code = new Float64Array(oneHotLength(space));
  let start = 0;
  for (const { decision, offset, length } of layoutOf(space)) {
    for (const value of architecture.values.slice(offset, offset + length)) {
      if (isNumberDecision(decision)) code[start] = toUnit(decision, value);
      else code[start + value] = present(code[start + value], 'option') + 1;
    }
    start += codeLength(decision);
  }
  return code;
}

/** @internal The inverse of `encodeOneHot`. `code` must be one of its results. */
export function decodeOneHot(space: SearchSpace, code: Float64Array): ChoiceArchitecture {
  let start = 0;
  const values = space.decisions.flatMap((decision) => {
    const own = [...code.subarray(start, start + codeLength(decision))];
    start += own.length;
    if (isNumberDecision(decision)) return own.map((x) => fromUnit(decision, x));
    return own.flatMap((count, option) => Array.from({ length: count }, () => option));
  });
  return { kind: 'choices', space: space.id, values };
}

/** Length D of the code of a space's architectures. */
export function oneHotLength(space: Pick<SearchSpace, 'decisions'>): number {
  return space.decisions.reduce((sum, decision) => sum + codeLength(decision), 0);
}

function codeLength(decision: Decision): number {
  return isNumberDecision(decision) ? 1 : decision.options.length;
}

function toUnit({ low, high, scale }: NumberDecision, value: number): number {
  if (high === low) return 0;
  return scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

function fromUnit({ kind, low, high, scale }: NumberDecision, x: number): number {
  const value = scale === 'log' ? low * (high / low) ** x : low + x * (high - low);
  return kind === 'integer' ? Math.round(value) : value;
}
