import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tinyWith, Workspace } from './cellsmith.js';

const SPLIT = 'train: 0.05, validation: 0.02, test: 0.02, limit: 2000';

/** TINY on the user's own IDX files in `folder`. */
function onIdx(folder: string, ...changes: readonly (readonly [string, string])[]): string {
  const split = `folder: "${folder}", train: 0.5, validation: 0.2, test: 0.2`;
  return tinyWith(['digits(', 'idx('], [SPLIT, split], ...changes);
}

/** An IDX file: magic number, sizes, bytes. */
function idxFile(magic: number, sizes: readonly number[], body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  [magic, ...sizes].forEach((value, i) => head.writeUInt32BE(value, 4 * i));
  return Buffer.concat([head, body]);
}

/** `count` images of 28 × 28 with labels 0 … classes − 1. */
async function writeIdx(workspace: Workspace, folder: string, count: number, classes = 10): Promise<void> {
  await mkdir(join(workspace.folder, folder), { recursive: true });
  const pixels = Uint8Array.from({ length: count * 784 }, (_, i) => (i * 31) % 256);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  await workspace.write(`${folder}/train-images-idx3-ubyte`, idxFile(0x803, [count, 28, 28], pixels));
  await workspace.write(`${folder}/train-labels-idx1-ubyte`, idxFile(0x801, [count], labels));
}

describe('data on the command line', () => {
  let workspace: Workspace;
  before(async () => {
    workspace = await Workspace.create();
  });
  after(async () => workspace.remove());

  /** `run` refuses the text before there is a run folder. */
  const refuses = async (text: string, expected: RegExp, ...options: string[]): Promise<void> => {
    await workspace.write('bad.nas', text);
    const { code, out, err } = await workspace.cellsmith('run', 'bad.nas', ...options);
    assert.equal(code, 1, err);
    assert.match(err, expected);
    assert.equal(out, '');
    assert.match((await workspace.cellsmith('runs')).out, /^No runs/);
  };

  it('absent, truncated or of another shape than the space reads are refused before a run begins', async () => {
    await refuses(onIdx('own'), /data set "idx" are not in .*own\.\nName the folder/);
    await writeIdx(workspace, 'twelve', 120, 12);
    await refuses(
      onIdx('twelve'),
      /has 12 classes, but the space Tiny tells 10 apart\.\nWrite `-> classes\(12\)`/,
    );
    await writeIdx(workspace, 'own', 100);
    await refuses(
      onIdx('own', ['28x28x1', '32x32x1']),
      /has images of 28x28x1, but the space Tiny reads 32x32x1\.\nWrite `space Tiny for image\(28x28x1\)`/,
    );
    await refuses(
      onIdx('own', ['epochs: 1, batch: 10', 'epochs: 1, batch: 60']),
      /A batch of 60 is larger than the training split of idx, 50 images\.\nWrite a batch of 50/,
    );
    await workspace.write('own/train-images-idx3-ubyte', idxFile(0x803, [100, 28, 28], new Uint8Array(984)));
    await refuses(
      onIdx('own'),
      /own\/train-images-idx3-ubyte is truncated: 78400 .* 984 found\.\nPut a whole file/,
    );
    await workspace.write('own/train-images-idx3-ubyte', 'hello');
    await refuses(onIdx('own'), /own\/train-images-idx3-ubyte is no IDX file of images/);
  }).timeout(60_000);

  it('of CIFAR-10 are asked for, and checked when they are there', async () => {
    const cifar = tinyWith(
      ['digits(', 'cifar10('],
      [SPLIT, 'train: 0.5, validation: 0.5'],
      ['28x28x1', '32x32x3'],
    );
    await refuses(
      cifar,
      /data set "cifar10" are not in .*\n.*`cellsmith data fetch cifar10`/,
      '--data',
      'nowhere',
    );
    await mkdir(join(workspace.folder, 'data', 'cifar10'), { recursive: true });
    await workspace.write('data/cifar10/data_batch_1.bin', new Uint8Array(2 * 3073));
    await refuses(
      cifar,
      /has 50000 training and 10000 test images, but 2 and 0 were found/,
      '--data',
      'data',
    );
    await workspace.write('data/cifar10/data_batch_1.bin', new Uint8Array(3072));
    await refuses(
      cifar,
      /data_batch_1\.bin is truncated.*\n.*`cellsmith data fetch cifar10`/,
      '--data',
      'data',
    );
    await workspace.write('data/cifar10/data_batch_1.bin', new Uint8Array(3073).fill(99));
    await refuses(cifar, /the label of image 0 is 99, but labels go from 0 to 9/, '--data', 'data');
  }).timeout(60_000);

  it('in a folder are looked for from the `.nas` file on, wherever the run is started', async () => {
    await writeIdx(workspace, 'deep/images', 100);
    await workspace.write('deep/own.nas', onIdx('images'));
    const { code, err } = await workspace.cellsmith('run', 'deep/own.nas', '--foreground');
    assert.equal(code, 0, err);
  }).timeout(60_000);
});
