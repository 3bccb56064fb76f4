/** The devices that run networks. */
export type {
  Backend,
  BatchNormMode,
  CompileRequest,
  DeviceDescription,
  Feeds,
  Program,
  RunOptions,
  RunResult,
  SgdUpdate,
  StatisticsStore,
  WeightStore,
} from './backend.js';
export { OutOfMemoryError } from './backend.js';
export type { DeviceName, DeviceOptions, DeviceReport } from './chain.js';
export { describeDevices, openDevice } from './chain.js';
export { UnsupportedOpError } from './plan/unsupported-op-error.js';
export type { WasmOptions } from './wasm/backend.js';
export { createWasmBackend } from './wasm/backend.js';
