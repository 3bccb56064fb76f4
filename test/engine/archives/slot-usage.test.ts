import assert from 'node:assert/strict';
import { SlotUsage } from '../../../src/engine/archives/slot-usage.js';

const GROUPS = [
  { numOptions: 4, picks: 2 },
  { numOptions: 3, picks: 1 },
];

describe('slot usage', () => {
  it('counts the options of each group apart', () => {
    const usage = new SlotUsage(GROUPS);
    usage.add([0, 2, 1]);
    usage.add([2, 2, 0]);
    assert.equal(usage.numOptions, 7);
    assert.equal(usage.sumOf([0, 1, 2]), 1);
    assert.equal(usage.sumOf([2, 3, 0]), 4);
  });

  it('is balanced when every option was taken equally often', () => {
    const usage = new SlotUsage(GROUPS);
    for (const cell of [
      [0, 1, 0],
      [2, 3, 1],
      [0, 1, 2],
      [2, 3, 0],
      [0, 1, 1],
      [2, 3, 2],
    ])
      usage.add(cell);
    assert.equal(usage.balance(), 1);
  });

  it('reports the least used option relative to uniform picks', () => {
    const usage = new SlotUsage(GROUPS);
    assert.equal(usage.balance(), 0);
    for (const cell of [
      [0, 1, 0],
      [2, 3, 1],
      [0, 1, 2],
      [0, 2, 0],
      [0, 1, 1],
      [2, 3, 2],
    ])
      usage.add(cell);
    // Option 3 of the first group: 2 times, where uniform picks give 6 · 2/4 = 3.
    assert.ok(Math.abs(usage.balance() - 2 / 3) < 1e-12);
  });
});
