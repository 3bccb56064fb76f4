import type { Rng } from '../../base/rng.js';
import type { NetworkGraph, WeightKey } from '../../graph/network-graph.js';
import { normalise } from '../../graph/normal-form.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { sizeOf } from '../../graph/ops/shapes.js';
import { initialValues, type WeightSpec } from '../../space/instantiate/initialise.js';
import { Instantiator } from '../../space/instantiate/instantiator.js';
import { supernetWeights } from '../../space/instantiate/supernet-weights.js';
import type { Scale, SearchSpace } from '../../space/search-space.js';
import { OutOfMemoryError, type Backend, type WeightStore } from '../backend/backend.js';

/** The weights that all paths of a space share, and the networks of its paths. Owns its store. */
export class Supernet implements Disposable {
  readonly weights: WeightStore;
  /** In the order of their first use. */
  readonly keys: readonly WeightKey[];
  readonly #instantiator: Instantiator;

  /** Initial values depend on `rng` and each weight's key alone. Throws `UnbuildableError`, `OutOfMemoryError`. */
  constructor(backend: Backend, space: SearchSpace, scale: Scale, rng: Rng) {
    const specs = supernetWeights(space, scale);
    this.#instantiator = new Instantiator(space, { scale, weights: 'supernet' });
    this.keys = specs.map(({ key }) => key);
    refuseIfTooLarge(specs, backend);
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

/** Before a single value is drawn: a supernet far beyond the device would take minutes to fail by itself. */
function refuseIfTooLarge(specs: readonly WeightSpec[], { capacityBytes }: Backend): void {
  const numbers = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const neededBytes = numbers * BYTES_PER_WEIGHT;
  if (neededBytes > capacityBytes) throw new OutOfMemoryError(neededBytes, capacityBytes);
}

/** Value and momentum, float32. */
const BYTES_PER_WEIGHT = 8;
