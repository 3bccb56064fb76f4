import assert from 'node:assert/strict';
import type { Backend } from '../../../../src/engine/backend/backend.js';
import { OutOfMemoryError } from '../../../../src/engine/backend/backend.js';
import { createWasmBackend } from '../../../../src/engine/backend/wasm/backend.js';
import { WasmProgram } from '../../../../src/engine/backend/wasm/program.js';
import { WasmWeightStore } from '../../../../src/engine/backend/wasm/weight-store.js';
import { describeBackendContract } from '../../../contracts/backend-contract.js';
import type { BackendSubject, ExactAccess } from '../../../contracts/backend-subject.js';
import { referenceNetwork } from '../reference-network.js';

const EXACT: ExactAccess = {
  write: (weights, key, shape, values) => storeOf(weights).writeExact(key, shape, values),
  read: (weights, key) => storeOf(weights).readExact(key),
  gradient: (weights, key) => storeOf(weights).readExactGradient(key),
  outputs(program) {
    assert.ok(program instanceof WasmProgram);
    return program.exactOutputs();
  },
};

const subject = (variant: 'relaxed' | 'plain' | 'float64'): Pick<BackendSubject, 'make'> => ({
  make: (threads): Backend => createWasmBackend({ threads, variant }),
});

describeBackendContract('wasm in float64', {
  ...subject('float64'),
  tolerance: 1e-11,
  networkTolerance: 1e-9,
  exact: EXACT,
});
describeBackendContract('wasm with relaxed SIMD', {
  ...subject('relaxed'),
  tolerance: 1e-4,
  networkTolerance: 2e-2,
});
describeBackendContract('wasm with plain SIMD', {
  ...subject('plain'),
  tolerance: 1e-4,
  networkTolerance: 2e-2,
});

describe('createWasmBackend', () => {
  it('describes what pins the bits of a run', () => {
    using backend = createWasmBackend({ threads: 2 });
    const { label, kernelHash, runtime, variant } = backend.description;
    assert.equal(label, 'wasm (relaxed SIMD), 2 threads');
    assert.equal(variant, 'relaxed');
    assert.match(kernelHash, /^[0-9a-f]{16}$/);
    assert.equal(runtime, `node ${process.versions.node}`);
  });

  it('refuses a network that does not fit before it runs anything', () => {
    using backend = createWasmBackend({ threads: 1, maxBytes: 40 * 2 ** 20 });
    const graph = referenceNetwork({ channels: 16, cells: 3, size: 32 });
    const request = { outputs: ['loss'], train: true };
    const before = backend.liveBytes();
    assert.throws(
      () => backend.compile(graph, { ...request, batch: 64 }),
      (error) => error instanceof OutOfMemoryError && error.neededBytes > error.availableBytes,
    );
    assert.equal(backend.liveBytes(), before);
    using small = backend.compile(graph, { ...request, batch: 4 });
    assert.ok(small.memoryBytes < 40 * 2 ** 20);
  });

  it('says where it looked for missing kernels', () => {
    const binariesUrl = new URL('./nowhere/', import.meta.url);
    assert.throws(() => createWasmBackend({ threads: 1, binariesUrl }), /nowhere/);
  });
});

function storeOf(weights: unknown): WasmWeightStore {
  assert.ok(weights instanceof WasmWeightStore);
  return weights;
}
