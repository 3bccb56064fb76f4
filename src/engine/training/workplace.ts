import type { NetworkGraph } from '../../graph/network-graph.js';
import type { Backend, CompileRequest, Feeds, Program } from '../backend/backend.js';
import type { BatchSource } from '../datasets/data.js';
import type { WorkMeter } from './work-meter.js';

/** What all training and evaluation is done with: the device, a meter beside it, and where to take breath. */
export interface Workplace {
  readonly backend: Backend;
  readonly meter: WorkMeter;
  /** To be awaited between batches: while nothing is half done. Rejects when the run is to stop. */
  readonly pause: () => Promise<void>;
}

/** `Backend.compile`, its time counted as planning. Throws `OutOfMemoryError`. */
export function compile(
  { backend, meter }: Workplace,
  graph: NetworkGraph,
  request: CompileRequest,
): Program {
  return meter.time('plan', () => backend.compile(graph, request));
}

/** A batch as the feeds of a network, its time counted as loading. Valid until the source's next batch. */
export function nextBatch({ meter }: Workplace, source: BatchSource, index: number): BatchFeeds {
  const { images, labels } = meter.time('load', () => source.batch(index));
  return { image: images, label: labels };
}

/** Feeds of an image classifier: images (B, H, W, C), labels (B,). */
export interface BatchFeeds extends Feeds {
  readonly image: Float32Array;
  readonly label: Int32Array;
}
