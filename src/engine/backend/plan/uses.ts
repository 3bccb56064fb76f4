import type { NodeId, TrainingGraph } from '../../../graph/network-graph.js';

/** Which nodes matter, and how often each is read. */
export interface Uses {
  readonly needed: Uint8Array;
  /** Reads by needed nodes (a node that reads another twice counts twice) and by the outside. */
  readonly counts: Int32Array;
}

/** `results`: the nodes that the outside reads. */
export function countUses(graph: TrainingGraph, results: readonly NodeId[]): Uses {
  const needed = new Uint8Array(graph.nodes.length);
  const counts = new Int32Array(graph.nodes.length);
  for (const id of results) {
    needed[id] = 1;
    counts[id]!++;
  }
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (needed[id] === 0) continue;
    for (const input of graph.nodes[id]!.inputs) {
      needed[input] = 1;
      counts[input]!++;
    }
  }
  return { needed, counts };
}
