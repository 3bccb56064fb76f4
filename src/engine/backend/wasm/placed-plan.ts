import { assert } from '../../../base/assert.js';
import type { BatchNormMode, SgdUpdate } from '../backend.js';
import { HYPER, PROGRAM } from '../plan/layout.js';
import type { Plan, StatisticsSlot } from '../plan/plan.js';
import type { Device } from './device.js';
import type { StatisticsAddresses } from './statistics-store.js';
import { WasmStatisticsStore } from './statistics-store.js';
import type { WasmWeightStore } from './weight-store.js';

/** Of PyTorch's BatchNorm. */
const DEFAULT_MOMENTUM = 0.1;

/** A plan whose tables lie in the memory, with real addresses. */
export class PlacedPlan {
  readonly plan: Plan;
  readonly #device: Device;
  readonly #table: number;
  #arena = 0;
  #weights: WasmWeightStore | undefined;
  #revision = -1;

  constructor(device: Device, plan: Plan) {
    this.plan = plan;
    this.#device = device;
    this.#table = device.memory.allocate(4 * plan.words.length);
    const { words } = device.memory;
    words.set(plan.words, this.#table / 4);
    this.#shift(plan.tableRefs, this.#table);
  }

  /** Runs all levels. The feeds are in the arena. */
  run(weights: WasmWeightStore, statistics: BatchNormMode, update: SgdUpdate | undefined): void {
    const { plan } = this;
    this.#bindArena();
    this.#bindWeights(weights);
    this.#bindStatistics(statistics);
    this.#writeHyper(statistics, update);
    const levels = update === undefined ? plan.numLevels : plan.numUpdateLevels;
    this.#words[this.#table / 4 + PROGRAM.numLevels] = levels;
    this.#device.run(this.#table);
  }

  /** Norm of the gradient, before clipping, of the last run. */
  gradientNorm(): number {
    return this.#device.memory.doubles[(this.#table + this.plan.hyper) / 8 + HYPER.norm]!;
  }

  free(): void {
    this.#device.memory.free(this.#table);
  }

  get #words(): Int32Array {
    return this.#device.memory.words;
  }

  #bindArena(): void {
    const { arena } = this.#device;
    if (arena === this.#arena) return;
    this.#shift(this.plan.arenaRefs, arena - this.#arena);
    this.#arena = arena;
  }

  #shift(refs: Int32Array, by: number): void {
    const first = this.#table / 4;
    const words = this.#words;
    for (const ref of refs) words[first + ref]! += by;
  }

  #bindWeights(weights: WasmWeightStore): void {
    if (weights === this.#weights && weights.revision === this.#revision) return;
    const first = this.#table / 4;
    const words = this.#words;
    for (const { key, shape, valueWords, momentumWord } of this.plan.weights) {
      const { values, momentum } = weights.addresses(key, shape);
      for (const word of valueWords) words[first + word] = values;
      if (momentumWord >= 0) words[first + momentumWord] = momentum;
    }
    this.#weights = weights;
    this.#revision = weights.revision;
  }

  #bindStatistics(mode: BatchNormMode): void {
    const store = mode.kind === 'given' ? mode.from : mode.into;
    if (store !== undefined) {
      assert(
        store instanceof WasmStatisticsStore && store.device === this.#device,
        'Statistics of another backend',
      );
    }
    const moves = mode.kind === 'batch' && store !== undefined;
    for (const slot of this.plan.statistics) {
      const { key, channels } = slot;
      this.#bindSlot(slot, moves ? store.ensure(key, channels) : store?.addresses(key, channels), moves);
    }
  }

  #bindSlot(slot: StatisticsSlot, addresses: StatisticsAddresses | undefined, moves: boolean): void {
    const first = this.#table / 4;
    const words = this.#words;
    words[first + slot.meanWord] = addresses?.mean ?? 0;
    words[first + slot.varianceWord] = addresses?.variance ?? 0;
    words[first + slot.moveWord] = moves ? 1 : 0;
  }

  #writeHyper(statistics: BatchNormMode, update: SgdUpdate | undefined): void {
    const { doubles } = this.#device.memory;
    const hyper = (this.#table + this.plan.hyper) / 8;
    doubles[hyper + HYPER.learningRate] = update?.learningRate ?? 0;
    doubles[hyper + HYPER.momentum] = update?.momentum ?? 0;
    doubles[hyper + HYPER.weightDecay] = update?.weightDecay ?? 0;
    doubles[hyper + HYPER.clipNorm] = update?.clipNorm ?? Infinity;
    const momentum = statistics.kind === 'batch' ? statistics.momentum : undefined;
    doubles[hyper + HYPER.bnMomentum] = momentum ?? DEFAULT_MOMENTUM;
  }
}
