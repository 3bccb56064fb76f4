import { workerData } from 'node:worker_threads';
import type { BatchRecipe } from './batch-assembly.js';
import { batchAssembler } from './batch-assembly.js';
import type { BatchRing } from './batch-ring.js';
import { serveRing } from './batch-ring.js';

/** What `prefetch.ts` hands to this worker. */
export interface BatchWorkerData {
  readonly ring: BatchRing;
  readonly recipe: BatchRecipe;
}

const { ring, recipe } = workerData as BatchWorkerData;
serveRing(ring, batchAssembler(recipe));
