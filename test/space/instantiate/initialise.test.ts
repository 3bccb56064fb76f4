import assert from 'node:assert/strict';
import { Rng } from '../../../src/base/rng.js';
import type { WeightKey } from '../../../src/graph/network-graph.js';
import type { WeightSpec } from '../../../src/space/instantiate/initialise.js';
import { initialValues, weightSpecs } from '../../../src/space/instantiate/initialise.js';
import { instantiate } from '../../../src/space/instantiate/instantiator.js';
import { sample } from '../../../src/space/sample.js';
import { EVALUATE_SCALE, quickstartSpace } from '../../fixtures/spaces.js';

const spec = (changes: Partial<WeightSpec>): WeightSpec => ({
  key: 'w' as WeightKey,
  shape: [64, 32, 3, 3],
  role: 'kernel',
  op: 'conv',
  fanIn: 288,
  ...changes,
});

describe('initialValues', () => {
  const bounds: [name: string, weight: WeightSpec, bound: number][] = [
    ['a convolution', spec({}), 1 / Math.sqrt(288)],
    ['a linear', spec({ op: 'linear', shape: [10, 512], fanIn: 512 }), 1 / Math.sqrt(512)],
    ['a bias', spec({ op: 'linear', role: 'bias', shape: [4096], fanIn: 512 }), 1 / Math.sqrt(512)],
    ['an embedding', spec({ op: 'embedding', shape: [100, 64], fanIn: 64 }), 0.1],
  ];
  for (const [name, weight, bound] of bounds) {
    it(`are uniform within ±${bound.toFixed(4)} for ${name}`, () => {
      const values = initialValues(weight, Rng.fromSeed(1));
      const largest = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
      const square = values.reduce((sum, x) => sum + x * x, 0) / values.length;
      assert.ok(largest <= bound && largest > 0.99 * bound);
      assert.ok(Math.abs(square / (bound ** 2 / 3) - 1) < 0.06);
    });
  }

  it('are 1 for γ and 0 for β', () => {
    assert.deepEqual([...initialValues(spec({ role: 'gamma', shape: [2] }), Rng.fromSeed(1))], [1, 1]);
    assert.deepEqual([...initialValues(spec({ role: 'beta', shape: [2] }), Rng.fromSeed(1))], [0, 0]);
  });

  it('depend on the key, not on what was drawn before', () => {
    const rng = Rng.fromSeed(4);
    const first = initialValues(spec({}), rng);
    const other = initialValues(spec({ key: 'v' as WeightKey }), rng);
    assert.deepEqual(initialValues(spec({}), rng), first);
    assert.notDeepEqual(other, first);
  });
});

describe('weightSpecs', () => {
  it('tell the fan-in of every weight of a network', () => {
    const space = quickstartSpace();
    const options = { scale: EVALUATE_SCALE, weights: 'standalone' } as const;
    const specs = weightSpecs(instantiate(space, sample(space, Rng.fromSeed(1)), options));
    const fanIn = (key: string): number | undefined => specs.find((weight) => weight.key === key)?.fanIn;
    assert.equal(fanIn('stem0.0.kernel'), 9);
    assert.equal(fanIn('stem0.1.gamma'), 1);
    assert.equal(fanIn('head0.0.kernel'), fanIn('head0.0.bias'));
    assert.equal(fanIn('head0.0.bias'), (4 * 4 * 36) / 2);
    assert.equal(fanIn('auxiliary.2.kernel'), 128 * 4);
  });
});
