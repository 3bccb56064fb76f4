import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OutOfMemoryError } from '../../../../src/engine/backend/backend.js';
import { describeDevices } from '../../../../src/engine/backend/chain.js';
import { createWasmBackend } from '../../../../src/engine/backend/wasm/backend.js';
import { describeBackendContract } from '../../../contracts/backend-contract.js';
import { referenceNetwork } from '../reference-network.js';
import { FLOAT64, PLAIN, RELAXED } from './subjects.js';

describeBackendContract('wasm in float64', FLOAT64);
describeBackendContract('wasm with relaxed SIMD', RELAXED);
describeBackendContract('wasm with plain SIMD', PLAIN);

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

  it('takes plain SIMD where this runtime does not compile relaxed SIMD, and says so', () => {
    using folder = copyOfBinaries();
    writeFileSync(join(folder.path, 'relaxed.wasm'), unknownInstruction());
    const binariesUrl = pathToFileURL(`${folder.path}/`);
    using backend = createWasmBackend({ threads: 1, binariesUrl });
    assert.equal(backend.description.label, 'wasm (plain SIMD), 1 thread');
    assert.equal(backend.description.variant, 'plain');
    const [report] = describeDevices({ threads: 1, binariesUrl }).slice(-1);
    assert.deepEqual(report, { name: 'wasm', description: backend.description, isDefault: true });
    assert.throws(
      () => createWasmBackend({ threads: 1, binariesUrl, variant: 'relaxed' }),
      WebAssembly.CompileError,
    );
  });

  it('says where it looked for missing kernels', () => {
    const binariesUrl = new URL('./nowhere/', import.meta.url);
    assert.throws(() => createWasmBackend({ threads: 1, binariesUrl }), /nowhere/);
  });
});

function copyOfBinaries(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'cellsmith-binaries-'));
  cpSync(new URL('../../../../src/engine/backend/wasm/binaries/', import.meta.url), path, {
    recursive: true,
  });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** A module with one function, whose body is an instruction (0xfd 0xff 0x03) that no version of SIMD has. */
function unknownInstruction(): Uint8Array {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const types = [1, 4, 1, 0x60, 0, 0];
  const functions = [3, 2, 1, 0];
  return Uint8Array.from([...header, ...types, ...functions, 10, 7, 1, 5, 0, 0xfd, 0xff, 3, 0x0b]);
}
