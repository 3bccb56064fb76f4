import { Worker } from 'node:worker_threads';

/** What the kernels export. Pointers are byte offsets in the memory. */
export interface KernelExports {
  run(program: number): void;
  quit(): void;
  readonly __stack_pointer: { value: number };
  readonly __heap_base: { readonly value: number };
}

/** Stack of a thread, as given to the linker for the first one. */
export const STACK_BYTES = 262144;

/**
 * Body of a thread: enters the kernels' loop and returns when they quit. Kept as text, so that it runs from sources and
 * from a bundle alike; a worker needs no file.
 */
const WORKER_SOURCE = `
const { workerData } = require('node:worker_threads');
const { module, memory, thread, stackTop } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
exports.__stack_pointer.value = stackTop;
exports.worker(thread);
`;

/**
 * Starts the threads 1 … `count` − 1 of the kernels; the caller of `run` is thread 0. They sleep between runs, do not
 * keep the process alive, and end when the kernels quit. `stacks`: memory for the stacks of all of them.
 */
export function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  count: number,
  stacks: number,
): void {
  for (let thread = 1; thread < count; thread++) {
    const workerData = { module, memory, thread, stackTop: stacks + thread * STACK_BYTES };
    const worker = new Worker(WORKER_SOURCE, { eval: true, workerData, execArgv: [], env: {} });
    worker.unref();
  }
}
