import assert from 'node:assert/strict';
import { createWasmBackend } from '../../../../src/engine/backend/wasm/backend.js';
import type { KernelVariant } from '../../../../src/engine/backend/wasm/binaries.js';
import { WasmProgram } from '../../../../src/engine/backend/wasm/program.js';
import { WasmWeightStore } from '../../../../src/engine/backend/wasm/weight-store.js';
import type { BackendSubject, ExactAccess } from '../../../contracts/backend-subject.js';

const EXACT: ExactAccess = {
  write: (weights, key, shape, values) => storeOf(weights).writeExact(key, shape, values),
  read: (weights, key) => storeOf(weights).readExact(key),
  gradient: (weights, key) => storeOf(weights).readExactGradient(key),
  outputs(program) {
    assert.ok(program instanceof WasmProgram);
    return program.exactOutputs();
  },
};

const make = (variant: KernelVariant): Pick<BackendSubject, 'make'> => ({
  make: (threads) => createWasmBackend({ threads, variant }),
});

export const FLOAT64 = {
  ...make('float64'),
  tolerance: 1e-11,
  networkTolerance: 1e-9,
  exact: EXACT,
} as const satisfies BackendSubject;
export const RELAXED: BackendSubject = { ...make('relaxed'), tolerance: 1e-4, networkTolerance: 2e-2 };
export const PLAIN: BackendSubject = { ...make('plain'), tolerance: 1e-4, networkTolerance: 2e-2 };

function storeOf(weights: unknown): WasmWeightStore {
  assert.ok(weights instanceof WasmWeightStore);
  return weights;
}
