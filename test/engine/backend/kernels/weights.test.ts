import assert from 'node:assert/strict';

import { Rng } from '../../../../src/base/rng.js';
import { HYPER } from '../../../../src/engine/backend/plan/layout.js';
import { Kernels, VARIANTS } from './harness.js';
import { assertClose, randomValues } from './samples.js';

for (const variant of VARIANTS) {
  describe(`weight kernels (${variant})`, () => {
    const kernels = new Kernels(variant, 2);
    beforeEach(() => {
      kernels.reset();
    });
    it('pads packed vectors with zeros', () => {
      const weight = kernels.reals(new Float64Array(16).fill(NaN));
      kernels.runItems(
        kernels.instruction('PACK_VECTOR', { weight, stored: kernels.reals([1, 2, 3]), numel: 3 }),
      );
      assert.deepEqual([...kernels.readReals(weight, 8)], [1, 2, 3, 0, 0, 0, 0, 0]);
      assert.ok(Number.isNaN(kernels.readReals(weight, 9)[8]));
    });
    it('takes a single sum as it is', () => {
      const stored = kernels.reals([0, 0, 0]);
      const result = kernels.reals([0]);
      kernels.runItems(
        kernels.instruction('REDUCE_VECTOR', {
          weightGrad: kernels.reals([3, 4, 5, 6]),
          stored,
          numel: 3,
          result,
        }),
      );
      assert.deepEqual([...kernels.readReals(stored, 3)], [3, 4, 5]);
      assert.deepEqual([...kernels.readReals(result, 1)], [50]);
    });
    for (const [clipNorm, factor] of [
      [Infinity, 1],
      [10, 1],
      [2.5, 2.5 / (5 + 1e-6)],
      [0, 0],
    ] as const) {
      it(`clips a norm of 5 at ${clipNorm}`, () => {
        const hyper = new Float64Array(HYPER.doubles);
        hyper[HYPER.clipNorm] = clipNorm;
        const at = kernels.doubles(hyper);
        const squares = { words: [kernels.reals([9, 16, 0]), 0, 0, 0, 0, 0], parts: [] };
        kernels.run([
          {
            perImage: false,
            instructions: [],
            serial: [kernels.instruction('NORM_FINISH', { in: squares, numel: 3, hyper: at })],
          },
        ]);
        const written = kernels.readDoubles(at, HYPER.doubles);
        assert.equal(written[HYPER.norm], 5);
        assert.equal(written[HYPER.clipFactor], factor);
      });
    }
    it('updates as SGD with momentum, decay and clipping', () => {
      checkUpdate(kernels);
    });
  });
}

function checkUpdate(kernels: Kernels): void {
  const rng = Rng.fromSeed(12);
  const count = 37;
  const [w, v, g] = [randomValues(rng, count), randomValues(rng, count), randomValues(rng, count)];
  const hyper = new Float64Array(HYPER.doubles);
  hyper[HYPER.learningRate] = 0.025;
  hyper[HYPER.momentum] = 0.9;
  hyper[HYPER.weightDecay] = 3e-4;
  hyper[HYPER.clipFactor] = 0.5;
  const [stored, momentum] = [kernels.reals(w), kernels.reals(v)];
  const fields = {
    stored,
    momentum,
    storedGrad: kernels.reals(g),
    numel: count,
    hyper: kernels.doubles(hyper),
  };
  kernels.runItems(kernels.instruction('SGD', fields));
  const moved = v.map((old, i) => 0.9 * old + 0.5 * g[i]! + 3e-4 * w[i]!);
  assertClose(kernels, kernels.readReals(momentum, count), moved, 'momentum');
  assertClose(
    kernels,
    kernels.readReals(stored, count),
    w.map((old, i) => old - 0.025 * moved[i]!),
    'weights',
  );
}
