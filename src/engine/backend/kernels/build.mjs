// Builds the kernels for WebAssembly: relaxed SIMD, plain SIMD, and float64 for tests. The results are committed, so that
// only who changes a kernel needs a compiler.
//   node src/engine/backend/kernels/build.mjs          writes ../wasm/binaries/*.wasm
//   node src/engine/backend/kernels/build.mjs --check  builds elsewhere and compares: exit 1 if the committed files are old
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ZIG_VERSION = '0.17.0';
const MAX_MEMORY_BYTES = 65535 * 65536; // One page below 4 GiB: zig reads the limit into 32 bits. A memory must not allow more.
const STACK_BYTES = 262144;

const kernelFolder = dirname(fileURLToPath(import.meta.url));
const binaryFolder = join(kernelFolder, '..', 'wasm', 'binaries');

const VARIANTS = {
  relaxed: { features: '+relaxed_simd', defines: [] },
  plain: { features: '', defines: [] },
  float64: { features: '', defines: ['-DCELLSMITH_FLOAT64'] },
};

main();

function main() {
  requireZig();
  const isCheck = process.argv.includes('--check');
  const folder = isCheck ? mkdtempSync(join(tmpdir(), 'cellsmith-kernels-')) : binaryFolder;
  try {
    mkdirSync(folder, { recursive: true });
    for (const variant of Object.keys(VARIANTS)) compile(variant, join(folder, `${variant}.wasm`));
    if (isCheck) compare(folder);
  } finally {
    if (isCheck) rmSync(folder, { recursive: true });
  }
}

function requireZig() {
  const zig = spawnSync('python3', ['-m', 'ziglang', 'version'], { encoding: 'utf8' });
  const version = zig.stdout?.trim();
  if (zig.status === 0 && version === ZIG_VERSION) return;
  const found = zig.error
    ? 'python3 is missing'
    : zig.status === 0
      ? `found version ${version}`
      : 'it is missing';
  fail(`Building the kernels needs zig ${ZIG_VERSION} (${found}): pip install ziglang==${ZIG_VERSION}`);
}

function compile(variant, output) {
  const { features, defines } = VARIANTS[variant];
  const sources = readdirSync(kernelFolder)
    .filter((name) => name.endsWith('.c'))
    .sort();
  const flags = [
    '--target=wasm32-freestanding',
    `-mcpu=generic+simd128${features}+atomics+bulk_memory+mutable_globals`,
    ...[
      '-std=c17',
      '-O3',
      '-ffp-contract=fast',
      '-fno-math-errno',
      '-ffreestanding',
      '-fno-sanitize=all',
      '-nostdlib',
      '-s',
    ],
    ...['-Wall', '-Wextra', '-Wno-missing-field-initializers', '-Werror', ...defines],
    ...['--no-entry', '--import-memory', '--shared-memory', `--max-memory=${MAX_MEMORY_BYTES}`].map(
      (flag) => `-Wl,${flag}`,
    ),
    ...['--export=__stack_pointer', '--export=__heap_base', `-z,stack-size=${STACK_BYTES}`].map(
      (flag) => `-Wl,${flag}`,
    ),
  ];
  const zig = spawnSync('python3', ['-m', 'ziglang', 'cc', ...flags, '-o', output, ...sources], {
    cwd: kernelFolder,
    encoding: 'utf8',
  });
  if (zig.status !== 0) fail(zig.stderr);
}

function compare(folder) {
  const drifted = Object.keys(VARIANTS).filter((variant) => {
    const name = `${variant}.wasm`;
    return !sameBytes(join(folder, name), join(binaryFolder, name));
  });
  if (drifted.length > 0)
    fail(
      `The committed kernels differ from their sources (${drifted.join(', ')}): run build.mjs and commit.`,
    );
}

function sameBytes(built, committed) {
  try {
    return readFileSync(built).equals(readFileSync(committed));
  } catch {
    return false; // Not committed at all.
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
