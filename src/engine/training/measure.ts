import type { NetworkGraph } from '../../graph/network-graph.js';
import type { Program, StatisticsStore, WeightStore } from '../backend/backend.js';
import type { BatchSource } from '../datasets/data.js';
import type { Workplace } from './workplace.js';
import { compile, nextBatch } from './workplace.js';

/** How well a network does on a split. */
export interface Measurement {
  /** Images whose largest logit is the right class. */
  readonly correct: number;
  readonly of: number;
  /** Mean over the images, in nats; not finite if the network diverged. */
  readonly loss: number;
}

/** A network with all that evaluation needs. */
export interface LoadedNetwork {
  readonly graph: NetworkGraph;
  readonly weights: WeightStore;
  /** Mean and variance of its batch norms. */
  readonly statistics: StatisticsStore;
}

/** The programs that evaluate one network, one per batch size; made when first needed. */
export class EvaluationPrograms implements Disposable {
  readonly #workplace: Workplace;
  readonly #graph: NetworkGraph;
  readonly #bySize = new Map<number, Program>();

  constructor(workplace: Workplace, graph: NetworkGraph) {
    this.#workplace = workplace;
    this.#graph = graph;
  }

  /** Outputs `loss` and `logits`. Throws `OutOfMemoryError`. */
  ofSize(batch: number): Program {
    const known = this.#bySize.get(batch);
    if (known !== undefined) return known;
    const request = { batch, outputs: ['loss', 'logits'], train: false };
    const program = compile(this.#workplace, this.#graph, request);
    this.#bySize.set(batch, program);
    return program;
  }

  [Symbol.dispose](): void {
    for (const program of this.#bySize.values()) program[Symbol.dispose]();
  }
}

/**
 * Runs a network over one epoch of `source` (`evaluationBatches`: the last batch may be smaller). Batch norms use fixed
 * statistics, so the result does not depend on the batch size. Throws `OutOfMemoryError`.
 */
export async function measure(
  workplace: Workplace,
  network: LoadedNetwork,
  source: BatchSource,
): Promise<Measurement> {
  using programs = new EvaluationPrograms(workplace, network.graph);
  return await measureWith(programs, workplace, network, source);
}

/** The same with programs of the caller's. */
export async function measureWith(
  programs: EvaluationPrograms,
  workplace: Workplace,
  { weights, statistics }: Pick<LoadedNetwork, 'weights' | 'statistics'>,
  source: BatchSource,
): Promise<Measurement> {
  const sum = { correct: 0, of: 0, loss: 0 };
  for (let index = 0; index < source.batchesPerEpoch; index++) {
    await workplace.pause();
    const feeds = nextBatch(workplace, source, index);
    const size = feeds.label.length;
    const program = programs.ofSize(size);
    const { outputs } = program.run(feeds, weights, { statistics: { kind: 'given', from: statistics } });
    sum.correct += countCorrect(outputs['logits']!, feeds.label);
    sum.of += size;
    sum.loss += outputs['loss']![0]! * size;
    workplace.meter.addImages(size);
  }
  return { correct: sum.correct, of: sum.of, loss: sum.loss / sum.of };
}

/** Rows of `logits` (B, K) whose largest entry, of equals the first, is that of `labels` (B,). NaN is never right. */
export function countCorrect(logits: Float32Array, labels: Int32Array): number {
  const K = logits.length / labels.length;
  let correct = 0;
  for (let row = 0, start = 0; row < labels.length; row++, start += K) {
    let best = 0;
    for (let k = 1; k < K; k++) if (!(logits[start + k]! <= logits[start + best]!)) best = k;
    if (best === labels[row] && !Number.isNaN(logits[start + best]!)) correct++;
  }
  return correct;
}
