import type { RunPins } from '../../protocol/run-folder.js';

const LABELS: Readonly<Record<keyof RunPins, string>> = {
  version: 'version of Cellsmith',
  backend: 'backend',
  variant: 'kernel variant',
  kernelHash: 'kernel build',
  processor: 'processor class',
  runtime: 'runtime',
};

/** What differs between the pins of a run's start and those of today, e.g. `backend (wasm, now native)`; undefined: nothing. */
export function describeDrift(before: RunPins | undefined, now: RunPins): string | undefined {
  if (before === undefined) return undefined;
  const names = Object.keys(LABELS) as (keyof RunPins)[];
  const differences = names
    .filter((name) => before[name] !== now[name])
    .map((name) => `${LABELS[name]} (${before[name]}, now ${now[name]})`);
  return differences.length === 0 ? undefined : differences.join(' and ');
}
