import { createHash } from 'node:crypto';

/** Images with their labels as one file or group of files holds them. */
export interface LabelledImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** (count, height, width, channels), 0–255. */
  readonly images: Uint8Array;
  /** (count,) class indices. */
  readonly labels: Uint8Array;
}

/** A data set as its files hold it, before any split. */
export interface LoadedDataSet {
  readonly numClasses: number;
  /** For people: what was read. Without the folder: the same data are the same wherever they lie. */
  readonly description: string;
  readonly training: LabelledImages;
  /** The data set's own test file; absent: a share of the training images is held out. */
  readonly test?: LabelledImages;
}

/** SHA-256 (hex) over the shape, images and labels of all parts: the same content gives the same hash, wherever it lies. */
export function contentHash(dataSet: LoadedDataSet): string {
  const hash = createHash('sha256');
  for (const part of [dataSet.training, dataSet.test]) {
    if (part === undefined) continue;
    hash.update(`${part.count},${part.height},${part.width},${part.channels};`);
    hash.update(part.images).update(part.labels);
  }
  return hash.digest('hex');
}

/** The rows `order` of `source`, in this order, in shared memory, so that a worker thread reads them without a copy. */
export function gather(source: LabelledImages, order: Int32Array): LabelledImages {
  const { height, width, channels } = source;
  const bytes = height * width * channels;
  const images = new Uint8Array(new SharedArrayBuffer(order.length * bytes));
  const labels = new Uint8Array(new SharedArrayBuffer(order.length));
  order.forEach((row, i) => {
    images.set(source.images.subarray(row * bytes, (row + 1) * bytes), i * bytes);
    labels[i] = source.labels[row]!;
  });
  return { count: order.length, height, width, channels, images, labels };
}
