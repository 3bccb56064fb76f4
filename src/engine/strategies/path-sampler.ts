import type { SamplerFacts } from '../../protocol/run-event.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';

/**
 * Proposes the path that a supernet trains next. Deterministic: after n calls of `next` its state depends on its
 * options, space and `Rng` alone, so a resumed run restores it by n calls.
 */
export interface PathSampler {
  next(): ChoiceArchitecture;
  /** What the stream of paths was like so far. */
  facts(): SamplerFacts;
}
