import type { NetworkGraph, Shape, WeightKey } from '../../graph/network-graph.js';

/** A device that can run networks. The folders below `backend/` are the only places that know how. */
export interface Backend extends Disposable {
  readonly description: DeviceDescription;
  /** Most bytes that weights and programs can take together. */
  readonly capacityBytes: number;
  /** An empty store; weights appear with `define` or `write`. */
  createWeights(): WeightStore;
  createStatistics(): StatisticsStore;
  /**
   * Plans memory and picks kernels; cheap enough for every sampled path. `graph` is the forward graph; with
   * `train: true` the backend differentiates its output `loss` itself. Throws `OutOfMemoryError` before any work is done.
   */
  compile(graph: NetworkGraph, request: CompileRequest): Program;
  /** Bytes of device memory in use by live stores, statistics and programs (not the shared arena). */
  liveBytes(): number;
}

/** What a user should see of a device, and what pins the bits of a run. */
export interface DeviceDescription {
  readonly backend: 'wasm' | 'native' | 'tensorflow';
  /** E.g. `wasm (relaxed SIMD), 2 threads`. */
  readonly label: string;
  readonly threads: number;
  /** E.g. `relaxed`, `plain` or `float64`. */
  readonly variant: string;
  /** SHA-256 of the kernel binary, first 16 hex digits. */
  readonly kernelHash: string;
  /** Processor class, e.g. `x64 AMD EPYC`: relaxed SIMD may round differently on another one. */
  readonly processor: string;
  /** E.g. `node 20.20.2`. */
  readonly runtime: string;
}

export interface CompileRequest {
  /** Images per run. */
  readonly batch: number;
  /** Outputs of the graph that `run` returns. */
  readonly outputs: readonly string[];
  /** Whether the program computes gradients of its weights (and can update them). */
  readonly train: boolean;
  /** Feeds whose gradients `run` returns as outputs named `d_<feed>`. Needs `train`. */
  readonly inputGradients?: readonly string[];
}

/** A network made ready for one backend and one batch size. */
export interface Program extends Disposable {
  /** Bytes of the arena: activations, gradients, scratch. */
  readonly memoryBytes: number;
  /** Forward; backward and update if compiled with `train` and `options.update` is given. Synchronous. */
  run(feeds: Feeds, weights: WeightStore, options: RunOptions): RunResult;
}

/** Feed name → values of the whole batch. Images: (B, H, W, C) row by row, channels last. Labels: (B,) class indices. */
export type Feeds = Readonly<Record<string, Float32Array | Int32Array>>;

export interface RunOptions {
  readonly statistics: BatchNormMode;
  /** Absent: weights stay as they are (gradients, if compiled, are left for `readGradient`). */
  readonly update?: SgdUpdate;
}

/** Which mean and variance batch normalisation uses. */
export type BatchNormMode =
  /** The batch's own; with `into`, running statistics move: r ← (1 − momentum)·r + momentum·batch (variance unbiased). */
  | { readonly kind: 'batch'; readonly into?: StatisticsStore; readonly momentum?: number }
  /** Those of a store: fixed. */
  | { readonly kind: 'given'; readonly from: StatisticsStore };

/**
 * SGD with momentum: g ← g·min(1, clip/‖g‖), then g += weightDecay·w, v ← momentum·v + g, w −= learningRate·v. As PyTorch:
 * the norm is over all weights of this program; weights that are not in it get neither decay nor momentum.
 */
export interface SgdUpdate {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Largest gradient norm; Infinity: no clipping. */
  readonly clipNorm: number;
}

export interface RunResult {
  /** Requested outputs, copied: scalars have one element, others (B, …shape) row by row. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** Norm of the whole gradient before clipping; 0 without an update. */
  readonly gradientNorm: number;
}

/** Weights under string keys with their momenta. Values are in PyTorch's layout whatever the device keeps. */
export interface WeightStore extends Disposable {
  has(key: WeightKey): boolean;
  keys(): readonly WeightKey[];
  shape(key: WeightKey): Shape;
  /** Creates a weight with momentum 0. An existing key with the same shape is overwritten, momentum included. */
  write(key: WeightKey, shape: Shape, values: Float32Array): void;
  /** A copy. */
  read(key: WeightKey): Float32Array;
  readMomentum(key: WeightKey): Float32Array;
  writeMomentum(key: WeightKey, values: Float32Array): void;
  /** The gradient that the last `run` of a training program without `update` left. A copy; undefined if there is none. */
  readGradient(key: WeightKey): Float32Array | undefined;
  /** An independent copy of values and momenta. */
  snapshot(): WeightStore;
}

/** Running mean and variance of batch normalisations, under their `statistics` keys. Absent keys read as mean 0, variance 1. */
export interface StatisticsStore extends Disposable {
  keys(): readonly WeightKey[];
  /** (C,) each; copies. */
  read(key: WeightKey): { readonly mean: Float32Array; readonly variance: Float32Array };
  write(key: WeightKey, mean: Float32Array, variance: Float32Array): void;
  /** Forgets everything. */
  clear(): void;
}

/** The network does not fit into the device's memory at this batch size. Thrown while planning: nothing was run. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';

  constructor(
    readonly neededBytes: number,
    readonly availableBytes: number,
  ) {
    super(
      `The plan needs ${Math.ceil(neededBytes / 2 ** 20)} MiB, the device has ${Math.floor(availableBytes / 2 ** 20)} MiB.`,
    );
  }
}
