import { arch, cpus } from 'node:os';

/** Class of this machine's processor, e.g. `x64 AMD EPYC`: relaxed SIMD rounds alike within one. */
export function processorClass(): string {
  return describeProcessor(arch(), cpus()[0]?.model ?? '');
}

/** Architecture with maker and family; model numbers, clocks and marks are left out. @internal */
export function describeProcessor(architecture: string, model: string): string {
  const words = model
    .replace(/\((?:R|TM|C)\)/gi, ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && word !== 'unknown');
  return [architecture, ...words.slice(0, 2)].join(' ');
}
