import { Worker } from 'node:worker_threads';

/** What the kernels export. Pointers are byte offsets in the memory. */
export interface KernelExports {
  /** 0 if all went well; see runtime.c. */
  run(program: number, sliceMilliseconds: number): number;
  quit(): void;
  fail(thread: number): void;
  readonly __stack_pointer: { value: number };
  readonly __heap_base: { readonly value: number };
}

/** Stack of a thread, as given to the linker for the first one. */
export const STACK_BYTES = 262144;

/** Room for a thread's last words: the first of them is their length. */
const MESSAGE_BYTES = 512;

/** Result of `run` when a thread is gone without a word. */
const LOST = 0x7fffffff;

/**
 * Body of a thread: enters the kernels' loop and returns when they quit. Whatever it throws it leaves in `messages` and
 * tells the other threads: the one that waits for it reads no events. Kept as text, so that it runs from sources and
 * from a bundle alike; a worker needs no file.
 */
const WORKER_SOURCE = `
const { workerData } = require('node:worker_threads');
const { module, memory, thread, stackTop, messages } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
exports.__stack_pointer.value = stackTop;
try {
  exports.worker(thread);
} catch (error) {
  const text = new TextEncoder().encode(String(error)).subarray(0, messages.length - 2);
  messages.set(text, 2);
  messages[0] = text.length & 255;
  messages[1] = text.length >> 8;
  exports.__stack_pointer.value = stackTop;
  exports.fail(thread);
}
`;

/** What the threads of a device share. */
export interface ThreadSite {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly exports: Pick<KernelExports, 'fail' | 'quit'>;
  /** Of the kernels, the caller's own included. */
  readonly count: number;
  /** Memory for the stacks of all of them. */
  readonly stacks: number;
}

/**
 * The threads 1 … `count` − 1 of the kernels; the caller of `run` is thread 0. They sleep between runs, do not keep the
 * process alive, and end when the kernels quit. The first one that ends in any other way makes all runs fail.
 */
export class Threads {
  /** @internal */
  readonly workers: readonly Worker[];
  readonly #site: ThreadSite;
  readonly #messages: Uint8Array[] = [];
  readonly #causes: (string | undefined)[] = [];
  #isClosed = false;

  constructor(site: ThreadSite) {
    this.#site = site;
    const workers: Worker[] = [];
    for (let thread = 1; thread < site.count; thread++) workers.push(this.#start(thread));
    this.workers = workers;
  }

  /** Thread 0 cannot go on. */
  failAsCaller(cause: unknown): void {
    this.#fail(0, String(cause));
  }

  /** What is to be said of the nonzero result of a run. */
  explain(result: number): string {
    if (result === LOST) return 'A thread of the kernels does not answer any more';
    const thread = result - 1;
    return `Thread ${thread} of the kernels failed: ${this.#lastWords(thread) ?? this.#causes[thread] ?? 'it ended'}`;
  }

  close(): void {
    this.#isClosed = true;
    this.#site.exports.quit();
  }

  #start(thread: number): Worker {
    const { module, memory, stacks } = this.#site;
    const messages = new Uint8Array(new SharedArrayBuffer(MESSAGE_BYTES));
    this.#messages[thread] = messages;
    const workerData = { module, memory, thread, stackTop: stacks + thread * STACK_BYTES, messages };
    const worker = new Worker(WORKER_SOURCE, { eval: true, workerData, execArgv: [], env: {} });
    worker.unref();
    // Between runs events arrive: a thread that could not start, ran out of memory or was ended.
    worker.on('error', (error) => this.#fail(thread, String(error)));
    worker.on('exit', (code) => this.#fail(thread, `it ended with code ${code}`));
    return worker;
  }

  #fail(thread: number, cause: string): void {
    if (this.#isClosed) return;
    this.#causes[thread] ??= cause;
    this.#site.exports.fail(thread);
  }

  #lastWords(thread: number): string | undefined {
    const messages = this.#messages[thread];
    if (messages === undefined) return undefined;
    const length = messages[0]! + 256 * messages[1]!;
    // A decoder reads no shared memory: a slice is a copy outside it.
    return length === 0 ? undefined : new TextDecoder().decode(messages.slice(2, 2 + length));
  }
}
