/** The engine's door for the command line: what needs no run. Runs go through `client/`. */
export { describeDevices, type DeviceReport } from './backend/chain.js';
export { checkRun } from './check-run.js';
export { defaultDataFolder } from './datasets/data-folder.js';
export { fetchDataSet } from './datasets/fetch-data-set.js';
export { locateDataSets, type LocatedDataSet } from './located-data-sets.js';
