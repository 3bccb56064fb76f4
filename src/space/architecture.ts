import type { Brand } from '../base/brand.js';
import type { NetworkGraph } from '../graph/network-graph.js';
import type { SpaceId } from './search-space.js';

/** One point of a space. Immutable plain data; crosses processes as JSON. */
export type Architecture =
  /** Values of all decisions, in the space's order; a subset's values ascend. */
  | { readonly kind: 'choices'; readonly space: SpaceId; readonly values: readonly number[] }
  | {
      readonly kind: 'generator';
      readonly space: SpaceId;
      readonly values: readonly number[];
      readonly graphSeed: number;
    }
  | { readonly kind: 'graph'; readonly graph: NetworkGraph };

/** The `choices` form: what cell spaces are made of. */
export type ChoiceArchitecture = Extract<Architecture, { readonly kind: 'choices' }>;

/** Identifies exact choices: for inherited accuracy and trials (isomorphic paths have different supernet weights). */
export type ChoiceKey = Brand<string, 'ChoiceKey'>;

export function choiceKey(architecture: ChoiceArchitecture): ChoiceKey {
  return `${architecture.space}:${architecture.values.join('.')}` as ChoiceKey;
}
