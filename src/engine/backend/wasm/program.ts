import { assert, present } from '../../../base/assert.js';
import type { NetworkGraph, WeightKey } from '../../../graph/network-graph.js';
import type {
  BatchNormMode,
  CompileRequest,
  Feeds,
  Program,
  RunOptions,
  RunResult,
  WeightStore,
} from '../backend.js';
import type { FeedRegion, Plan } from '../plan/plan.js';
import { plan } from '../plan/planner.js';
import type { Device, RealArray } from './device.js';
import { PlacedPlan } from './placed-plan.js';
import { WasmWeightStore } from './weight-store.js';

/**
 * A network on the kernels. Batch statistics and given ones need different plans: the first is made by `compile`, the
 * second when it is first wanted.
 */
export class WasmProgram implements Program {
  readonly #device: Device;
  readonly #graph: NetworkGraph;
  readonly #request: CompileRequest;
  readonly #plans = new Map<BatchNormMode['kind'], PlacedPlan>();
  #last: Plan | undefined;

  constructor(device: Device, graph: NetworkGraph, request: CompileRequest) {
    this.#device = device;
    this.#graph = graph;
    this.#request = request;
    this.#planFor('batch');
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const placed of this.#plans.values()) bytes = Math.max(bytes, placed.plan.arenaBytes);
    return bytes;
  }

  run(feeds: Feeds, weights: WeightStore, options: RunOptions): RunResult {
    assert(
      weights instanceof WasmWeightStore && weights.device === this.#device,
      'Weights of another backend',
    );
    const { update, statistics } = options;
    assert(update === undefined || this.#request.train, 'A program without gradients cannot update weights');
    const placed = this.#planFor(statistics.kind);
    this.#device.reserveArena(placed.plan.arenaBytes);
    for (const region of placed.plan.feeds)
      this.#writeFeed(region, present(feeds[region.name], `feed ${region.name}`));
    placed.run(weights, statistics, update);
    this.#last = placed.plan;
    if (this.#request.train && update === undefined) weights.keepGradients(this.#copyGradients(placed.plan));
    const outputs: Record<string, Float32Array> = {};
    for (const [name, values] of this.#outputs(placed.plan)) outputs[name] = Float32Array.from(values);
    return { outputs, gradientNorm: update === undefined ? 0 : placed.gradientNorm() };
  }

  /** Outputs of the last run with all digits; only until anything else runs. @internal */
  exactOutputs(): Record<string, Float64Array> {
    const outputs: Record<string, Float64Array> = {};
    for (const [name, values] of this.#outputs(present(this.#last, 'a run')))
      outputs[name] = Float64Array.from(values);
    return outputs;
  }

  [Symbol.dispose](): void {
    for (const placed of this.#plans.values()) placed.free();
    this.#plans.clear();
  }

  #planFor(statistics: BatchNormMode['kind']): PlacedPlan {
    const known = this.#plans.get(statistics);
    if (known !== undefined) return known;
    const { realBytes, threads } = this.#device;
    const made = plan(this.#graph, { ...this.#request, realBytes, threads, statistics });
    this.#device.reserveArena(made.arenaBytes);
    const placed = new PlacedPlan(this.#device, made);
    this.#plans.set(statistics, placed);
    return placed;
  }

  #writeFeed(region: FeedRegion, values: Float32Array | Int32Array): void {
    const { name, size, isInteger } = region;
    const count = this.#request.batch * size;
    assert(values.length === count, `Feed ${name} has ${count} values, got ${values.length}`);
    const offset = this.#device.arena + region.offset;
    if (isInteger) this.#device.memory.words.set(values, offset / 4);
    else this.#device.reals(offset, count).set(values);
  }

  #copyGradients({ gradients }: Plan): ReadonlyMap<WeightKey, RealArray> {
    const { arena } = this.#device;
    const copies = gradients.map(({ key, offset, size }) => {
      return [key, this.#device.reals(arena + offset, size).slice()] as const;
    });
    return new Map(copies);
  }

  /** Views on the outputs. */
  *#outputs({ outputs, scalars }: Plan): Iterable<readonly [string, RealArray]> {
    const { arena } = this.#device;
    for (const { name, offset, size } of outputs) {
      yield [name, this.#device.reals(arena + offset, this.#request.batch * size)];
    }
    for (const { name, constant, terms } of scalars) {
      let value = constant;
      for (const { offset, factor } of terms) value += factor * this.#device.reals(arena + offset, 1)[0]!;
      yield [name, Float64Array.of(value)];
    }
  }
}
