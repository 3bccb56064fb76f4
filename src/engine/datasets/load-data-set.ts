import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../base/user-error.js';
import { errorCode, isFile, readDataFile, reasonOf } from './data-file.js';
import { findIdxFile, IDX_STEMS, readIdxPair } from './idx.js';
import type { LabelledImages, LoadedDataSet } from './labelled-images.js';
import { concatenate, parseRecords } from './records.js';
import type { DataSetInfo } from './registry.js';

/** Where data sets lie. */
export interface DataPlaces {
  /** Folder of this one data set, if the user named it. */
  readonly folder?: string;
  /** Folder with one folder per data set; a data set that lies in it directly is found too. */
  readonly dataFolder: string;
  /** The built-in digits, a file of `scripts/build-digits.mjs`. */
  readonly digitsUrl: URL;
}

/** Reads and checks all files of a data set. @throws UserError naming the file and the remedy. */
export async function loadDataSet(
  info: DataSetInfo,
  places: DataPlaces,
  signal?: AbortSignal,
): Promise<LoadedDataSet> {
  if (info.format === 'digits') return loadDigits(info, places.digitsUrl, signal);
  const remedy = remedyFor(info);
  const files = await findDataSet(info, places);
  if (files === undefined) {
    const folders = candidateFolders(info, places).join(' or ');
    throw new UserError(`The files of the data set "${info.name}" are not in ${folders}.`, remedy);
  }
  const loaded =
    files.format === 'idx' ? await loadIdx(info, files, signal) : await loadCifar(info, files, signal);
  checkCounts(info, files.folder, loaded);
  return loaded;
}

/** The files of a data set that lies in a folder. */
type DataSetFiles = IdxFiles | CifarFiles;

interface IdxFiles {
  readonly format: 'idx';
  readonly folder: string;
  readonly training: IdxPair;
  readonly test?: IdxPair;
}

interface IdxPair {
  readonly images: string;
  readonly labels: string;
}

interface CifarFiles {
  readonly format: 'cifar_binary';
  readonly folder: string;
  readonly training: readonly string[];
  readonly test: readonly string[];
}

/** The files of the data set, in the first folder that has them; undefined: nowhere. They are not opened. */
async function findDataSet(info: DataSetInfo, places: DataPlaces): Promise<DataSetFiles | undefined> {
  for (const folder of candidateFolders(info, places)) {
    const files =
      info.format === 'idx' ? await findIdx(folder) : await findCifar(folder, info.images !== undefined);
    if (files !== undefined) return files;
  }
  return undefined;
}

/** The file or folder of the data set, for `data list`; undefined: it is not there. Nothing is opened or checked. */
export async function whereIs(info: DataSetInfo, places: DataPlaces): Promise<string | undefined> {
  if (info.format !== 'digits') return (await findDataSet(info, places))?.folder;
  const path = fileURLToPath(places.digitsUrl);
  return (await isFile(path)) ? path : undefined;
}

function candidateFolders(info: DataSetInfo, { folder, dataFolder }: DataPlaces): string[] {
  const folders = folder === undefined ? [join(dataFolder, info.name), dataFolder] : [folder];
  if (info.name !== 'cifar10') return folders;
  return folders.flatMap((candidate) => [candidate, join(candidate, 'cifar-10-batches-bin')]);
}

function remedyFor({ name, origin }: DataSetInfo): string {
  if (origin.kind === 'fetch') {
    return `Run \`cellsmith data fetch ${name}\`, or name the folder that holds its files (folder in the .nas file, or --data).`;
  }
  const what = origin.kind === 'folder' ? origin.files : '';
  return `Name the folder that holds its files (folder in the .nas file, or --data): ${what}.`;
}

/** For files that are there but wrong. */
function mendRemedy(info: DataSetInfo): string {
  if (info.origin.kind === 'fetch')
    return `Put whole files in their place, or delete them and run \`cellsmith data fetch ${info.name}\`.`;
  return 'Put a whole file in its place.';
}

async function findIdx(folder: string): Promise<IdxFiles | undefined> {
  const training = await findPair(folder, IDX_STEMS.training);
  if (training === undefined) return undefined;
  const test = await findPair(folder, IDX_STEMS.test);
  return { format: 'idx', folder, training, ...(test && { test }) };
}

async function findPair(folder: string, stem: string): Promise<IdxPair | undefined> {
  const images = await findIdxFile(folder, stem, 'images');
  const labels = await findIdxFile(folder, stem, 'labels');
  return images === undefined || labels === undefined ? undefined : { images, labels };
}

/** `published`: only the file names of the published data set count. */
async function findCifar(folder: string, published: boolean): Promise<CifarFiles | undefined> {
  const names = (await filesIn(folder)).filter((name) => name.endsWith('.bin')).sort();
  const isTest = (name: string): boolean => (published ? name === 'test_batch.bin' : name.startsWith('test'));
  const isTraining = (name: string): boolean =>
    published ? /^data_batch_[1-5]\.bin$/.test(name) : /^(data_batch|train)/.test(name);
  const named = names.filter(isTraining);
  const training = named.length > 0 || published ? named : names.filter((name) => !isTest(name));
  if (training.length === 0) return undefined;
  const paths = (group: readonly string[]): string[] => group.map((name) => join(folder, name));
  return { format: 'cifar_binary', folder, training: paths(training), test: paths(names.filter(isTest)) };
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new UserError(
      `The folder ${folder} cannot be read (${reasonOf(error)}).`,
      'Check its permissions.',
    );
  }
}

async function loadDigits(info: DataSetInfo, url: URL, signal?: AbortSignal): Promise<LoadedDataSet> {
  const path = fileURLToPath(url);
  const remedy = 'Build or install Cellsmith again (`npm run build`).';
  if (!(await isFile(path))) throw new UserError(`The built-in digits are missing: ${path}.`, remedy);
  const layout = { height: 28, width: 28, channels: 1, numClasses: 10 };
  const training = parseRecords(path, await readDataFile(path, remedy, signal), layout, remedy);
  const loaded = { numClasses: 10, description: info.description, training };
  checkCounts(info, path, loaded);
  return loaded;
}

async function loadIdx(info: DataSetInfo, files: IdxFiles, signal?: AbortSignal): Promise<LoadedDataSet> {
  const remedy = mendRemedy(info);
  const training = await readIdxPair(files.training, info.numClasses, remedy, signal);
  const numClasses = info.numClasses ?? training.labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const { description } = info;
  if (files.test === undefined) return { numClasses, description, training };
  const test = await readIdxPair(files.test, numClasses, remedy, signal);
  if (test.height !== training.height || test.width !== training.width) {
    throw new UserError(
      `${files.test.images} has images of ${test.height} × ${test.width}, but ${files.training.images} of ${training.height} × ${training.width}.`,
      remedy,
    );
  }
  return { numClasses, description, training, test };
}

async function loadCifar(info: DataSetInfo, files: CifarFiles, signal?: AbortSignal): Promise<LoadedDataSet> {
  const remedy = mendRemedy(info);
  const layout = { height: 32, width: 32, channels: 3, numClasses: 10 };
  const read = async (paths: readonly string[]): Promise<LabelledImages> => {
    const parts: LabelledImages[] = [];
    for (const path of paths)
      parts.push(parseRecords(path, await readDataFile(path, remedy, signal), layout, remedy));
    return concatenate(parts);
  };
  const names = [...files.training, ...files.test].map((path) => basename(path)).join(', ');
  const description = info.images === undefined ? `${info.description}: ${names}` : info.description;
  const training = await read(files.training);
  if (files.test.length === 0) return { numClasses: layout.numClasses, description, training };
  return { numClasses: layout.numClasses, description, training, test: await read(files.test) };
}

/** A published data set has its published number of images, or it is damaged. */
function checkCounts(info: DataSetInfo, place: string, { training, test }: LoadedDataSet): void {
  if (info.images === undefined) return;
  const found = [training.count, test?.count ?? 0];
  if (found[0] === info.images.training && found[1] === info.images.test) return;
  throw new UserError(
    `${place}: "${info.name}" has ${info.images.training} training and ${info.images.test} test images, but ${found[0]!} and ${found[1]!} were found.`,
    mendRemedy(info),
  );
}
