import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { whereIs } from '../../../src/engine/datasets/load-data-set.js';
import { dataSetInfo } from '../../../src/engine/datasets/registry.js';
import { digitsUrl } from './digits-file.js';
import {
  cifarRecords,
  dataConfig,
  idxImages,
  idxLabels,
  load,
  withFolder,
  withIdx,
  words,
} from './made-data.js';
import { rejects } from './rejects.js';

describe('loadData: IDX files', () => {
  it('may be packed, and lie in the data folder under the name', async () => {
    await withFolder(async (root) => {
      await mkdir(join(root, 'idx'));
      const labels = Array.from({ length: 12 }, (_, i) => i % 3);
      await writeFile(join(root, 'idx', 'train-images-idx3-ubyte.gz'), gzipSync(idxImages(12)));
      await writeFile(join(root, 'idx', 'train-labels-idx1-ubyte.gz'), gzipSync(idxLabels(labels)));
      const data = await load(dataConfig({ name: 'idx' }), 1, root);
      assert.equal(data.search.numClasses, 3);
      const { height, width, channels } = data.search.train;
      assert.deepEqual([height, width, channels], [4, 5, 1]);
    });
  });

  it('give one hash, packed or not', async () => {
    const hashes: string[] = [];
    for (const packed of [true, false]) {
      await withFolder(async (folder) => {
        const put = (name: string, bytes: Buffer): Promise<void> =>
          writeFile(join(folder, packed ? `${name}.gz` : name), packed ? gzipSync(bytes) : bytes);
        await put('train-images-idx3-ubyte', idxImages(8));
        await put('train-labels-idx1-ubyte', idxLabels([0, 1, 0, 1, 0, 1, 0, 1]));
        hashes.push((await load(dataConfig({ name: 'idx', folder }))).facts.hash);
      });
    }
    assert.equal(hashes[0], hashes[1]);
  });

  const good = { images: idxImages(8), labels: idxLabels([0, 1, 2, 3, 4, 5, 6, 7]) };
  const hostile: readonly [string, { images?: Buffer; labels?: Buffer }, RegExp][] = [
    [
      'the wrong magic number',
      { images: good.labels },
      /images-idx3-ubyte is no IDX file of images: it begins with 0x00000801, not 0x00000803/,
    ],
    ['an empty file', { images: Buffer.alloc(0) }, /fewer than 4 bytes/],
    ['half a header', { images: good.images.subarray(0, 9) }, /truncated in its header/],
    [
      'a truncated body',
      { images: good.images.subarray(0, -1) },
      /is truncated: 160 bytes expected after the header, 159 found/,
    ],
    [
      'bytes behind the end',
      { labels: Buffer.concat([good.labels, Buffer.alloc(3)]) },
      /longer than its header says: 8 bytes expected .* 11 found/,
    ],
    [
      'a header that promises terabytes',
      { images: words(0x0803, 0xffffffff, 1000, 1000) },
      /is truncated: 4294967295000000 bytes/,
    ],
    [
      'absurd sides',
      { images: words(0x0803, 1, 0x7fffffff, 1) },
      /is damaged: its header tells of 1 images of 2147483647 × 1/,
    ],
    ['no images', { images: words(0x0803, 0, 28, 28) }, /is damaged/],
    [
      'counts that disagree',
      { labels: idxLabels([0, 1, 2]) },
      /images-idx3-ubyte has 8 images, but .*labels-idx1-ubyte has 3 labels/,
    ],
  ];
  for (const [what, files, message] of hostile) {
    it(`are refused for ${what}`, () =>
      withFolder(async (folder) => {
        await writeFile(join(folder, 'train-images-idx3-ubyte'), files.images ?? good.images);
        await writeFile(join(folder, 'train-labels-idx1-ubyte'), files.labels ?? good.labels);
        await rejects(load(dataConfig({ name: 'idx', folder })), message);
      }));
  }

  it('are refused for a damaged .gz', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(good.images).subarray(0, 40));
      await writeFile(join(folder, 'train-labels-idx1-ubyte'), good.labels);
      await rejects(load(dataConfig({ name: 'idx', folder })), /ubyte\.gz is damaged: it cannot be unpacked/);
    }));

  it('are refused for a label out of range and for a count other than the published one', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'train-images-idx3-ubyte'), good.images);
      await writeFile(join(folder, 'train-labels-idx1-ubyte'), idxLabels([0, 1, 2, 3, 4, 5, 6, 10]));
      await rejects(
        load(dataConfig({ name: 'mnist', folder })),
        /label of image 7 is 10, but labels go from 0 to 9/,
      );
      await writeFile(join(folder, 'train-labels-idx1-ubyte'), good.labels);
      await rejects(
        load(dataConfig({ name: 'mnist', folder })),
        /60000 training and 10000 test images, but 8 and 0 were found/,
      );
    }));

  it('are refused for test images of another size or with a class the training lacks', async () => {
    await withIdx({ train: 12, test: 4 }, async (folder) => {
      await writeFile(join(folder, 't10k-labels-idx1-ubyte'), idxLabels([0, 1, 2, 9]));
      await rejects(load(dataConfig({ name: 'idx', folder })), /t10k-labels.* label of image 3 is 9/);
      await writeFile(join(folder, 't10k-labels-idx1-ubyte'), idxLabels([0, 1, 2, 0]));
      await writeFile(join(folder, 't10k-images-idx3-ubyte'), idxImages(4, 6, 6));
      await rejects(load(dataConfig({ name: 'idx', folder })), /images of 6 × 6, but .* of 4 × 5/);
    });
  });

  it('that are absent are named with both ways out', () =>
    rejects(
      load(dataConfig({ name: 'fashion_mnist' })),
      /"fashion_mnist" are not in \/nowhere\/data\/fashion_mnist or \/nowhere\/data/,
      /cellsmith data fetch fashion_mnist.*--data/,
    ));
});

describe('loadData: CIFAR-10 files', () => {
  it('turn planes into pixels', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'some.bin'), cifarRecords(8));
      await writeFile(join(folder, 'test.bin'), cifarRecords(3));
      const { search, heldOut } = await load(
        dataConfig({ name: 'cifar10_binary', folder, train: 0.5, validation: 0.5 }),
      );
      const { images, labels } = heldOut.test;
      assert.equal(heldOut.test.count, 3);
      // Value p of plane c of record i is i + 50 c + p, and the label of record i is i.
      assert.deepEqual(
        [...images.subarray(0, 6)],
        [0, 50, 100, 1, 51, 101].map((value) => value + labels[0]!),
      );
      assert.equal(search.mean.length, 3);
    }));

  it('named train*.bin or data_batch*.bin are the training part if there are any', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'train_a.bin'), cifarRecords(8));
      await writeFile(join(folder, 'other.bin'), cifarRecords(100));
      const { facts } = await load(dataConfig({ name: 'cifar10_binary', folder }));
      assert.deepEqual([facts.train, facts.validation, facts.test], [4, 2, 2]);
      // Without the folder: the events of a run are the same wherever its data lie.
      assert.equal(facts.description, 'Images in the binary format of CIFAR-10: train_a.bin');
    }));

  it('are refused when truncated, with a wrong label, or not all there', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'data_batch_1.bin');
      await writeFile(path, cifarRecords(4).subarray(0, -1));
      await rejects(
        load(dataConfig({ name: 'cifar10', folder })),
        /data_batch_1\.bin is truncated.* 12291 bytes/,
      );
      const records = cifarRecords(4);
      records[3073] = 10;
      await writeFile(path, records);
      await rejects(load(dataConfig({ name: 'cifar10', folder })), /label of image 1 is 10/);
      await writeFile(path, cifarRecords(4));
      await rejects(
        load(dataConfig({ name: 'cifar10', folder })),
        /50000 training and 10000 test images, but 4 and 0/,
        /cellsmith data fetch cifar10/,
      );
    }));

  it('of the development subset load', async function () {
    const folder = join(process.env['CELLSMITH_TEST_DATA'] ?? resolve('../shared/data'), 'cifar10');
    if (!existsSync(folder)) {
      this.test!.title += ' (skipped: set CELLSMITH_TEST_DATA to a folder with cifar10/train_10k.bin)';
      this.skip();
    }
    const { facts, search } = await load(
      dataConfig({ name: 'cifar10_binary', folder, train: 0.8, validation: 0.2 }),
    );
    assert.deepEqual([facts.train, facts.validation, facts.test], [8000, 2000, 2000]);
    // Published for the whole training set: 0.491, 0.482, 0.447.
    [0.491, 0.482, 0.447].forEach((mean, c) => {
      assert.ok(Math.abs(search.mean[c]! - mean) < 0.01, `channel ${c}: ${search.mean[c]!}`);
    });
  });
});

describe('whereIs', () => {
  it('finds the digits, a data set under its name in the data folder, one in a folder of its own, and nothing', () =>
    withFolder(async (root) => {
      await mkdir(join(root, 'cifar10', 'cifar-10-batches-bin'), { recursive: true });
      await writeFile(join(root, 'cifar10', 'cifar-10-batches-bin', 'data_batch_1.bin'), '');
      const places = { dataFolder: root, digitsUrl: digitsUrl() };
      const find = (name: string, folder?: string): Promise<string | undefined> =>
        whereIs(dataSetInfo(name), { ...places, ...(folder !== undefined && { folder }) });
      const unpacked = join(root, 'cifar10', 'cifar-10-batches-bin');
      assert.equal(await find('digits'), fileURLToPath(digitsUrl()));
      assert.equal(await find('cifar10'), unpacked);
      assert.equal(await find('cifar10_binary', unpacked), unpacked);
      assert.equal(await find('mnist'), undefined);
    }));
});
