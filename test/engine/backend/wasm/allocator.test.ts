import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Allocator } from '../../../../src/engine/backend/wasm/allocator.js';

describe('Allocator', () => {
  it('hands out regions that do not overlap, and knows how far it will reach', () => {
    const actions = fc.array(fc.record({ bytes: fc.nat(500), frees: fc.boolean(), which: fc.nat(99) }), {
      maxLength: 60,
    });
    const property = fc.property(actions, (all) => {
      const allocator = new Allocator(100);
      const regions: { offset: number; bytes: number }[] = [];
      for (const { bytes, frees, which } of all) {
        if (frees && regions.length > 0) {
          const [region] = regions.splice(which % regions.length, 1);
          allocator.free(region!.offset);
          continue;
        }
        const end = allocator.endAfter(Math.max(bytes, 1));
        const offset = allocator.allocate(bytes);
        assert.equal(allocator.end, end);
        assert.equal(offset % 64, 0);
        assert.ok(offset >= 100 && offset + bytes <= allocator.end);
        for (const other of regions) {
          assert.ok(offset + bytes <= other.offset || other.offset + other.bytes <= offset);
        }
        regions.push({ offset, bytes });
      }
      for (const { offset } of regions) allocator.free(offset);
      assert.equal(allocator.used, 0);
      const whole = allocator.end - 128;
      if (whole > 0) assert.equal(allocator.allocate(whole), 128);
    });
    fc.assert(property, { seed: 9, numRuns: 300 });
  });

  it('refuses to free what it has not handed out', () => {
    const allocator = new Allocator(0);
    const offset = allocator.allocate(10);
    allocator.free(offset);
    assert.throws(() => allocator.free(offset), /No region begins/);
  });
});
