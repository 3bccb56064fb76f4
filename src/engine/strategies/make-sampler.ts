import type { Rng } from '../../base/rng.js';
import type { SamplerConfig } from '../../protocol/run-config.js';
import type { SearchSpace } from '../../space/search-space.js';
import { CountSampler } from './count-sampler.js';
import { NoveltySampler } from './novelty-sampler.js';
import type { PathSampler } from './path-sampler.js';
import { UniformSampler } from './uniform-sampler.js';

/** The path sampler that a configuration asks for. Throws `UserError` where it cannot search the space. */
export function makeSampler(config: SamplerConfig, space: SearchSpace, rng: Rng): PathSampler {
  switch (config.kind) {
    case 'uniform':
      return new UniformSampler(space, rng);
    case 'novelty':
      return new NoveltySampler(space, config, rng);
    case 'count':
      return new CountSampler(space, config, rng);
  }
}
