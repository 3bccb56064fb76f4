import assert from 'node:assert/strict';
import { median, newcombe, wilson } from '../../src/base/statistics.js';

const close = (got: number, expected: number): void =>
  assert.ok(Math.abs(got - expected) < 5e-5, `got ${got}, expected ${expected}`);

describe('statistics', () => {
  it('gives the intervals of Newcombe 1998, table I, for single shares', () => {
    for (const [correct, of, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      close(wilson(correct, of).low, low);
      close(wilson(correct, of).high, high);
    }
  });

  it('gives the intervals of Newcombe 1998, table II, for differences', () => {
    for (const [a, m, b, n, low, high] of [
      [56, 70, 48, 80, 0.0524, 0.3339],
      [9, 10, 3, 10, 0.1705, 0.809],
      [10, 10, 0, 20, 0.6791, 1],
    ] as const) {
      const interval = newcombe({ correct: a, of: m }, { correct: b, of: n });
      close(interval.low, low);
      close(interval.high, high);
    }
  });

  it('takes the middle of odd and even counts', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });
});
