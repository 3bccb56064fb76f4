import { join } from 'node:path';
import { UserError } from '../../base/user-error.js';
import { isFile, readDataFile } from './data-file.js';
import type { LabelledImages } from './labelled-images.js';
import { checkLabels } from './records.js';

const IMAGES_MAGIC = 0x0803;
const LABELS_MAGIC = 0x0801;
const MAX_SIDE = 1024;

/** The two groups of files of an IDX data set, by the names of MNIST. */
export const IDX_STEMS = { training: 'train', test: 't10k' } as const;

/** The path of `train-images-idx3-ubyte` and the like in `folder`, packed or not; undefined if it is not there. */
export async function findIdxFile(
  folder: string,
  stem: string,
  kind: 'images' | 'labels',
): Promise<string | undefined> {
  const idx = kind === 'images' ? 'idx3' : 'idx1';
  for (const name of [`${stem}-${kind}-${idx}-ubyte`, `${stem}-${kind}.${idx}-ubyte`]) {
    for (const path of [join(folder, name), join(folder, `${name}.gz`)]) {
      if (await isFile(path)) return path;
    }
  }
  return undefined;
}

/**
 * Images and labels from a pair of IDX files (http://yann.lecun.com/exdb/mnist/: big-endian header, then bytes).
 * `numClasses` undefined: not checked here.
 */
export async function readIdxPair(
  paths: { readonly images: string; readonly labels: string },
  numClasses: number | undefined,
  remedy: string,
  signal?: AbortSignal,
): Promise<LabelledImages> {
  const images = parseIdxImages(paths.images, await readDataFile(paths.images, remedy, signal), remedy);
  const labels = parseIdxLabels(paths.labels, await readDataFile(paths.labels, remedy, signal), remedy);
  if (labels.length !== images.count) {
    throw new UserError(
      `${paths.images} has ${images.count} images, but ${paths.labels} has ${labels.length} labels.`,
      remedy,
    );
  }
  if (numClasses !== undefined) checkLabels(paths.labels, labels, numClasses, remedy);
  return { ...images, labels };
}

/** @internal */
export function parseIdxImages(
  path: string,
  bytes: Uint8Array,
  remedy: string,
): Omit<LabelledImages, 'labels'> {
  const [count, height, width] = readHeader(path, bytes, IMAGES_MAGIC, remedy);
  if (count! < 1 || height! < 1 || width! < 1 || height! > MAX_SIDE || width! > MAX_SIDE) {
    throw new UserError(
      `${path} is damaged: its header tells of ${count!} images of ${height!} × ${width!}; the largest side is ${MAX_SIDE}.`,
      remedy,
    );
  }
  const images = body(path, bytes, 16, count! * height! * width!, remedy);
  return { count: count!, height: height!, width: width!, channels: 1, images };
}

/** @internal */
export function parseIdxLabels(path: string, bytes: Uint8Array, remedy: string): Uint8Array {
  const [count] = readHeader(path, bytes, LABELS_MAGIC, remedy);
  return body(path, bytes, 8, count!, remedy);
}

/** The sizes of the dimensions. The last byte of the magic number is the number of dimensions. */
function readHeader(path: string, bytes: Uint8Array, magic: number, remedy: string): number[] {
  const numDimensions = magic & 0xff;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = bytes.length >= 4 ? view.getUint32(0) : undefined;
  if (found !== magic) {
    throw new UserError(
      `${path} is no IDX file of ${magic === IMAGES_MAGIC ? 'images' : 'labels'}: it begins with ${hex(found)}, not ${hex(magic)}.`,
      remedy,
    );
  }
  if (bytes.length < 4 + 4 * numDimensions)
    throw new UserError(`${path} is truncated in its header.`, remedy);
  return Array.from({ length: numDimensions }, (_, i) => view.getUint32(4 + 4 * i));
}

function hex(value: number | undefined): string {
  return value === undefined ? 'fewer than 4 bytes' : `0x${value.toString(16).padStart(8, '0')}`;
}

function body(path: string, bytes: Uint8Array, from: number, size: number, remedy: string): Uint8Array {
  const found = bytes.length - from;
  if (found === size) return bytes.subarray(from);
  const what = found < size ? 'is truncated' : 'is longer than its header says';
  throw new UserError(`${path} ${what}: ${size} bytes expected after the header, ${found} found.`, remedy);
}
