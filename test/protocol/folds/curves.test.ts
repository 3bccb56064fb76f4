import assert from 'node:assert/strict';
import { addToCurves, EMPTY_CURVES } from '../../../src/protocol/folds/curves.js';
import { ToyBackend } from '../../fixtures/toy-backend.js';
import { eventsOf, runToy, toyConfig } from '../../fixtures/toy-run.js';

describe('curves', () => {
  it('of the best so far only rise, against the cost of their own side', async () => {
    const host = await runToy(toyConfig(), new ToyBackend());
    const curves = host.events.reduce(addToCurves, EMPTY_CURVES);
    const told = eventsOf(host, 'told');
    for (const role of ['search', 'baseline'] as const) {
      const points = curves.best[role];
      const own = told.filter((event) => event.role === role);
      const values = own.flatMap(({ outcomes }) =>
        outcomes.flatMap((outcome) => (outcome.kind === 'measured' ? outcome.values[0]! : [])),
      );
      assert.equal(points[0]!.cost, own[0]!.cost[role]);
      assert.equal(points.at(-1)!.value, Math.max(...values));
      for (const [i, point] of points.slice(1).entries()) {
        assert.ok(point.value > points[i]!.value && point.cost > points[i]!.cost, role);
      }
    }
  });

  it('hold a point per report of the supernet and per epoch of retraining', async () => {
    const host = await runToy(toyConfig(), new ToyBackend());
    const { supernet, retrain } = host.events.reduce(addToCurves, EMPTY_CURVES);
    assert.deepEqual(
      supernet.map(({ step }) => step),
      [5, 10, 14],
    );
    for (const role of ['search', 'baseline'] as const) {
      assert.deepEqual(
        retrain[role].map(({ epoch }) => epoch),
        [1, 2],
      );
    }
  });

  it('fall where the first objective is to be small', () => {
    const objective = { name: 'params', goal: 'minimize', unit: 'count', source: 'analytic' } as const;
    const data = { name: '', description: '', hash: '', train: 1, validation: 1, test: 1 };
    const started = {
      type: 'started',
      config: toyConfig({ objectives: [objective] }),
      data,
      seq: 0,
    } as const;
    let curves = addToCurves(EMPTY_CURVES, started);
    for (const [trial, value] of [30, 40, 20].entries()) {
      const outcome = { kind: 'measured', trial: trial as never, values: [value] } as const;
      const cost = { search: 10 * (trial + 1), baseline: 0 };
      curves = addToCurves(curves, {
        type: 'told',
        role: 'search',
        outcomes: [outcome],
        cost,
        seq: trial + 1,
      });
    }
    assert.deepEqual(
      curves.best.search.map(({ cost, value }) => [cost, value]),
      [
        [10, 30],
        [30, 20],
      ],
    );
  });
});
