import { assert } from '../../../base/assert.js';
import type { NetworkGraph } from '../../../graph/network-graph.js';
import type { Backend, CompileRequest, DeviceDescription } from '../backend.js';
import { processorClass } from '../processor.js';
import type { KernelVariant } from './binaries.js';
import { loadKernels } from './binaries.js';
import { Device } from './device.js';
import { WasmProgram } from './program.js';
import { WasmStatisticsStore } from './statistics-store.js';
import { WasmWeightStore } from './weight-store.js';

export interface WasmOptions {
  /** Including the caller's own; at least 1. More change no bit. */
  readonly threads: number;
  /** Default: relaxed SIMD if this runtime has it, else plain. */
  readonly variant?: KernelVariant;
  /** Most bytes of device memory, at most (and by default) 4 GiB less one page. */
  readonly maxBytes?: number;
  /** Folder of the binaries, with a final slash. Default: `binaries/` or `kernels/` beside this module. */
  readonly binariesUrl?: URL;
}

/** Our kernels in WebAssembly: no native part, runs wherever Node runs. */
export class WasmBackend implements Backend {
  readonly description: DeviceDescription;
  readonly #device: Device;

  constructor(options: WasmOptions) {
    const { threads, maxBytes = Infinity } = options;
    assert(Number.isInteger(threads) && threads >= 1, `A device needs at least one thread, got ${threads}`);
    const binary = loadKernels(options.variant, options.binariesUrl);
    this.#device = new Device(binary, threads, maxBytes);
    const simd = { relaxed: 'relaxed SIMD', plain: 'plain SIMD', float64: 'float64' }[binary.variant];
    this.description = {
      backend: 'wasm',
      label: `wasm (${simd}), ${threads} thread${threads === 1 ? '' : 's'}`,
      threads,
      variant: binary.variant,
      kernelHash: binary.hash,
      processor: processorClass(),
      runtime: `node ${process.versions.node}`,
    };
  }

  get capacityBytes(): number {
    return this.#device.memory.maxBytes;
  }

  createWeights(): WasmWeightStore {
    return new WasmWeightStore(this.#device);
  }

  createStatistics(): WasmStatisticsStore {
    return new WasmStatisticsStore(this.#device);
  }

  compile(graph: NetworkGraph, request: CompileRequest): WasmProgram {
    return new WasmProgram(this.#device, graph, request);
  }

  liveBytes(): number {
    return this.#device.liveBytes;
  }

  [Symbol.dispose](): void {
    this.#device.close();
  }
}

export function createWasmBackend(options: WasmOptions): WasmBackend {
  return new WasmBackend(options);
}
