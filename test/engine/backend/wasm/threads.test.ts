import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PROGRAM } from '../../../../src/engine/backend/plan/layout.js';
import { plan } from '../../../../src/engine/backend/plan/planner.js';
import { loadKernels } from '../../../../src/engine/backend/wasm/binaries.js';
import { Device } from '../../../../src/engine/backend/wasm/device.js';
import { PlacedPlan } from '../../../../src/engine/backend/wasm/placed-plan.js';
import { Threads } from '../../../../src/engine/backend/wasm/threads.js';
import { WasmWeightStore } from '../../../../src/engine/backend/wasm/weight-store.js';
import { randomInputs } from '../../../contracts/backend-subject.js';
import { referenceNetwork } from '../reference-network.js';

const BINARY = loadKernels('plain', undefined);
const BATCH = 16;

describe('Device', () => {
  it('throws what a worker threw, then and ever after', () => {
    const trained = trainUntilItThrows(2, { scratchStride: 2 ** 31 - 2 ** 16 });
    assert.match(trained(), /Thread 1 of the kernels failed: RuntimeError: memory access out of bounds/);
    assert.match(trained(), /Thread 1 of the kernels failed: RuntimeError: memory access out of bounds/);
  });

  it('throws what the caller threw, then and ever after, and lets no other thread hang', () => {
    const trained = trainUntilItThrows(2, { scratch: 2 ** 31 - 2 ** 16 });
    assert.match(trained(), /memory access out of bounds/);
    assert.match(trained(), /Thread [01] of the kernels failed: RuntimeError: memory access out of bounds/);
  });
});

describe('Threads', () => {
  it('fails when a worker is ended from outside', async () => {
    const failed: number[] = [];
    const threads = startThreads((thread) => failed.push(thread));
    await once(threads.workers[0]!, 'online');
    await threads.workers[0]!.terminate();
    assert.deepEqual(failed, [1]);
    assert.match(threads.explain(2), /^Thread 1 of the kernels failed: it ended with code \d$/);
  });

  it('says so when a thread is gone without a word', () => {
    const threads = startThreads(() => undefined);
    assert.equal(threads.explain(0x7fffffff), 'A thread of the kernels does not answer any more');
    threads.close();
  });

  it('takes no offence when workers end because it is closed', async () => {
    const failed: number[] = [];
    const threads = startThreads((thread) => failed.push(thread));
    await once(threads.workers[0]!, 'online');
    const ended = once(threads.workers[0]!, 'exit');
    threads.close();
    await ended;
    assert.deepEqual(failed, []);
  });
});

/** Two threads in a memory of their own. */
function startThreads(fail: (thread: number) => void): Threads {
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 65535, shared: true });
  const { exports } = new WebAssembly.Instance(BINARY.module, { env: { memory } });
  const { quit } = exports as unknown as { readonly quit: () => void };
  return new Threads({ module: BINARY.module, memory, exports: { fail, quit }, count: 2, stacks: 2 ** 20 });
}

/**
 * Makes a function that trains a network, with some words of its program overwritten, until that throws, and returns
 * the message. Whether thread 1 comes in time to get any work is chance: hence more than one attempt.
 */
function trainUntilItThrows(
  threads: number,
  words: Readonly<Partial<Record<keyof typeof PROGRAM, number>>>,
): () => string {
  const device = new Device(BINARY, threads, Infinity);
  const weights = new WasmWeightStore(device);
  const graph = referenceNetwork({ channels: 8, cells: 2, size: 8 });
  for (const [key, { shape, values }] of randomInputs({ graph, batch: 1 }).weights) {
    weights.write(key, shape, Float32Array.from(values));
  }
  const request = { batch: BATCH, outputs: ['loss'], train: true, threads };
  const made = plan(graph, { ...request, realBytes: device.realBytes, statistics: 'batch' });
  for (const [name, value] of Object.entries(words))
    made.words[PROGRAM[name as keyof typeof PROGRAM]] = value;
  device.reserveArena(made.arenaBytes);
  const placed = new PlacedPlan(device, made);
  return () => {
    for (let attempt = 0; attempt < 10_000; attempt++) {
      try {
        placed.run(weights, { kind: 'batch' }, undefined);
      } catch (error) {
        device.close();
        return String(error);
      }
    }
    return 'all went well';
  };
}
