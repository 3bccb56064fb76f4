import type { GraphBuilder } from '../../graph/builder.js';
import type { NodeId, Shape } from '../../graph/network-graph.js';
import { sameShape } from '../../graph/ops/shapes.js';
import type { OpCall, Scale } from '../search-space.js';
import type { ChainSite } from './chain.js';
import { expandChain } from './chain.js';
import type { Computations, Fragment } from './fragment.js';
import { recordFragment } from './fragment.js';
import { placed } from './merge.js';

/** A chain of ops at one place of the net, when it is met for the first time. */
export interface SiteRequest extends Pick<
  ChainSite,
  'place' | 'prefix' | 'stride' | 'channels' | 'factorise'
> {
  readonly chain: readonly OpCall[];
  readonly inCell: boolean;
}

/** The fragments of all places where chains stand, each recorded when it is first needed. */
export class Sites {
  readonly computations: Computations = new Map();
  readonly #scale: Scale;
  readonly #classes: number;
  readonly #fragments: (SiteFragment | undefined)[] = [];

  /** `numSites`: see `NetPlan`. `classes`: units of a `linear` that does not say its own. */
  constructor(numSites: number, scale: Scale, classes: number) {
    for (let site = 0; site < numSites; site++) this.#fragments.push(undefined);
    this.#scale = scale;
    this.#classes = classes;
  }

  /** The fragment of a site, if it was recorded under these circumstances. */
  recorded(site: number, shape: Shape, stride: 1 | 2, channels: number | undefined): Fragment | undefined {
    const known = this.#fragments[site];
    if (known?.stride !== stride || known.channels !== channels) return undefined;
    return sameShape(known.fragment.inputShape, shape) ? known.fragment : undefined;
  }

  /** Throws `UnbuildableError` where the chain does not fit `shape`. */
  record(site: number, shape: Shape, request: SiteRequest): Fragment {
    const { norm, channels } = this.#scale;
    const { inCell, chain, ...rest } = request;
    const chainSite: ChainSite = {
      ...rest,
      affine: inCell ? norm.affine : norm.stemAffine,
      poolNorm: inCell && norm.pools,
      classes: this.#classes,
      vocabulary: 0,
      baseChannels: channels,
    };
    const expand = (builder: GraphBuilder, input: NodeId): NodeId =>
      expandChain(builder, input, chain, chainSite);
    const fragment = placed(request.place, () => recordFragment(shape, this.computations, expand));
    this.#fragments[site] = { stride: request.stride, channels: request.channels, fragment };
    return fragment;
  }
}

interface SiteFragment {
  readonly stride: 1 | 2;
  readonly channels: number | undefined;
  readonly fragment: Fragment;
}
