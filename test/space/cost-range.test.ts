import assert from 'node:assert/strict';
import { Rng } from '../../src/base/rng.js';
import { cost } from '../../src/graph/cost.js';
import { costRange } from '../../src/space/cost-range.js';
import { enumerateArchitectures } from '../../src/space/enumerate.js';
import { Instantiator } from '../../src/space/instantiate/instantiator.js';
import { sample } from '../../src/space/sample.js';
import { dartsSpace, en2asSpace, nasBench201Space, SEARCH_SCALE } from '../fixtures/spaces.js';

describe('the range of costs', () => {
  it('is that of a full enumeration of a small space', () => {
    const space = nasBench201Space();
    const scale = { ...space.scales[0]!, cells: 1, channels: 4 };
    const instantiator = new Instantiator(space, { scale, weights: 'standalone', dead: 'keep' });
    const costs = [...enumerateArchitectures(space)].map((one) => cost(instantiator.build(one)));
    const extremes = (values: number[]): { low: number; high: number } => {
      values.sort((a, b) => a - b);
      return { low: values[0]!, high: values.at(-1)! };
    };
    assert.deepEqual(costRange(space, scale), {
      parameters: extremes(costs.map((one) => one.parameters)),
      macs: extremes(costs.map((one) => one.macs)),
    });
  });

  it('holds every sampled architecture, and is reached', () => {
    for (const space of [dartsSpace(), en2asSpace()]) {
      const scale = { ...SEARCH_SCALE, cells: 3, channels: 8 };
      const range = costRange(space, scale);
      const instantiator = new Instantiator(space, { scale, weights: 'standalone', dead: 'keep' });
      const rng = Rng.fromSeed(1);
      for (let i = 0; i < 50; i++) {
        const { parameters, macs } = cost(instantiator.build(sample(space, rng)));
        assert.ok(range.parameters.low <= parameters && parameters <= range.parameters.high);
        assert.ok(range.macs.low <= macs && macs <= range.macs.high);
      }
      assert.ok(range.parameters.low < range.parameters.high);
    }
  });
});
