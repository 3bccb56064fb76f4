import assert from 'node:assert/strict';
import { Rng } from '../../src/base/rng.js';
import { Instantiator } from '../../src/space/instantiate/instantiator.js';
import type { WeightMode } from '../../src/space/instantiate/net-plan.js';
import { sample } from '../../src/space/sample.js';
import type { Scale, SearchSpace } from '../../src/space/search-space.js';
import {
  dartsSpace,
  en2asSpace,
  EVALUATE_SCALE,
  nasBench201Space,
  quickstartSpace,
  SEARCH_SCALE,
} from '../fixtures/spaces.js';
import type { BackendSubject, Case } from './backend-subject.js';
import { runOnOracle, runOnSubject, worstError } from './backend-subject.js';

const SIZE = 6;
const BATCHES = [2, 3, 9];
const SEARCH: Scale = { ...SEARCH_SCALE, channels: 4, cells: 3 };
const EVALUATE: Scale = { ...EVALUATE_SCALE, channels: 8, cells: 3, auxiliary: 0, dropPath: 0 };

interface SpaceCase {
  readonly name: string;
  readonly space: SearchSpace;
  readonly scale: Scale;
  readonly weights: WeightMode;
  /** Most architectures to draw: the auxiliary head is large and the same in all networks. */
  readonly most?: number;
}

const small = { image: [SIZE, SIZE, 3], scales: [SEARCH, EVALUATE] } as const;
const nasBench: SearchSpace = {
  ...nasBench201Space({ channels: 8, cells: 1 }),
  input: { kind: 'image', height: SIZE, width: SIZE, channels: 3 },
};

const CASES: readonly SpaceCase[] = [
  { name: 'DARTS', space: dartsSpace(small), scale: SEARCH, weights: 'supernet' },
  { name: 'DARTS', space: dartsSpace(small), scale: EVALUATE, weights: 'standalone' },
  { name: 'EN²AS', space: en2asSpace(small), scale: SEARCH, weights: 'supernet' },
  { name: 'EN²AS', space: en2asSpace(small), scale: EVALUATE, weights: 'standalone' },
  { name: 'NAS-Bench-201', space: nasBench, scale: nasBench.scales[0]!, weights: 'supernet' },
  { name: 'NAS-Bench-201', space: nasBench, scale: nasBench.scales[0]!, weights: 'standalone' },
  {
    name: 'digits with an auxiliary head',
    space: quickstartSpace({ image: [SIZE, SIZE, 1], scales: [SEARCH] }),
    scale: { ...EVALUATE, channels: 4, auxiliary: 0.4 },
    weights: 'standalone',
    most: 3,
  },
];

/** Networks as runs train them, of architectures drawn from real spaces: `none`, repeated inputs and all. */
export function describeBackendSpaces(name: string, subject: BackendSubject, numArchitectures: number): void {
  describe(`${name} computes the networks of real spaces`, () => {
    for (const { space, scale, weights, most = Infinity, ...spaceCase } of CASES) {
      it(`${spaceCase.name}, ${weights} weights`, () => {
        const instantiator = new Instantiator(space, { scale, weights, smoothing: 0.1 });
        const rng = Rng.fromSeed(5);
        for (let i = 0; i < Math.min(numArchitectures, most); i++) {
          const architecture = sample(space, rng);
          const graph = instantiator.build(architecture);
          checkCase(
            subject,
            { graph, batch: BATCHES[i % BATCHES.length]!, classes: 10, seed: i },
            architecture.values,
          );
        }
      });
    }
  });
}

function checkCase(subject: BackendSubject, testCase: Case, values: readonly number[]): void {
  const { name, error } = worstError(runOnSubject(subject, testCase), runOnOracle(testCase));
  assert.ok(error <= subject.networkTolerance, `${name} differs by ${error} in ${values.join(' ')}`);
}
