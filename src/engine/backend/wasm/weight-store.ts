import { assert, present } from '../../../base/assert.js';
import type { Shape, WeightKey } from '../../../graph/network-graph.js';
import { sameShape, sizeOf } from '../../../graph/ops/shapes.js';
import type { WeightStore } from '../backend.js';
import type { Device, RealArray } from './device.js';

interface Weight {
  readonly shape: Shape;
  readonly size: number;
  /** Offset of the values; the momentum follows. */
  readonly offset: number;
}

/** Weights in the kernels' memory: values and momentum side by side. */
export class WasmWeightStore implements WeightStore {
  /** Changes when a weight gets another place. */
  revision = 0;
  readonly device: Device;
  readonly #weights = new Map<WeightKey, Weight>();
  #gradients: ReadonlyMap<WeightKey, RealArray> = new Map();

  constructor(device: Device) {
    this.device = device;
  }

  has(key: WeightKey): boolean {
    return this.#weights.has(key);
  }

  keys(): readonly WeightKey[] {
    return [...this.#weights.keys()];
  }

  shape(key: WeightKey): Shape {
    return this.#get(key).shape;
  }

  write(key: WeightKey, shape: Shape, values: Float32Array): void {
    this.writeExact(key, shape, values);
  }

  /** As `write`, with all digits where the device keeps doubles. @internal */
  writeExact(key: WeightKey, shape: Shape, values: RealArray): void {
    const size = sizeOf(shape);
    assert(values.length === size, `Weight ${key} has ${size} values, got ${values.length}`);
    const weight = this.#place(key, shape, size);
    this.#values(weight).set(values);
    this.#momentum(weight).fill(0);
  }

  read(key: WeightKey): Float32Array {
    return Float32Array.from(this.#values(this.#get(key)));
  }

  /** @internal */
  readExact(key: WeightKey): Float64Array {
    return Float64Array.from(this.#values(this.#get(key)));
  }

  readMomentum(key: WeightKey): Float32Array {
    return Float32Array.from(this.#momentum(this.#get(key)));
  }

  writeMomentum(key: WeightKey, values: Float32Array): void {
    const weight = this.#get(key);
    assert(values.length === weight.size, `Weight ${key} has ${weight.size} values, got ${values.length}`);
    this.#momentum(weight).set(values);
  }

  readGradient(key: WeightKey): Float32Array | undefined {
    const gradient = this.#gradients.get(key);
    return gradient === undefined ? undefined : Float32Array.from(gradient);
  }

  /** @internal */
  readExactGradient(key: WeightKey): Float64Array | undefined {
    const gradient = this.#gradients.get(key);
    return gradient === undefined ? undefined : Float64Array.from(gradient);
  }

  /** Replaces the gradients that `readGradient` returns. */
  keepGradients(gradients: ReadonlyMap<WeightKey, RealArray>): void {
    this.#gradients = gradients;
  }

  snapshot(): WasmWeightStore {
    const copy = new WasmWeightStore(this.device);
    for (const [key, weight] of this.#weights) {
      const placed = copy.#place(key, weight.shape, weight.size);
      const { bytes } = this.device.memory;
      bytes.copyWithin(placed.offset, weight.offset, weight.offset + 2 * weight.size * this.device.realBytes);
    }
    return copy;
  }

  /** Addresses of the values and the momentum of a weight of this shape. */
  addresses(key: WeightKey, shape: Shape): { readonly values: number; readonly momentum: number } {
    const weight = this.#weights.get(key);
    assert(weight !== undefined, `Weight ${key} is not in the store`);
    assert(
      sameShape(weight.shape, shape),
      `Weight ${key} is ${weight.shape.join('×')} in the store, the network needs ${shape.join('×')}`,
    );
    return { values: weight.offset, momentum: weight.offset + weight.size * this.device.realBytes };
  }

  [Symbol.dispose](): void {
    for (const weight of this.#weights.values()) this.device.memory.free(weight.offset);
    this.#weights.clear();
    this.#gradients = new Map();
    this.revision++;
  }

  #place(key: WeightKey, shape: Shape, size: number): Weight {
    const known = this.#weights.get(key);
    if (known !== undefined && sameShape(known.shape, shape)) return known;
    const weight = { shape, size, offset: this.device.memory.allocate(2 * size * this.device.realBytes) };
    if (known !== undefined) this.device.memory.free(known.offset);
    this.#weights.set(key, weight);
    this.revision++;
    return weight;
  }

  #get(key: WeightKey): Weight {
    return present(this.#weights.get(key), `weight ${key}`);
  }

  #values(weight: Weight): RealArray {
    return this.device.reals(weight.offset, weight.size);
  }

  #momentum(weight: Weight): RealArray {
    return this.device.reals(weight.offset + weight.size * this.device.realBytes, weight.size);
  }
}
