import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { assert } from '../../base/assert.js';
import type { AssembleBatch, BatchRecipe } from './batch-assembly.js';
import { batchAssembler, batchesPerEpoch } from './batch-assembly.js';
import type { BatchRing } from './batch-ring.js';
import { newBatchRing, NUM_SLOTS, OFFSET, READY, SERVING, STOP, WANTED } from './batch-ring.js';
import type { BatchWorkerData } from './batch-worker.js';
import type { BatchSource } from './data.js';

/** After this time without an answer the worker counts as lost. A batch takes about a millisecond. */
const PATIENCE_MS = 5000;

/**
 * Training batches that a worker thread prepares ahead of the step. Until the worker serves, and should it stop answering, the
 * caller assembles the batch itself: the bits are the same. An error of the worker is thrown by the next `batch`. The worker
 * does not keep the process alive.
 */
export function prefetchedBatches(recipe: BatchRecipe): BatchSource {
  return new PrefetchedBatches(recipe);
}

class PrefetchedBatches implements BatchSource {
  readonly batchesPerEpoch: number;
  waitedMs = 0;
  readonly #ring: BatchRing;
  readonly #assembleHere: AssembleBatch;
  readonly #own: { readonly images: Float32Array; readonly labels: Int32Array };
  #worker: Worker | undefined;
  #failure: Error | undefined;
  #ticket = 0;
  #offset = 0;

  constructor(recipe: BatchRecipe) {
    this.batchesPerEpoch = batchesPerEpoch(recipe);
    this.#ring = newBatchRing(recipe);
    this.#assembleHere = batchAssembler(recipe);
    const { height, width, channels } = recipe.split;
    this.#own = {
      images: new Float32Array(recipe.batch * height * width * channels),
      labels: new Int32Array(recipe.batch),
    };
    this.#worker = this.#startWorker(withSharedImages(recipe));
  }

  batch(index: number): { readonly images: Float32Array; readonly labels: Int32Array } {
    assert(Number.isInteger(index) && index >= 0 && index < 2 ** 30, `Batch index ${index}`);
    if (this.#failure !== undefined) throw this.#failure;
    const startedMs = performance.now();
    this.#announce(index);
    const slot = this.#ticket % NUM_SLOTS;
    const isReady = this.#waitFor(slot);
    if (!isReady) this.#assembleHere(index, this.#own.images, this.#own.labels);
    this.waitedMs += performance.now() - startedMs;
    return isReady ? { images: this.#ring.images[slot]!, labels: this.#ring.labels[slot]! } : this.#own;
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#ring.control, WANTED, STOP);
    Atomics.notify(this.#ring.control, WANTED);
    this.#worker = undefined;
  }

  #startWorker(recipe: BatchRecipe): Worker {
    const worker = newWorker({ ring: this.#ring, recipe });
    worker.unref();
    worker.on('error', (error) => {
      this.#failure = error;
    });
    return worker;
  }

  /** Tells the worker which batch is wanted; the slots before it are free from now on. */
  #announce(index: number): void {
    if (this.#ticket + this.#offset === index) return; // The first batch, or the same one again.
    this.#ticket++;
    if (this.#ticket + this.#offset !== index) {
      this.#ticket += NUM_SLOTS;
      this.#offset = index - this.#ticket;
    }
    const { control } = this.#ring;
    Atomics.store(control, OFFSET, this.#offset);
    Atomics.store(control, WANTED, this.#ticket);
    Atomics.notify(control, WANTED);
  }

  /** Whether the wanted batch lies in `slot`, after waiting for it if a worker is at it. */
  #waitFor(slot: number): boolean {
    const { control } = this.#ring;
    const untilMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const ready = Atomics.load(control, READY + slot);
      if (ready === this.#ticket) return true;
      if (this.#worker === undefined || Atomics.load(control, SERVING) === 0) return false;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) {
        this.#worker = undefined;
        return false;
      }
      Atomics.wait(control, READY + slot, ready, leftMs);
    }
  }
}

/** Posting shared memory copies nothing. */
function withSharedImages(recipe: BatchRecipe): BatchRecipe {
  const { images, labels } = recipe.split;
  return { ...recipe, split: { ...recipe.split, images: shared(images), labels: shared(labels) } };
}

function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** The worker lies beside this file: as a bundle of its own, or as source, which Node 20 runs in no worker, when run from source. */
function newWorker(workerData: BatchWorkerData): Worker {
  if (import.meta.url.endsWith('.ts')) return new Worker(bundledSource(), { workerData, eval: true });
  const url = new URL('./batch-worker.mjs', import.meta.url);
  assert(existsSync(url), `The worker that prepares batches is missing: ${url.href}`);
  return new Worker(url, { workerData });
}

function bundledSource(): string {
  const esbuild = createRequire(import.meta.url)('esbuild') as {
    buildSync(options: object): { readonly outputFiles: readonly { readonly text: string }[] };
  };
  const entry = fileURLToPath(new URL('./batch-worker.ts', import.meta.url));
  const options = { entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', write: false };
  return esbuild
    .buildSync(options)
    .outputFiles.map((file) => file.text)
    .join('');
}
