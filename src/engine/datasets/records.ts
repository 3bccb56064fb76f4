import { UserError } from '../../base/user-error.js';
import type { LabelledImages } from './labelled-images.js';

/** How a file of records without a header is laid out: one label byte, then the image. */
export interface RecordLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly numClasses: number;
}

/**
 * CIFAR-10's binary format (https://www.cs.toronto.edu/~kriz/cifar.html): 1 label byte, then one plane of
 * height × width bytes per channel. The built-in digits use it with one channel.
 */
export function parseRecords(
  path: string,
  bytes: Uint8Array,
  layout: RecordLayout,
  remedy: string,
): LabelledImages {
  const { height, width, channels } = layout;
  const plane = height * width;
  const recordBytes = 1 + plane * channels;
  const count = Math.floor(bytes.length / recordBytes);
  if (count === 0 || count * recordBytes !== bytes.length) {
    throw new UserError(
      `${path} is truncated or no file of this format: its ${bytes.length} bytes are not a whole number of records of ${recordBytes} bytes.`,
      remedy,
    );
  }
  const images = new Uint8Array(count * plane * channels);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = bytes[i * recordBytes]!;
    const from = i * recordBytes + 1;
    const to = i * plane * channels;
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < plane; p++) images[to + p * channels + c] = bytes[from + c * plane + p]!;
    }
  }
  checkLabels(path, labels, layout.numClasses, remedy);
  return { count, height, width, channels, images, labels };
}

/** @throws UserError if a label is not below `numClasses`. */
export function checkLabels(path: string, labels: Uint8Array, numClasses: number, remedy: string): void {
  const wrong = labels.findIndex((label) => label >= numClasses);
  if (wrong < 0) return;
  throw new UserError(
    `${path}: the label of image ${wrong} is ${labels[wrong]!}, but labels go from 0 to ${numClasses - 1}.`,
    remedy,
  );
}

/** One after the other. All parts have the same shape. */
export function concatenate(parts: readonly LabelledImages[]): LabelledImages {
  const [first] = parts;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const { height, width, channels } = first!;
  const bytes = height * width * channels;
  const images = new Uint8Array(count * bytes);
  const labels = new Uint8Array(count);
  let row = 0;
  for (const part of parts) {
    images.set(part.images, row * bytes);
    labels.set(part.labels, row);
    row += part.count;
  }
  return { count, height, width, channels, images, labels };
}
