import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FetchResult } from '../../../src/engine/datasets/fetch-data-set.js';
import { FETCH_TUNING, fetchFrom } from '../../../src/engine/datasets/fetch-data-set.js';
import { dataSetInfo } from '../../../src/engine/datasets/registry.js';
import type { RemoteSource } from '../../../src/engine/datasets/remote-sources.js';
import { withServer } from './file-server.js';
import { cifarRecords } from './made-data.js';
import { rejects } from './rejects.js';

describe('fetchDataSet: archives', () => {
  const members = ['data_batch_1.bin', 'test_batch.bin'];
  const contents = [cifarRecords(30), cifarRecords(10)];
  const good = tar([
    ['cifar-10-batches-bin/', Buffer.alloc(0)],
    ['cifar-10-batches-bin/readme.html', Buffer.from('hello')],
    ['cifar-10-batches-bin/data_batch_1.bin', contents[0]!],
    ['../../evil.bin', cifarRecords(1)],
    ['cifar-10-batches-bin/test_batch.bin', contents[1]!],
  ]);

  it('are unpacked: the members asked for, nothing else; then the archive goes', () =>
    withArchive(gzipSync(good), async ({ to, run }) => {
      const result = await run();
      assert.deepEqual([result.training, result.test, result.wasThere], [30, 10, false]);
      assert.deepEqual(readdirSync(join(to, 'cifar10_binary')).sort(), members);
      members.forEach((name, i) => {
        assert.deepEqual(readFileSync(join(to, 'cifar10_binary', name)), contents[i]);
      });
      assert.equal(
        (await run()).checked,
        'sizes and the number and form of the records (the archive with the published MD5 is gone)',
      );
    }));

  const corrupt = Buffer.from(good);
  corrupt[3]! ^= 1;
  const hostile: readonly [string, Buffer, RegExp][] = [
    ['cut short', gzipSync(good).subarray(0, -100), /is damaged: it cannot be unpacked/],
    ['that end in mid-member', gzipSync(good.subarray(0, 20_000)), /is damaged: .*ends too early/],
    ['with a wrong header', gzipSync(corrupt), /a header in it has a wrong checksum/],
    [
      'that lack a member',
      gzipSync(tar([['cifar-10-batches-bin/data_batch_1.bin', contents[0]!]])),
      /lacks cifar-10-batches-bin\/test_batch\.bin/,
    ],
    [
      'with a member of another size',
      gzipSync(tar([['cifar-10-batches-bin/data_batch_1.bin', contents[1]!]])),
      /data_batch_1\.bin has 30730 bytes, but 92190 were expected/,
    ],
    ['that are no gzip', Buffer.alloc(5000), /is damaged: it cannot be unpacked/],
  ];
  for (const [what, archive, message] of hostile) {
    it(`${what} are refused`, () =>
      withArchive(archive, ({ run }) => rejects(run(), message, /Delete .* and run the same command again/)));
  }

  /** `run` fetches without a checksum, so that only the archive itself is in question. */
  function withArchive(
    archive: Buffer,
    use: (setting: { to: string; run: () => Promise<FetchResult> }) => Promise<void>,
  ): Promise<void> {
    const source: RemoteSource = {
      bases: [],
      files: [{ name: 'a.tar.gz', bytes: archive.length }],
      members: members.map((name, i) => ({
        path: `cifar-10-batches-bin/${name}`,
        name,
        bytes: contents[i]!.length,
      })),
    };
    return withServer(
      [],
      ({ to, server }) =>
        use({
          to,
          run: () =>
            fetchFrom(source, dataSetInfo('cifar10_binary'), { to, baseUrl: server.baseUrl }, FETCH_TUNING),
        }),
      { 'a.tar.gz': archive },
    );
  }
});

/** A ustar archive. A name with a slash at the end is a folder. */
function tar(entries: readonly [string, Buffer][]): Buffer {
  const blocks = entries.flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(name.endsWith('/') ? '5' : '0', 156);
    header.write('ustar\0', 257);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
