import assert from 'node:assert/strict';
import { UserError } from '../../src/base/user-error.js';
import { Rng } from '../../src/base/rng.js';
import type { PathSampler } from '../../src/engine/strategies/path-sampler.js';
import { choiceKey } from '../../src/space/architecture.js';
import type { DecisionName } from '../../src/space/decision.js';
import { parseArchitecture } from '../../src/space/legal.js';
import type { SearchSpace } from '../../src/space/search-space.js';
import { dartsSpace, en2asSpace, nasBench201Space, recurrentSpace } from '../fixtures/spaces.js';

const FEW_SKIPS = {
  metric: { kind: 'count', op: 'skip' },
  comparison: '<=',
  limit: 2,
  text: 'count(skip) <= 2',
} as const;

const SPACES: Readonly<Record<string, SearchSpace>> = {
  'EN²AS': en2asSpace(),
  DARTS: dartsSpace(),
  'NAS-Bench-201': nasBench201Space(),
  'DARTS with a rule': dartsSpace({ rules: [FEW_SKIPS] }),
  'three nodes, one cell type': en2asSpace({ numNodes: 3, cellNames: ['Normal'], count: 1 }),
};

/** What every path sampler must do. */
export function describeSamplerContract(
  name: string,
  make: (space: SearchSpace, rng: Rng) => PathSampler,
): void {
  describe(`${name} as a path sampler`, () => {
    for (const [title, space] of Object.entries(SPACES)) {
      it(`proposes legal paths and reports facts of every cell type (${title})`, () => {
        const sampler = make(space, Rng.fromSeed(3));
        for (let step = 0; step < 200; step++) {
          const path = sampler.next();
          assert.equal(parseArchitecture(space, path).ok, true, choiceKey(path));
        }
        checkFacts(space, sampler);
      });
    }

    it('is restored by as many calls', () => {
      const space = en2asSpace();
      const [one, other] = [make(space, Rng.fromSeed(9)), make(space, Rng.fromSeed(9))];
      for (let step = 0; step < 150; step++) {
        assert.deepEqual(one.next(), other.next());
        if (step % 10 === 0) one.facts();
      }
      assert.deepEqual(one.facts(), other.facts());
    });

    it('refuses spaces that it cannot search, saying why', () => {
      const depth = {
        kind: 'integer',
        name: 'depth' as DecisionName,
        low: 1,
        high: 4,
        scale: 'linear',
      } as const;
      const withDepth = { ...en2asSpace(), decisions: [...en2asSpace().decisions, depth] };
      for (const [space, why] of [
        [withDepth, /asks depth outside its cells/],
        [recurrentSpace(100, 8), /no cell that is searched/],
      ] as const) {
        assert.throws(
          () => make(space, Rng.fromSeed(1)),
          (error) => error instanceof UserError && why.test(error.message),
        );
      }
    });
  });
}

function checkFacts(space: SearchSpace, sampler: PathSampler): void {
  assert.equal(space.template.kind, 'cells');
  const types = space.template.cells.map((cell) => cell.name);
  const { balance, novelty } = sampler.facts();
  for (const record of novelty === undefined ? [balance] : [balance, novelty]) {
    assert.deepEqual(Object.keys(record), types);
    for (const value of Object.values(record)) assert.ok(value >= 0 && value <= 1, `${value}`);
  }
}
