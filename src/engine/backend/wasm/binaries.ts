import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { sha256Hex } from '../../../base/hash.js';

/** Builds of the kernels: relaxed SIMD, plain SIMD, and float64 for tests. */
export type KernelVariant = 'relaxed' | 'plain' | 'float64';

export interface KernelBinary {
  readonly variant: KernelVariant;
  readonly module: WebAssembly.Module;
  /** SHA-256, first 16 hex digits. */
  readonly hash: string;
}

/** Folders of the binaries: beside this file in the sources, in `kernels/` beside a bundle. */
const FOLDERS = ['./binaries/', './kernels/'] as const;

/** Compiles the kernels; relaxed SIMD where this runtime knows it, else plain SIMD. `folder` ends with a slash. */
export function loadKernels(variant: KernelVariant | undefined, folder: URL | undefined): KernelBinary {
  if (variant !== undefined) return compile(variant, folder);
  try {
    return compile('relaxed', folder);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return compile('plain', folder);
  }
}

function compile(variant: KernelVariant, folder: URL | undefined): KernelBinary {
  if (variant === 'relaxed') allowRelaxedSimd();
  const bytes = readBinary(variant, folder);
  return { variant, module: new WebAssembly.Module(bytes), hash: sha256Hex(bytes).slice(0, 16) };
}

/** Node 20 knows relaxed SIMD behind a flag; later versions have it anyway and may not know the flag. */
function allowRelaxedSimd(): void {
  if (Number(process.versions.node.split('.')[0]) < 22)
    setFlagsFromString('--experimental-wasm-relaxed-simd');
}

function readBinary(variant: KernelVariant, folder: URL | undefined): Uint8Array<ArrayBuffer> {
  const folders = folder === undefined ? FOLDERS.map((path) => new URL(path, import.meta.url)) : [folder];
  for (const candidate of folders) {
    const bytes = tryRead(new URL(`${variant}.wasm`, candidate));
    if (bytes !== undefined) return bytes;
  }
  throw new Error(
    `The kernels ${variant}.wasm are not in ${folders.map((url) => url.pathname).join(' or ')}`,
  );
}

function tryRead(url: URL): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(readFileSync(url));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
