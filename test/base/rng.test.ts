import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Rng, threefry2x32 } from '../../src/base/rng.js';

describe('Rng', () => {
  it('encrypts the known answers of Random123 (threefry2x32, 20 rounds)', () => {
    for (const [key, counter, expected] of [
      [[0, 0], [0, 0], '6b20015999ba4efe'],
      [[-1, -1], [-1, -1], '1cb996fcbb002be7'],
      [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], 'c4923a9c483df7a0'],
    ] as const) {
      const block = new Int32Array(counter);
      threefry2x32(key[0], key[1], block);
      const hex = [...block].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
      assert.equal(hex, expected);
    }
  });

  it('repeats from a seed and differs between seeds and forks', () => {
    const draw = (rng: Rng): number[] => Array.from({ length: 8 }, () => rng.uint32());
    assert.deepEqual(draw(Rng.fromSeed(7)), draw(Rng.fromSeed(7)));
    const streams = [
      Rng.fromSeed(7),
      Rng.fromSeed(8),
      Rng.fromSeed(7 + 2 ** 32),
      Rng.fromSeed(7).fork('a'),
      Rng.fromSeed(7).fork('b'),
    ];
    assert.equal(new Set(streams.map((rng) => draw(rng).join())).size, streams.length);
  });

  it('forks the same stream however much was drawn before', () => {
    const used = Rng.fromSeed(3);
    for (let i = 0; i < 5; i++) used.uniform();
    assert.equal(used.fork('x').uint32(), Rng.fromSeed(3).fork('x').uint32());
  });

  it('draws uniformly below n', () => {
    const rng = Rng.fromSeed(11);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[rng.below(7)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    assert.ok(chiSquare < 22.5, `chi-square ${chiSquare} with 6 degrees of freedom`); // 0.1 % quantile
  });

  it('draws normal numbers of mean 0 and variance 1', () => {
    const rng = Rng.fromSeed(5);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 100_000; i++) {
      const x = rng.normal();
      sum += x;
      squares += x * x;
    }
    assert.ok(Math.abs(sum / 100_000) < 0.0125);
    assert.ok(Math.abs(squares / 100_000 - 1) < 0.018);
  });

  it('permutes: each number once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.nat(), (n, seed) => {
        const order = [...Rng.fromSeed(seed).permutation(n)].sort((a, b) => a - b);
        assert.deepEqual(
          order,
          Array.from({ length: n }, (_, i) => i),
        );
      }),
      { seed: 1 },
    );
  });
});
