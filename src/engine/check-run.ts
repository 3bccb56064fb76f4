import { UserError } from '../base/user-error.js';
import type { RunConfig } from '../protocol/run-config.js';
import type { DeviceName } from './backend/chain.js';
import { loadData } from './datasets/load-data.js';
import { driverFor } from './search/driver-for.js';

/**
 * Whether a run can start: its method is built, its device has a name we know, its data are there and whole. Throws the
 * `UserError` that the trainer would end with, before there is a run folder.
 */
export async function checkRun(config: RunConfig, dataFolder: string): Promise<void> {
  driverFor(config);
  parseDevice(config.device);
  await loadData(config.data, { seed: config.seed, dataFolder, digitsUrl: digitsUrl() });
}

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
