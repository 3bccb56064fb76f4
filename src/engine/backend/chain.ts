import { UserError } from '../../base/user-error.js';
import type { Backend, DeviceDescription } from './backend.js';
import type { WasmOptions } from './wasm/backend.js';
import { createWasmBackend } from './wasm/backend.js';

export type DeviceName = DeviceDescription['backend'];

/** In the order in which a run tries them. */
const CHAIN: readonly DeviceName[] = ['tensorflow', 'native', 'wasm'];

/** A device of the chain: what it is, or why a run cannot take it. */
export type DeviceReport =
  | { readonly name: DeviceName; readonly description: DeviceDescription; readonly isDefault: boolean }
  | { readonly name: DeviceName; readonly reason: string };

export type DeviceOptions = Pick<WasmOptions, 'threads' | 'maxBytes' | 'binariesUrl'>;

/** Every device of the chain; the default is the one that a run takes if it names none. */
export function describeDevices(options: DeviceOptions): readonly DeviceReport[] {
  let isDefault = true;
  return CHAIN.map((name) => {
    const opened = tryOpen(name, options);
    if (typeof opened === 'string') return { name, reason: opened };
    const report = { name, description: opened.description, isDefault };
    opened[Symbol.dispose]();
    isDefault = false;
    return report;
  });
}

/** Opens the device of this name; `auto`: the first that works. Throws `UserError` if it cannot. */
export function openDevice(name: string, options: DeviceOptions): Backend {
  const candidates = name === 'auto' ? CHAIN : CHAIN.filter((known) => known === name);
  if (candidates.length === 0) {
    throw new UserError(`There is no device ${name}`, `Use auto, ${CHAIN.join(' or ')}.`);
  }
  const reasons: string[] = [];
  for (const candidate of candidates) {
    const opened = tryOpen(candidate, options);
    if (typeof opened !== 'string') return opened;
    reasons.push(`${candidate}: ${opened}`);
  }
  const remedy = candidates.includes('wasm') ? 'Reinstall Cellsmith.' : 'Use the device auto or wasm.';
  throw new UserError(`Device ${name} cannot be used (${reasons.join('; ')}).`, remedy);
}

/** The device, or why it cannot be used. */
function tryOpen(name: DeviceName, options: DeviceOptions): Backend | string {
  if (name !== 'wasm') return 'not part of this version';
  try {
    return createWasmBackend(options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
