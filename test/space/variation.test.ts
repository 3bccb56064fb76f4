import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Rng } from '../../src/base/rng.js';
import { UserError } from '../../src/base/user-error.js';
import { choiceKey } from '../../src/space/architecture.js';
import { crossover } from '../../src/space/crossover.js';
import { decodeOneHot, encodeOneHot } from '../../src/space/encode.js';
import { enumerateArchitectures } from '../../src/space/enumerate.js';
import { layoutOf } from '../../src/space/layout.js';
import { parseArchitecture } from '../../src/space/legal.js';
import { mutate, mutateGenes } from '../../src/space/mutate.js';
import { sample } from '../../src/space/sample.js';
import type { SearchSpace, SpaceRule } from '../../src/space/search-space.js';
import { spaceSize } from '../../src/space/size.js';
import { anySpace } from '../fixtures/random-spaces.js';
import { DARTS_OPS, dartsSpace, en2asSpace, nasBench201Space, quickstartSpace } from '../fixtures/spaces.js';

const seed = fc.integer({ min: 0, max: 1e6 });

describe('sample', () => {
  it('draws legal architectures, the same from the same seed', () => {
    fc.assert(
      fc.property(anySpace(), seed, (space, s) => {
        const architecture = sample(space, Rng.fromSeed(s));
        const parsed = parseArchitecture(space, JSON.parse(JSON.stringify(architecture)));
        assert.deepEqual(parsed, { ok: true, architecture });
        assert.deepEqual(sample(space, Rng.fromSeed(s)), architecture);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  const tiny = { cellNames: ['Normal'], numNodes: 2, ops: DARTS_OPS.slice(2, 4) };
  const uniform: [name: string, space: SearchSpace, numArchitectures: number][] = [
    ['with repeats', en2asSpace(tiny), 10 * 21],
    ['with different inputs', dartsSpace(tiny), 4 * 12],
    ['with three of three groups and repeats', en2asSpace({ ...tiny, numNodes: 1, count: 3 }), 20],
  ];
  for (const [name, space, numArchitectures] of uniform) {
    it(`draws all architectures equally often: ${name}`, () => {
      const counts = new Map([...enumerateArchitectures(space)].map((a) => [choiceKey(a), 0]));
      assert.equal(counts.size, numArchitectures);
      const rng = Rng.fromSeed(3);
      const expected = 200;
      for (let i = 0; i < expected * numArchitectures; i++) {
        const key = choiceKey(sample(space, rng));
        counts.set(key, (counts.get(key) ?? Number.NaN) + 1);
      }
      const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
      const freedom = numArchitectures - 1;
      // Within 3 standard deviations of a chi-square variable.
      assert.ok(Math.abs(chiSquare - freedom) < 3 * Math.sqrt(2 * freedom), `chi-square ${chiSquare}`);
    });
  }

  it('draws integers and reals of a linear and a log scale within their bounds', () => {
    const base = dartsSpace();
    const number = (kind: 'integer' | 'real', scale: 'linear' | 'log'): (typeof base.decisions)[number] => ({
      kind,
      name: `${kind}-${scale}` as (typeof base.decisions)[number]['name'],
      low: 1,
      high: 8,
      scale,
    });
    const decisions = [
      number('integer', 'linear'),
      number('integer', 'log'),
      number('real', 'linear'),
      number('real', 'log'),
    ];
    const space: SearchSpace = { ...base, template: { kind: 'hierarchy', levels: [], leaf: [] }, decisions };
    const rng = Rng.fromSeed(5);
    const draws = Array.from({ length: 4000 }, () => sample(space, rng).values);
    const mean = (index: number): number =>
      draws.reduce((sum, values) => sum + values[index]!, 0) / draws.length;
    for (const values of draws)
      assert.ok(parseArchitecture(space, { kind: 'choices', space: space.id, values }).ok);
    assert.deepEqual(new Set(draws.map((values) => values[0])), new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    assert.deepEqual(new Set(draws.map((values) => values[1])), new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    assert.ok(Math.abs(mean(0) - 4.5) < 0.15);
    assert.ok(Math.abs(mean(2) - 4.5) < 0.15);
    assert.ok(Math.abs(mean(3) - 7 / Math.log(8)) < 0.15); // Mean of a log-uniform number.
    for (const values of draws.slice(0, 200)) {
      const child = mutate(space, { kind: 'choices', space: space.id, values }, rng);
      assert.equal(child.values.filter((value, i) => value !== values[i]).length, 1);
      const decoded = decodeOneHot(space, encodeOneHot(space, child)).values;
      for (const [i, value] of child.values.entries()) assert.ok(Math.abs(decoded[i]! - value) < 1e-9);
    }
  });
});

describe('Rules', () => {
  const countRule = (comparison: SpaceRule['comparison'], limit: number): SpaceRule => ({
    metric: { kind: 'count', op: 'skip', cell: 'Normal' },
    comparison,
    limit,
    text: `Normal.count(skip) ${comparison} ${limit}`,
  });
  const countSkips = (values: readonly number[]): number =>
    values.slice(0, 8).filter((value) => value % 7 === DARTS_OPS.findIndex(({ name }) => name === 'skip') - 1)
      .length;

  it('hold for everything drawn, mutated and crossed', () => {
    const space = dartsSpace({ rules: [countRule('<=', 1)] });
    const rng = Rng.fromSeed(8);
    let previous = sample(space, rng);
    for (let i = 0; i < 200; i++) {
      const next = sample(space, rng);
      const children = [
        mutate(space, next, rng),
        mutateGenes(space, next, 0.3, rng),
        crossover(space, previous, next, rng),
      ];
      for (const { values } of [next, ...children]) assert.ok(countSkips(values) <= 1);
      previous = next;
    }
  });

  it('limit parameters and MACs at the first scale', () => {
    const rules: SpaceRule[] = [
      { metric: { kind: 'params' }, comparison: '<', limit: 10_000, text: 'params < 10k' },
      { metric: { kind: 'macs' }, comparison: '>', limit: 1, text: 'flops > 1' },
    ];
    const space = quickstartSpace({ rules });
    const free = quickstartSpace();
    const rng = Rng.fromSeed(2);
    const isLight = Array.from({ length: 100 }, () => parseArchitecture(space, sample(free, rng)).ok);
    assert.ok(isLight.includes(true) && isLight.includes(false));
  });

  it('that cannot be kept are named, the worst one', () => {
    const space = dartsSpace({ rules: [countRule('<=', 8), countRule('>', 8)] });
    assert.throws(
      () => sample(space, Rng.fromSeed(1)),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /1000 of them "Normal\.count\(skip\) > 8"/);
        return true;
      },
    );
  });
});

describe('mutate', () => {
  it('makes a legal child that differs in one value of one decision', () => {
    fc.assert(
      fc.property(anySpace(), seed, (space, s) => {
        fc.pre(!isSingle(space));
        const rng = Rng.fromSeed(s);
        const parent = sample(space, rng);
        const child = mutate(space, parent, rng);
        assert.ok(parseArchitecture(space, child).ok);
        const changed = layoutOf(space).filter(
          ({ offset, length }) => missing(parent.values, child.values, offset, length) > 0,
        );
        assert.equal(changed.length, 1);
        const { offset, length } = changed[0]!;
        assert.equal(missing(parent.values, child.values, offset, length), 1);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('reaches every architecture of a small space', () => {
    fc.assert(
      fc.property(anySpace({ maxSize: 300n }), (space) => {
        fc.pre(!isSingle(space));
        const all = [...enumerateArchitectures(space)].map(choiceKey);
        const rng = Rng.fromSeed(9);
        let current = sample(space, rng);
        const seen = new Set([choiceKey(current)]);
        for (let i = 0; i < 100 * all.length && seen.size < all.length; i++) {
          current = mutate(space, current, rng);
          seen.add(choiceKey(current));
        }
        assert.equal(seen.size, all.length);
      }),
      { seed: 6, numRuns: 30 },
    );
  });

  it('of genes changes about as many values as the rate says, and at least one', () => {
    const space = nasBench201Space();
    const rng = Rng.fromSeed(12);
    let numChanged = 0;
    for (let i = 0; i < 2000; i++) {
      const parent = sample(space, rng);
      const child = mutateGenes(space, parent, 0.5, rng);
      const changed = child.values.filter((value, gene) => value !== parent.values[gene]).length;
      assert.ok(changed > 0);
      numChanged += changed;
    }
    // 6 · ½, and one where chance changes none (1 of 64).
    assert.ok(Math.abs(numChanged / 2000 - (3 + 1 / 64)) < 0.1);
  });

  it('refuses a space of one architecture', () => {
    const space = dartsSpace({ cellNames: ['Normal'], numNodes: 1, ops: DARTS_OPS.slice(3, 4) });
    assert.throws(() => mutate(space, sample(space, Rng.fromSeed(1)), Rng.fromSeed(1)), UserError);
  });
});

describe('crossover', () => {
  it('takes every decision whole from one parent, and is legal', () => {
    fc.assert(
      fc.property(anySpace(), seed, (space, s) => {
        const rng = Rng.fromSeed(s);
        const parents = [sample(space, rng), sample(space, rng)] as const;
        const child = crossover(space, parents[0], parents[1], rng);
        assert.ok(parseArchitecture(space, child).ok);
        for (const { offset, length } of layoutOf(space)) {
          const own = child.values.slice(offset, offset + length).join();
          assert.ok(parents.some(({ values }) => values.slice(offset, offset + length).join() === own));
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('takes about half from each', () => {
    const space = nasBench201Space();
    const zeros = { kind: 'choices', space: space.id, values: [0, 0, 0, 0, 0, 0] } as const;
    const ones = { ...zeros, values: [1, 1, 1, 1, 1, 1] };
    const rng = Rng.fromSeed(3);
    let sum = 0;
    for (let i = 0; i < 1000; i++)
      sum += crossover(space, zeros, ones, rng).values.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum / 6000 - 0.5) < 0.02);
  });
});

describe('The one-hot code', () => {
  it('is decoded to the same architecture', () => {
    fc.assert(
      fc.property(anySpace(), seed, (space, s) => {
        const architecture = sample(space, Rng.fromSeed(s));
        assert.deepEqual(decodeOneHot(space, encodeOneHot(space, architecture)), architecture);
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it('counts how often an option is chosen', () => {
    const space = en2asSpace({
      cellNames: ['Normal'],
      numInputs: 1,
      numNodes: 1,
      ops: DARTS_OPS.slice(2, 4),
    });
    const architecture = { kind: 'choices', space: space.id, values: [1, 1] } as const;
    assert.deepEqual([...encodeOneHot(space, architecture)], [0, 2]);
  });
});

describe('parseArchitecture refuses', () => {
  const space = dartsSpace({ cellNames: ['Normal'], numNodes: 2 });
  const good = { kind: 'choices', space: space.id, values: [0, 7, 0, 14] };
  const bad: [why: RegExp, input: unknown][] = [
    [/is an object/, 'text'],
    [/has kind "choices"/, { ...good, kind: 'graph' }],
    [/is of space other, not Darts-test/, { ...good, space: 'other' }],
    [/array of numbers/, { ...good, values: [0, '7', 0, 14] }],
    [/has 3 values, the space needs 4/, { ...good, values: [0, 7, 0] }],
    [/Normal\.x\[1\]: 14 is not one of the options 0…13/, { ...good, values: [0, 14, 0, 14] }],
    [/0\.5 is not one of the options/, { ...good, values: [0.5, 7, 0, 14] }],
    [/do not ascend/, { ...good, values: [7, 0, 0, 14] }],
    [/an input is chosen twice/, { ...good, values: [0, 1, 0, 14] }],
  ];
  for (const [why, input] of bad) {
    it(`what ${why.source}`, () => {
      const parsed = parseArchitecture(space, input);
      assert.ok(!parsed.ok);
      assert.match(parsed.reason, why);
    });
  }

  it('nothing that is legal', () => {
    assert.ok(parseArchitecture(space, good).ok);
  });
});

function isSingle(space: SearchSpace): boolean {
  const { total } = spaceSize(space);
  return total.kind === 'finite' && total.count === 1n;
}

/** Number of values of one decision of `parent` that `child` lacks, as multisets. */
function missing(
  parent: readonly number[],
  child: readonly number[],
  offset: number,
  length: number,
): number {
  const left = child.slice(offset, offset + length);
  return parent.slice(offset, offset + length).filter((value) => {
    const at = left.indexOf(value);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  }).length;
}
