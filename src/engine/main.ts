import { UserError } from '../base/user-error.js';
import type { RunPins } from '../protocol/run-folder.js';
import { VERSION } from '../protocol/version.js';
import { OutOfMemoryError, type Backend } from './backend/backend.js';
import { openDevice } from './backend/chain.js';
import { digitsUrl, numThreads, parseDevice } from './check-run.js';
import { loadData } from './datasets/load-data.js';
import { engineMain } from './runs/entry.js';
import type { BeginMessage, TrainerWork } from './runs/trainer.js';
import type { TrainerHost } from './runs/trainer-host.js';
import { driverFor } from './search/driver-for.js';
import { StopRequested } from './search/run-host.js';

/** What a trainer process does: data, device and driver meet here. */
const WORK: TrainerWork = {
  drive,
  makeStop: () => new StopRequested('The run was stopped.'),
  isStop: (error) => error instanceof StopRequested,
};

async function drive(begin: BeginMessage, host: TrainerHost): Promise<void> {
  const { config, dataFolder, resume, pins } = begin;
  const driver = driverFor(config);
  // A resumed run takes the device it began with, never another by itself.
  const device = parseDevice(pins?.backend ?? config.device);
  using backend = openDevice(device, { threads: numThreads(config) });
  host.pins(pinsOf(backend));
  const data = await loadData(config.data, { seed: config.seed, dataFolder, digitsUrl: digitsUrl() });
  try {
    await driver({ config, data, backend, host, ...(resume === undefined ? {} : { resume }) });
  } catch (error) {
    // Another trainer would not fit either.
    if (!(error instanceof OutOfMemoryError)) throw error;
    throw new UserError(error.message, 'Make the batch, the channels or the number of cells smaller.');
  }
}

function pinsOf({ description }: Backend): RunPins {
  const { backend, variant, kernelHash, processor, runtime } = description;
  return { version: VERSION, backend, variant, kernelHash, processor, runtime };
}

await engineMain(process.argv.slice(2), WORK);
