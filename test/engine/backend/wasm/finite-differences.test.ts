import assert from 'node:assert/strict';
import { Rng } from '../../../../src/base/rng.js';
import { Instantiator } from '../../../../src/space/instantiate/instantiator.js';
import { sample } from '../../../../src/space/sample.js';
import { classifier, embeddingClassifier, opCases, twoHeads } from '../../../contracts/backend-graphs.js';
import type { Case } from '../../../contracts/backend-subject.js';
import { finiteDifferenceError } from '../../../contracts/finite-differences.js';
import { dartsSpace, SEARCH_SCALE } from '../../../fixtures/spaces.js';
import { referenceNetwork } from '../reference-network.js';
import { FLOAT64 } from './subjects.js';

describe('gradients of the float64 kernels agree with central differences', () => {
  for (const [op, build] of Object.entries(opCases(12))) {
    check(op, { graph: classifier([6, 5, 12], build), batch: 4 });
  }
  check('an embedding', { graph: embeddingClassifier(), batch: 13 });
  check('two heads', { graph: twoHeads(), batch: 5 });
  check('a network of cells', {
    graph: referenceNetwork({ channels: 4, cells: 3, size: 8, stemMultiplier: 1 }),
    batch: 5,
    classes: 10,
  });
  check('a path of a supernet', { graph: supernetPath(), batch: 6, classes: 10 });
});

function check(name: string, testCase: Case): void {
  it(name, () => {
    const { name: key, error } = finiteDifferenceError(FLOAT64, testCase);
    assert.ok(error <= 1e-6, `${key} differs by ${error}`);
  });
}

function supernetPath(): Case['graph'] {
  const scale = { ...SEARCH_SCALE, channels: 4, cells: 3 };
  const space = dartsSpace({ image: [8, 8, 3], scales: [scale] });
  return new Instantiator(space, { scale, weights: 'supernet' }).build(sample(space, Rng.fromSeed(7)));
}
