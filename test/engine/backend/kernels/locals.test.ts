import assert from 'node:assert/strict';

import { Rng } from '../../../../src/base/rng.js';
import { BL } from '../../../../src/engine/backend/plan/layout.js';
import { Kernels, VARIANTS } from './harness.js';
import { assertClose, randomGrid, viewedPart, withView, zeroGrid } from './samples.js';

const BATCH = 11;

for (const variant of VARIANTS) {
  describe(`tensors that kernels hand on (${variant})`, () => {
    const kernels = new Kernels(variant, BATCH);
    const rng = Rng.fromSeed(21);
    beforeEach(() => {
      kernels.reset();
    });
    it('may live in the scratch of a thread, image by image', () => {
      const [a, b] = [1, 2].map(() => withView(rng, randomGrid(rng, BATCH, 12, 3, 5), 'affine relu'));
      const local = kernels.operand([{ grid: zeroGrid(BATCH, 12, 3, 5), isLocal: true }]);
      const other = kernels.operand([{ grid: zeroGrid(BATCH, 12, 3, 5), isLocal: true }]);
      const out = kernels.operand([{ grid: zeroGrid(BATCH, 12, 3, 5) }]);
      kernels.runImages(
        kernels.instruction('SUM', { in: kernels.operand([a!]), out: local }),
        kernels.instruction('SUM', { in: kernels.operand([b!]), out: other }),
        kernels.instruction('RELU_GRAD', { in: local, grad: other, dx: out }),
      );
      const seen = viewedPart(a!);
      const expected = viewedPart(b!).map((value, at) => (seen[at]! > 0 ? value : 0));
      assertClose(kernels, kernels.readPart(out), expected, 'handed on');
    });
    it('are left alone where a part of dx is absent', () => {
      const grids = [8, 16].map((channels) => randomGrid(rng, BATCH, channels, 3, 3));
      const inputs = kernels.operand(grids.map((grid) => ({ grid })));
      const grad = kernels.operand([{ grid: randomGrid(rng, BATCH, 8, 3, 3) }]);
      for (const kernel of [1, 3]) {
        const dx = kernels.operand([{ grid: grids[0]!, isAbsent: true }, { grid: grids[1]! }]);
        const window = { kernel, stride: 1, padding: kernel >> 1, dilation: 1 };
        const weightT = kernels.reals(new Float64Array(kernel * kernel * 24 * BL));
        kernels.runImages(kernels.instruction('CONV_GRAD', { ...window, in: inputs, grad, dx, weightT }));
        assert.deepEqual(kernels.readPart(dx, 0), grids[0]!.values);
        assert.deepEqual(kernels.readPart(dx, 1), new Float64Array(grids[1]!.values.length));
      }
    });
  });
}
