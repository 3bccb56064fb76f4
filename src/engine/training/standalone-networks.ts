import type { NetworkGraph } from '../../graph/network-graph.js';
import type { Architecture } from '../../space/architecture.js';
import { Instantiator } from '../../space/instantiate/instantiator.js';
import type { Scale, SearchSpace } from '../../space/search-space.js';

/** A stand-alone network in the two forms it is needed in; both name the same weights. */
export interface StandaloneNetwork {
  /** With auxiliary head and label smoothing. */
  readonly training: NetworkGraph;
  /** Without: what is measured, counted and handed out. */
  readonly inference: NetworkGraph;
}

/** Makes the stand-alone networks of one space at one scale. */
export class StandaloneNetworks {
  readonly #training: Instantiator;
  readonly #inference: Instantiator;

  constructor(space: SearchSpace, scale: Scale, smoothing: number) {
    this.#training = new Instantiator(space, { scale, weights: 'standalone', smoothing });
    this.#inference = new Instantiator(space, { scale: { ...scale, auxiliary: 0 }, weights: 'standalone' });
  }

  /** Throws `UnbuildableError`. */
  build(architecture: Architecture): StandaloneNetwork {
    return { training: this.#training.build(architecture), inference: this.#inference.build(architecture) };
  }
}
