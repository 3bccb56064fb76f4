import type { Rng } from '../../base/rng.js';
import type { NetworkGraph, WeightKey } from '../../graph/network-graph.js';
import { normalise } from '../../graph/normal-form.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { initialValues } from '../../space/instantiate/initialise.js';
import { Instantiator } from '../../space/instantiate/instantiator.js';
import { supernetWeights } from '../../space/instantiate/supernet-weights.js';
import type { Scale, SearchSpace } from '../../space/search-space.js';
import type { Backend, WeightStore } from '../backend/backend.js';

/** The weights that all paths of a space share, and the networks of its paths. Owns its store. */
export class Supernet implements Disposable {
  readonly weights: WeightStore;
  /** In the order of their first use. */
  readonly keys: readonly WeightKey[];
  readonly #instantiator: Instantiator;

  /** Initial values depend on `rng` and each weight's key alone. Throws `UnbuildableError`. */
  constructor(backend: Backend, space: SearchSpace, scale: Scale, rng: Rng) {
    const specs = supernetWeights(space, scale);
    this.#instantiator = new Instantiator(space, { scale, weights: 'supernet' });
    this.keys = specs.map(({ key }) => key);
    this.weights = backend.createWeights();
    for (const spec of specs) this.weights.write(spec.key, spec.shape, initialValues(spec, rng));
  }

  /**
   * The network of a single path: only the chosen ops of the chosen edges. What only `none` edges read is left out: a
   * cell of such edges cuts off all cells before it, which are then neither computed nor decayed.
   */
  network(path: ChoiceArchitecture): NetworkGraph {
    const graph = this.#instantiator.build(path);
    return graph.nodes.some(({ op }) => op === 'zero') ? normalise(graph) : graph;
  }

  [Symbol.dispose](): void {
    this.weights[Symbol.dispose]();
  }
}
