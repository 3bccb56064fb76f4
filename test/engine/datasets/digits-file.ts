import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = new URL('../../../', import.meta.url);

/** The built-in digits: of the build if there is one, else made for the tests in `.cache/`. */
export function digitsUrl(): URL {
  const built = new URL('dist/data/digits.bin.gz', root);
  if (existsSync(built)) return built;
  const cached = fileURLToPath(new URL('.cache/digits.bin.gz', root));
  if (!existsSync(cached)) {
    execFileSync(process.execPath, [fileURLToPath(new URL('scripts/build-digits.mjs', root)), cached]);
  }
  return pathToFileURL(cached);
}
