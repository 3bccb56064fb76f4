import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Decision, DecisionName } from '../../src/space/decision.js';
import { enumerateArchitectures } from '../../src/space/enumerate.js';
import { spaceSize } from '../../src/space/size.js';
import { anySpace } from '../fixtures/random-spaces.js';
import { dartsSpace, en2asSpace, nasBench201Space, recurrentSpace } from '../fixtures/spaces.js';

describe('The size of a space', () => {
  const published: [name: string, space: ReturnType<typeof dartsSpace>, perCell: bigint[], total: bigint][] =
    [
      ['DARTS', dartsSpace(), [1_037_664_180n, 1_037_664_180n], 1_037_664_180n ** 2n],
      ['EN²AS', en2asSpace(), [17_664_768_000n, 17_664_768_000n], 17_664_768_000n ** 2n],
      ['NAS-Bench-201', nasBench201Space(), [15_625n], 15_625n],
      ['a recurrent cell', recurrentSpace(10_000, 300), [], 2_642_411_520n],
    ];
  for (const [name, space, perCell, total] of published) {
    it(`is the published one for ${name}`, () => {
      const size = spaceSize(space);
      assert.deepEqual(
        size.cells.map((cell) => cell.size),
        perCell.map((count) => ({ kind: 'finite', count })),
      );
      assert.deepEqual(size.total, { kind: 'finite', count: total });
    });
  }

  it('is a number of dimensions where a real number is decided', () => {
    const real: Decision = { kind: 'real', name: 'p' as DecisionName, low: 0, high: 1, scale: 'linear' };
    const integer: Decision = { ...real, kind: 'integer', name: 'n' as DecisionName, low: 3, high: 10 };
    const { template } = dartsSpace();
    assert.deepEqual(
      spaceSize({ template: { ...template, cells: [] } as typeof template, decisions: [real, integer] })
        .total,
      {
        kind: 'continuous',
        dimensions: 2,
        continuous: 1,
      },
    );
  });

  it('is the number of architectures that can be listed, all different', () => {
    fc.assert(
      fc.property(anySpace({ maxSize: 3000n }), (space) => {
        const all = [...enumerateArchitectures(space)].map(({ values }) => values.join());
        assert.deepEqual(spaceSize(space).total, { kind: 'finite', count: BigInt(all.length) });
        assert.equal(new Set(all).size, all.length);
      }),
      { seed: 11, numRuns: 60 },
    );
  });
});
