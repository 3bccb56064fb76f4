import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../base/user-error.js';
import { sizeOf } from './data-file.js';
import type { DownloadOptions } from './download.js';
import { download, md5Of, throwIfDisk } from './download.js';
import { loadDataSet } from './load-data-set.js';
import type { DataSetInfo } from './registry.js';
import { dataSetInfo, listDataSets } from './registry.js';
import type { RemoteFile, RemoteSource } from './remote-sources.js';
import { REMOTE_SOURCES } from './remote-sources.js';
import { unpackMembers } from './tar.js';

export interface FetchOptions {
  /** Data folder; the data set goes into a folder of its name in it. */
  readonly to: string;
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly signal?: AbortSignal;
  /** Asked instead of the known sources, e.g. a mirror; the checksums stay. */
  readonly baseUrl?: string;
}

export interface FetchProgress {
  readonly step: 'download' | 'check' | 'unpack';
  readonly file: string;
  /** Bytes of all files of the data set that are here, and their sum. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface FetchResult {
  /** Folder that holds the files. */
  readonly folder: string;
  /** Nothing had to be downloaded. */
  readonly wasThere: boolean;
  readonly training: number;
  readonly test: number;
  /** What was compared, for people. */
  readonly checked: string;
}

/**
 * Downloads a data set, checks and unpacks it, and reads it once. What is there already is not downloaded again; what was
 * interrupted goes on.
 * @throws UserError for a data set that cannot be downloaded, or with the reason and the remedy; the signal's reason if aborted.
 */
export async function fetchDataSet(name: string, options: FetchOptions): Promise<FetchResult> {
  const info = dataSetInfo(name);
  const source = REMOTE_SOURCES[name];
  if (source === undefined) throw notFetched(info);
  return fetchFrom(source, info, options);
}

export interface FetchTuning {
  readonly attempts: number;
  readonly pauseMs: number;
  readonly stallMs: number;
}

export const FETCH_TUNING: FetchTuning = { attempts: 4, pauseMs: 1000, stallMs: 60_000 };

/** @internal The same for any source. */
export async function fetchFrom(
  source: RemoteSource,
  info: DataSetInfo,
  options: FetchOptions,
  tuning: FetchTuning = FETCH_TUNING,
): Promise<FetchResult> {
  const folder = join(options.to, info.name);
  const places = { folder, dataFolder: options.to, digitsUrl: pathToFileURL(folder) };
  await makeFolder(folder);
  const wasThere = await hasAll(source, folder);
  if (!wasThere) {
    await downloadAll(source, folder, options, tuning);
    await unpackAll(source, folder, options);
  }
  options.signal?.throwIfAborted();
  const { training, test } = await loadDataSet(info, places, options.signal);
  return {
    folder,
    wasThere,
    training: training.count,
    test: test?.count ?? 0,
    checked: whatWasChecked(source, wasThere),
  };
}

function notFetched({ name, origin }: DataSetInfo): UserError {
  const names = listDataSets()
    .filter((info) => info.origin.kind === 'fetch')
    .map((info) => info.name);
  const remedy = `Data sets to fetch: ${names.join(', ')}.`;
  return origin.kind === 'built_in'
    ? new UserError(`The data set "${name}" is built in; there is nothing to fetch.`, remedy)
    : new UserError(`The data set "${name}" is your own: it has no source to fetch from.`, remedy);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throwIfDisk(error, folder);
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`${folder} cannot be made (${reason}).`, 'Choose another folder with --to.');
  }
}

/** Whether the final files are there with their sizes, and, if they were downloaded as such, with their checksums. */
async function hasAll(source: RemoteSource, folder: string): Promise<boolean> {
  for (const file of source.members ?? source.files) {
    if (!(await isWhole(file, folder))) return false;
  }
  return true;
}

async function isWhole(file: RemoteFile, folder: string): Promise<boolean> {
  const path = join(folder, file.name);
  if ((await sizeOf(path)) !== file.bytes) return false;
  return file.md5 === undefined || (await md5Of(path)) === file.md5;
}

async function downloadAll(
  source: RemoteSource,
  folder: string,
  options: FetchOptions,
  tuning: FetchTuning,
): Promise<void> {
  const totalBytes = source.files.reduce((sum, file) => sum + file.bytes, 0);
  let earlier = 0;
  for (const file of source.files) {
    const report = (step: FetchProgress['step'], bytes: number): void =>
      options.onProgress?.({ step, file: file.name, bytes: earlier + bytes, totalBytes });
    if (!(await isWhole(file, folder))) {
      const bases = options.baseUrl === undefined ? source.bases : [options.baseUrl.replace(/\/*$/, '/')];
      const settings: DownloadOptions = {
        ...tuning,
        signal: options.signal,
        onBytes: (bytes) => {
          report('download', bytes);
        },
      };
      await download(
        file,
        bases.map((base) => base + file.name),
        join(folder, file.name),
        settings,
      );
    }
    report('check', file.bytes);
    earlier += file.bytes;
  }
}

/** The archive is deleted once its files are out. */
async function unpackAll(source: RemoteSource, folder: string, options: FetchOptions): Promise<void> {
  const [archive] = source.files;
  if (source.members === undefined || archive === undefined) return;
  const path = join(folder, archive.name);
  options.onProgress?.({
    step: 'unpack',
    file: archive.name,
    bytes: archive.bytes,
    totalBytes: archive.bytes,
  });
  await unpackMembers(path, source.members, (member) => join(folder, member.name), options.signal);
  await rm(path);
}

function whatWasChecked(source: RemoteSource, wasThere: boolean): string {
  const isArchive = source.members !== undefined;
  const counts = 'the number and form of the records';
  if (isArchive && wasThere) return `sizes and ${counts} (the archive with the published MD5 is gone)`;
  if (source.files.every((file) => file.md5 !== undefined))
    return `the published MD5 checksums and ${counts}`;
  return `sizes and ${counts} (no checksum is published)`;
}
