/** What `data fetch` downloads, and how it is checked. */
export interface RemoteSource {
  /** Folders at the sources, with a slash at the end; the later ones are tried when the earlier ones fail. */
  readonly bases: readonly string[];
  readonly files: readonly RemoteFile[];
  /** Set if the one file is a tar.gz: the members to take out; everything else in it is left alone. */
  readonly members?: readonly ArchiveMember[];
}

export interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  /** MD5 in hex, as published; absent: only the size and, after unpacking, the number of records are compared. */
  readonly md5?: string;
}

export interface ArchiveMember {
  /** Path in the archive. */
  readonly path: string;
  /** File name in the data folder. */
  readonly name: string;
  readonly bytes: number;
}

const CIFAR_FILES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat('test_batch.bin');
/** 10,000 records of 1 + 3 × 32 × 32 bytes. */
const CIFAR_FILE_BYTES = 30_730_000;

/**
 * Digests: MNIST and Fashion-MNIST as in torchvision's `datasets/mnist.py` (Fashion-MNIST's are also in its authors'
 * README), CIFAR-10 as on https://www.cs.toronto.edu/~kriz/cifar.html. MD5 guards against damage, not against malice.
 */
export const REMOTE_SOURCES: Readonly<Record<string, RemoteSource>> = {
  mnist: {
    bases: [
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
    ],
    files: [
      { name: 'train-images-idx3-ubyte.gz', bytes: 9_912_422, md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873' },
      { name: 'train-labels-idx1-ubyte.gz', bytes: 28_881, md5: 'd53e105ee54ea40749a09fcbcd1e9432' },
      { name: 't10k-images-idx3-ubyte.gz', bytes: 1_648_877, md5: '9fb629c4189551a2d022fa330f9573f3' },
      { name: 't10k-labels-idx1-ubyte.gz', bytes: 4_542, md5: 'ec29112dd5afa0611ce80d1b7f02629c' },
    ],
  },
  fashion_mnist: {
    bases: [
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
    ],
    files: [
      { name: 'train-images-idx3-ubyte.gz', bytes: 26_421_880, md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d' },
      { name: 'train-labels-idx1-ubyte.gz', bytes: 29_515, md5: '25c81989df183df01b3e8a0aad5dffbe' },
      { name: 't10k-images-idx3-ubyte.gz', bytes: 4_422_102, md5: 'bef4ecab320f06d8554ea6380940ec79' },
      { name: 't10k-labels-idx1-ubyte.gz', bytes: 5_148, md5: 'bb300cfdad3c16e7a12a480ee83cd310' },
    ],
  },
  cifar10: {
    bases: ['https://www.cs.toronto.edu/~kriz/'],
    files: [{ name: 'cifar-10-binary.tar.gz', bytes: 170_052_171, md5: 'c32a1d4ab5d03f1284b67883e8d87530' }],
    members: CIFAR_FILES.map((name) => ({
      path: `cifar-10-batches-bin/${name}`,
      name,
      bytes: CIFAR_FILE_BYTES,
    })),
  },
};
