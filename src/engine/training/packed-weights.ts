import type { WeightKey } from '../../graph/network-graph.js';
import type { StatisticsStore, WeightStore } from '../backend/backend.js';
import type { NamedTensor } from './weights-file.js';
import { readWeightsFile, writeWeightsFile } from './weights-file.js';

/** What is packed: weights in this order, with momenta and batch-norm statistics where they are wanted. */
export interface PackedContents {
  readonly keys: readonly WeightKey[];
  readonly weights: WeightStore;
  /** Momenta belong to a checkpoint, not to a result. */
  readonly momenta: boolean;
  readonly statistics?: StatisticsStore;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Weights as a safetensors file: under their keys, in PyTorch's layouts; `<key>.momentum`, `<key>.running_mean` and
 * `<key>.running_var` beside them.
 */
export function packWeights({ keys, weights, momenta, statistics, metadata }: PackedContents): Uint8Array {
  const tensors = new Map<string, NamedTensor>();
  for (const key of keys) {
    const shape = weights.shape(key);
    tensors.set(key, { shape, values: weights.read(key) });
    if (momenta) tensors.set(key + MOMENTUM, { shape, values: weights.readMomentum(key) });
  }
  if (statistics !== undefined) addStatistics(tensors, statistics);
  return writeWeightsFile({ tensors, metadata });
}

/** Fills stores from a packed file. Throws `UserError` for anything but such a file; `place` names it in messages. */
export function unpackWeights(
  bytes: Uint8Array,
  place: string,
  weights: WeightStore,
  statistics?: StatisticsStore,
): void {
  const { tensors } = readWeightsFile(bytes, place);
  for (const [name, { shape, values }] of tensors) {
    if (name.endsWith(MOMENTUM) || name.endsWith(VARIANCE)) continue;
    if (name.endsWith(MEAN)) {
      const key = name.slice(0, -MEAN.length);
      const variance = tensors.get(key + VARIANCE);
      if (variance !== undefined) statistics?.write(key as WeightKey, values, variance.values);
      continue;
    }
    weights.write(name as WeightKey, shape, values);
    const momentum = tensors.get(name + MOMENTUM);
    if (momentum !== undefined) weights.writeMomentum(name as WeightKey, momentum.values);
  }
}

const MOMENTUM = '.momentum';
const MEAN = '.running_mean';
const VARIANCE = '.running_var';

function addStatistics(tensors: Map<string, NamedTensor>, statistics: StatisticsStore): void {
  for (const key of [...statistics.keys()].sort()) {
    const { mean, variance } = statistics.read(key);
    tensors.set(key + MEAN, { shape: [mean.length], values: mean });
    tensors.set(key + VARIANCE, { shape: [variance.length], values: variance });
  }
}
