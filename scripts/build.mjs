// Bundles the command line and the engine into dist/ and puts the kernels and the digits beside them.
import { build } from 'esbuild';
import { cp, mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { buildDigits } from './build-digits.mjs';

const root = new URL('..', import.meta.url);
const at = (path) => new URL(path, root).pathname;

const shared = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: true,
  keepNames: true,
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
  loader: { '.nas': 'text' },
  // Bundled CommonJS modules ask for `require`; an ES module has none of its own.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require=__createRequire(import.meta.url);",
  },
};

await rm(at('dist/kernels'), { recursive: true, force: true });
await mkdir(at('dist/kernels'), { recursive: true });
await build({ ...shared, entryPoints: [at('src/cli/main.ts')], outfile: at('dist/cli.mjs') });
await build({ ...shared, entryPoints: [at('src/engine/main.ts')], outfile: at('dist/engine.mjs') });
// Prepares batches in a thread of its own; lies beside the engine.
await build({
  ...shared,
  banner: {},
  entryPoints: [at('src/engine/datasets/batch-worker.ts')],
  outfile: at('dist/batch-worker.mjs'),
});
for (const variant of ['relaxed', 'plain']) {
  await cp(at(`src/engine/backend/wasm/binaries/${variant}.wasm`), at(`dist/kernels/${variant}.wasm`));
}
if (!existsSync(at('dist/data/digits.bin.gz'))) await buildDigits(at('dist/data/digits.bin.gz'));
