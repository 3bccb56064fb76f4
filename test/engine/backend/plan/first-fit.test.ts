import assert from 'node:assert/strict';
import fc from 'fast-check';
import { firstFit } from '../../../../src/engine/backend/plan/first-fit.js';

const spans = fc.array(
  fc
    .tuple(fc.nat(20), fc.nat(10), fc.integer({ min: 1, max: 50 }))
    .map(([start, length, bytes]) => ({ start, end: start + length, bytes, offset: -1 })),
  { maxLength: 40 },
);

describe('firstFit', () => {
  it('lets no two spans overlap that live at the same time', () => {
    const property = fc.property(spans, (all) => {
      const bytes = firstFit(all);
      for (const [i, a] of all.entries()) {
        assert.ok(a.offset >= 0 && a.offset + a.bytes <= bytes);
        for (const b of all.slice(i + 1)) {
          const atOneTime = a.start <= b.end && b.start <= a.end;
          assert.ok(!atOneTime || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
        }
      }
    });
    fc.assert(property, { seed: 5, numRuns: 300 });
  });

  it('reuses the memory of what has ended', () => {
    const span = (start: number, end: number, bytes: number) => ({ start, end, bytes, offset: -1 });
    const all = [span(0, 1, 10), span(2, 3, 10), span(1, 2, 5)];
    assert.equal(firstFit(all), 15);
    assert.deepEqual(
      all.map(({ offset }) => offset),
      [0, 0, 10],
    );
  });
});
