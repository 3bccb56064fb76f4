import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { cost } from '../../src/graph/cost.js';
import type { ChoiceArchitecture } from '../../src/space/architecture.js';
import { enumerateArchitectures } from '../../src/space/enumerate.js';
import { Instantiator } from '../../src/space/instantiate/instantiator.js';
import { nasBench201Name, nasBench201String } from '../../src/space/nas-bench-201.js';
import { nasBench201Space } from '../fixtures/spaces.js';

const space = nasBench201Space();

describe('NAS-Bench-201', () => {
  it('has 15,625 cells with 6,466 different strings', () => {
    const all = [...enumerateArchitectures(space)];
    assert.equal(new Set(all.map((cell) => nasBench201Name(space, cell))).size, 15_625);
    assert.equal(new Set(all.map((cell) => nasBench201String(space, cell))).size, 6_466);
  });

  it('has the parameters of its skeleton where nothing is left of the cells but skips', () => {
    const skips: ChoiceArchitecture = { kind: 'choices', space: space.id, values: [1, 1, 1, 1, 1, 1] };
    const { parameters, macs } = cost(instantiator().build(skips));
    assert.equal(parameters, 73_306);
    assert.equal(macs, 7_783_040);
  });

  it('has the published strings, parameters and MACs for every cell', function () {
    const table = publishedTable();
    if (table === undefined) {
      this.test!.title += ' (skipped: set CELLSMITH_TEST_DATA to a folder with nas/nb201_cifar10.csv.gz)';
      this.skip();
    }
    const networks = instantiator();
    let numCompared = 0;
    for (const cell of enumerateArchitectures(space)) {
      const published = table.get(nasBench201Name(space, cell));
      assert.ok(published !== undefined);
      const { parameters, macs } = cost(networks.build(cell));
      assert.equal(nasBench201String(space, cell), published.canonical);
      assert.equal(parameters, published.parameters);
      // The published count takes the ten additions of the last bias for products.
      assert.equal(macs + 10, published.macs);
      numCompared++;
    }
    assert.equal(numCompared, 15_625);
  });
});

/** Counts published for these cells include edges that lead nowhere. */
function instantiator(): Instantiator {
  const scale = space.scales[0];
  assert.ok(scale !== undefined);
  return new Instantiator(space, { scale, weights: 'standalone', dead: 'keep' });
}

interface PublishedCell {
  readonly canonical: string;
  readonly parameters: number;
  readonly macs: number;
}

/** By name of the cell. undefined where the table is not at hand. */
function publishedTable(): ReadonlyMap<string, PublishedCell> | undefined {
  const folder = process.env['CELLSMITH_TEST_DATA'] ?? '../shared/data';
  const file = `${folder}/nas/nb201_cifar10.csv.gz`;
  if (!existsSync(file)) return undefined;
  const [header = '', ...rows] = gunzipSync(readFileSync(file)).toString('utf8').trim().split(/\r?\n/);
  const columns = header.split(',');
  const column = (name: string): number => columns.indexOf(name);
  return new Map(
    rows.map((row) => {
      const cells = row.split(',');
      const published = {
        canonical: cells[column('canonical')]!,
        parameters: Number(cells[column('cifar10_params')]),
        macs: Number(cells[column('cifar10_flops')]),
      };
      return [cells[column('arch_str')]!, published] as const;
    }),
  );
}
