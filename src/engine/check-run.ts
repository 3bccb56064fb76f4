import { availableParallelism } from 'node:os';
import { UserError } from '../base/user-error.js';
import type { RunConfig } from '../protocol/run-config.js';
import { openDevice, type DeviceName } from './backend/chain.js';
import { loadData } from './datasets/load-data.js';
import { checkDataFits } from './search/check-data-fits.js';
import { checkMemory } from './search/check-memory.js';
import { driverFor } from './search/driver-for.js';

/**
 * Whether a run can start: its method is built, its device opens, its data are there, whole and fit the space. Throws
 * the `UserError` that the trainer would end with, before there is a run folder.
 */
export async function checkRun(config: RunConfig, dataFolder: string): Promise<void> {
  driverFor(config);
  using backend = openDevice(parseDevice(config.device), { threads: numThreads(config) });
  checkMemory(config, backend.capacityBytes);
  const data = await loadData(config.data, { seed: config.seed, dataFolder, digitsUrl: digitsUrl() });
  checkDataFits(config, data.search);
}

/** Threads of the device. A batch is cut into few shards, so many threads only take memory. */
export function numThreads({ threads }: RunConfig): number {
  if (threads > MAX_THREADS) {
    throw new UserError(
      `${threads} threads are more than the ${MAX_THREADS} that a run can use.`,
      'Lower `threads` in the search, or --threads; 0 takes one for each core.',
    );
  }
  return threads > 0 ? threads : Math.min(availableParallelism(), MAX_THREADS);
}

const MAX_THREADS = 64;

const DEVICES = ['auto', 'wasm', 'native', 'tensorflow'] as const satisfies readonly (DeviceName | 'auto')[];

export function parseDevice(name: string): DeviceName | 'auto' {
  const found = DEVICES.find((device) => device === name);
  if (found !== undefined) return found;
  throw new UserError(`There is no device called ${name}.`, `Use one of: ${DEVICES.join(', ')}.`);
}

/** The built-in digits lie beside the bundles of command line and engine. */
export function digitsUrl(): URL {
  return new URL('./data/digits.bin.gz', import.meta.url);
}
