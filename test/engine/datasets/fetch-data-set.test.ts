import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rejects } from './rejects.js';
import type {
  FetchOptions,
  FetchProgress,
  FetchResult,
} from '../../../src/engine/datasets/fetch-data-set.js';
import { fetchDataSet, fetchFrom } from '../../../src/engine/datasets/fetch-data-set.js';
import { dataSetInfo, listDataSets } from '../../../src/engine/datasets/registry.js';
import type { RemoteSource } from '../../../src/engine/datasets/remote-sources.js';
import { REMOTE_SOURCES } from '../../../src/engine/datasets/remote-sources.js';
import type { Behaviour, FileServer } from './file-server.js';
import { withServer as withServerOf } from './file-server.js';
import { idxImages, idxLabels, withFolder } from './made-data.js';

const IMAGES = 'train-images-idx3-ubyte';
const LABELS = 'train-labels-idx1-ubyte';
const FILES = {
  [IMAGES]: idxImages(4000),
  [LABELS]: idxLabels(Array.from({ length: 4000 }, (_, i) => i % 7)),
};
const SIZE = FILES[IMAGES].length;

describe('fetchDataSet', () => {
  it('downloads, checks and reads a data set, and reports progress that only grows', () =>
    withServer([], async ({ to, server }) => {
      const seen: FetchProgress[] = [];
      const result = await fetchIdx(server, { to, onProgress: (progress) => seen.push(progress) });
      assert.deepEqual(result, {
        folder: join(to, 'idx'),
        wasThere: false,
        training: 4000,
        test: 0,
        checked: 'the published MD5 checksums and the number and form of the records',
      });
      assert.deepEqual(readFileSync(join(to, 'idx', IMAGES)), FILES[IMAGES]);
      const bytes = seen.map((progress) => progress.bytes);
      assert.deepEqual(
        bytes,
        bytes.toSorted((a, b) => a - b),
      );
      assert.equal(bytes.at(-1), SIZE + FILES[LABELS].length);
      assert.equal(seen.at(-1)!.totalBytes, bytes.at(-1));
    }));

  it('downloads nothing twice', () =>
    withServer([], async ({ to, server }) => {
      await fetchIdx(server, { to });
      const again = await fetchIdx(server, { to });
      assert.equal(again.wasThere, true);
      assert.equal(server.requests.length, 2);
    }));

  it('downloads a file again whose bytes have changed on the disk', () =>
    withServer([], async ({ to, server }) => {
      await fetchIdx(server, { to });
      const damaged = Buffer.from(FILES[IMAGES]);
      damaged[5000]! ^= 1;
      await writeFile(join(to, 'idx', IMAGES), damaged);
      await fetchIdx(server, { to });
      assert.deepEqual(server.requests.slice(2), [`/${IMAGES} whole`]);
      assert.deepEqual(readFileSync(join(to, 'idx', IMAGES)), FILES[IMAGES]);
    }));

  const recoveries: readonly [string, Behaviour[], readonly string[]][] = [
    ['goes on in mid-file after a cut connection', [{ cutAfter: 30_000 }], ['whole', 'bytes=30000-']],
    ['goes on after a connection that stalls', [{ hangAfter: 20_000 }], ['whole', 'bytes=20000-']],
    [
      'starts again where the server knows no ranges',
      [{ cutAfter: 30_000 }, 'no-ranges'],
      ['whole', 'bytes=30000-'],
    ],
    [
      'starts again after a wrong range',
      [{ cutAfter: 30_000 }, 'wrong-range'],
      ['whole', 'bytes=30000-', 'whole'],
    ],
    ['starts again after 416', [{ cutAfter: 30_000 }, { status: 416 }], ['whole', 'bytes=30000-', 'whole']],
    [
      'starts again if what was put together is wrong',
      [{ cutAfter: 30_000 }, 'damaged'],
      ['whole', 'bytes=30000-', 'whole'],
    ],
    ['tries again after 503', [{ status: 503 }], ['whole', 'whole']],
  ];
  for (const [what, behaviours, requests] of recoveries) {
    it(what, () =>
      withServer(behaviours, async ({ to, server }) => {
        await fetchIdx(server, { to });
        assert.deepEqual(server.requests, [
          ...requests.map((range) => `/${IMAGES} ${range}`),
          `/${LABELS} whole`,
        ]);
        assert.deepEqual(readFileSync(join(to, 'idx', IMAGES)), FILES[IMAGES]);
        assert.deepEqual(readdirSync(join(to, 'idx')).sort(), [IMAGES, LABELS]);
      }),
    );
  }

  it('follows a redirection', () =>
    withServer(['redirect'], async ({ to, server }) => {
      await fetchIdx(server, { to });
      assert.deepEqual(server.requests.slice(0, 2), [`/${IMAGES} whole`, `/moved/${IMAGES} whole`]);
    }));

  it('goes on from the part of an earlier call', () =>
    withServer([], async ({ to, server }) => {
      await mkdir(join(to, 'idx'));
      await writeFile(join(to, 'idx', `${IMAGES}.part`), FILES[IMAGES].subarray(0, 12_345));
      await fetchIdx(server, { to });
      assert.equal(server.requests[0], `/${IMAGES} bytes=12345-`);
    }));

  it('throws away a part that is too long or wrong', () =>
    withServer([], async ({ to, server }) => {
      await mkdir(join(to, 'idx'));
      await writeFile(join(to, 'idx', `${IMAGES}.part`), Buffer.alloc(SIZE + 1));
      await writeFile(join(to, 'idx', `${LABELS}.part`), Buffer.alloc(FILES[LABELS].length));
      await fetchIdx(server, { to });
      assert.deepEqual(server.requests, [`/${IMAGES} whole`, `/${LABELS} whole`]);
    }));

  it('asks the next source after 404 or a wrong checksum, and says what it found if there is none', () =>
    withServer([{ status: 404 }, 'damaged'], async ({ to, server }) => {
      const twice = { ...idxSource(), bases: [server.baseUrl, server.baseUrl] };
      await rejects(
        fetchFrom(twice, dataSetInfo('idx'), { to }, QUICK),
        /train-images-idx3-ubyte could not be downloaded\. http:.*: the server answered 404 Not Found\. http:.*: wrong checksum: MD5 \w{32}, expected \w{32}; the file was deleted\./,
        /run the same command again/,
      );
      assert.deepEqual(readdirSync(join(to, 'idx')), []);
    }));

  it('gives up after four cut connections, but keeps what arrived', () =>
    withServer(Array<Behaviour>(4).fill({ cutAfter: 1000 }), async ({ to, server }) => {
      await rejects(fetchIdx(server, { to }), /the connection failed/, /goes on where it stopped/);
      assert.equal(server.requests.length, 4);
      assert.equal(readFileSync(join(to, 'idx', `${IMAGES}.part`)).length, 4000);
      await fetchIdx(server, { to });
    }));

  it('refuses a file that is shorter or longer than published', async () => {
    const shorter = { [IMAGES]: FILES[IMAGES].subarray(0, -1) };
    const longer = { [IMAGES]: Buffer.concat([FILES[IMAGES], Buffer.alloc(10)]) };
    for (const [files, message] of [
      [shorter, /only 80015 of 80016 bytes arrived|the connection failed|does not continue at byte/],
      [longer, /the file there is larger than 80016 bytes; it was deleted/],
    ] as const) {
      await withServer([], ({ to, server }) => rejects(fetchIdx(server, { to }), message), files);
    }
  });

  it('says that there is no network', () =>
    withFolder(async (to) => {
      const options = { to, baseUrl: 'http://127.0.0.1:9/' };
      await rejects(
        fetchFrom(idxSource(), dataSetInfo('idx'), options, QUICK),
        /the connection failed \(.+\)/,
        /Check the network/,
      );
    }));

  it('stops when aborted, with the reason of the signal, and keeps what arrived', () =>
    withServer([{ hangAfter: 20_000 }], async ({ to, server }) => {
      const stop = new AbortController();
      const onProgress = ({ bytes }: FetchProgress): void => {
        if (bytes === 20_000) stop.abort(new Error('Ctrl-C'));
      };
      await assert.rejects(fetchIdx(server, { to, onProgress, signal: stop.signal }), /^Error: Ctrl-C$/);
      assert.equal(readFileSync(join(to, 'idx', `${IMAGES}.part`)).length, 20_000);
    }));

  it('says that the disk is full', async function () {
    if (!existsSync('/dev/full')) {
      this.test!.title += ' (skipped: this system has no /dev/full)';
      this.skip();
    }
    await withServer([], async ({ to, server }) => {
      await mkdir(join(to, 'idx'));
      await symlink('/dev/full', join(to, 'idx', `${IMAGES}.part`));
      await rejects(fetchIdx(server, { to }), /The disk is full: .*ubyte\.part/, /Free some space/);
    });
  });

  it('says that the folder cannot be made', () =>
    withFolder(async (folder) => {
      const to = join(folder, 'file');
      await writeFile(to, '');
      await rejects(fetchDataSet('mnist', { to }), /file\/mnist cannot be (made|written)/, /--to/);
    }));

  it('refuses what downloads whole but is no such data set', () =>
    withServer(
      [],
      ({ to, server }) =>
        rejects(
          fetchFrom(idxSource(BROKEN), dataSetInfo('idx'), { to, baseUrl: server.baseUrl }, QUICK),
          /is no IDX file/,
        ),
      BROKEN,
    ));

  it('refuses names without a source', async () => {
    await rejects(fetchDataSet('digits', { to: '/nowhere' }), /is built in; there is nothing to fetch/);
    await rejects(fetchDataSet('idx', { to: '/nowhere' }), /is your own/, /mnist, fashion_mnist, cifar10/);
    await rejects(fetchDataSet('svhn', { to: '/nowhere' }), /There is no data set "svhn"/);
  });
});

describe('the known sources', () => {
  it('have a size and a checksum for every file, and are listed with their sum', () => {
    const sums = new Map<string, number>();
    for (const [name, source] of Object.entries(REMOTE_SOURCES)) {
      for (const file of source.files) {
        assert.match(file.md5 ?? '', /^[0-9a-f]{32}$/);
        sums.set(name, (sums.get(name) ?? 0) + file.bytes);
      }
    }
    assert.deepEqual(Object.fromEntries(sums), {
      mnist: 11_594_722,
      fashion_mnist: 30_878_645,
      cifar10: 170_052_171,
    });
    for (const { name, origin } of listDataSets()) {
      if (origin.kind === 'fetch') assert.equal(origin.bytes, sums.get(name));
    }
  });
});

const QUICK = { attempts: 4, pauseMs: 1, stallMs: 300 };
const BROKEN = { [IMAGES]: Buffer.from('<html>login</html>'), [LABELS]: FILES[LABELS] };

function idxSource(files: Readonly<Record<string, Buffer>> = FILES): RemoteSource {
  return {
    bases: [],
    files: Object.entries(files).map(([name, bytes]) => ({
      name,
      bytes: bytes.length,
      md5: createHash('md5').update(bytes).digest('hex'),
    })),
  };
}

function fetchIdx(server: FileServer, options: FetchOptions): Promise<FetchResult> {
  return fetchFrom(idxSource(), dataSetInfo('idx'), { ...options, baseUrl: server.baseUrl }, QUICK);
}

function withServer(
  behaviours: readonly Behaviour[],
  use: (setting: { to: string; server: FileServer }) => Promise<void>,
  files: Readonly<Record<string, Buffer>> = FILES,
): Promise<void> {
  return withServerOf(behaviours, use, files);
}
