import { UserError } from '../../base/user-error.js';

/** Named float32 arrays with text beside them: what a checkpoint, a result and an export hold. */
export interface WeightsFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NamedTensor {
  readonly shape: readonly number[];
  /** Row by row; as many as the shape says. */
  readonly values: Float32Array;
}

/**
 * Writes the safetensors format (huggingface/safetensors, "Format"): 8 bytes little-endian length of the header, the
 * header as JSON padded with spaces, then all values, little-endian, without gaps, in the order of `tensors`. Equal
 * contents give equal bytes.
 */
export function writeWeightsFile(file: WeightsFile): Uint8Array {
  const header: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  if (Object.keys(file.metadata).length > 0) header[METADATA] = file.metadata;
  let numBytes = 0;
  for (const [name, { shape, values }] of file.tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [numBytes, numBytes + values.byteLength] };
    numBytes += values.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + numBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(SPACE, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  bytes.set(json, LENGTH_BYTES);
  let offset = LENGTH_BYTES + headerBytes;
  for (const { values } of file.tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return bytes;
}

/**
 * Reads what `writeWeightsFile` (or another writer of float32 safetensors) wrote. `place` names the file in messages.
 * Throws `UserError` for anything that is not such a file: every length, offset and shape is checked.
 */
export function readWeightsFile(bytes: Uint8Array, place: string): WeightsFile {
  const { header, dataStart } = readHeader(bytes, place);
  const data = bytes.subarray(dataStart);
  const tensors = new Map<string, NamedTensor>();
  let metadata: Readonly<Record<string, string>> = {};
  let covered = 0;
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) {
      if (!isTextRecord(value)) throw damaged(place, 'its metadata are not text');
      metadata = value;
      continue;
    }
    const entry = readEntry(name, value, data.length, place);
    tensors.set(name, { shape: entry.shape, values: floats(data, entry.start, entry.end) });
    covered += entry.end - entry.start;
  }
  if (covered !== data.length)
    throw damaged(place, `${data.length} bytes of values, the header speaks of ${covered}`);
  return { tensors, metadata };
}

const METADATA = '__metadata__';
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
const SPACE = 0x20;
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

function readHeader(bytes: Uint8Array, place: string): { header: object; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) throw damaged(place, `it has only ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - LENGTH_BYTES))) {
    throw damaged(place, `its header is said to have ${length} bytes, more than the file holds`);
  }
  const dataStart = LENGTH_BYTES + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart)),
    );
  } catch (error) {
    throw damaged(place, `its header is not JSON (${error instanceof Error ? error.message : 'unreadable'})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw damaged(place, 'its header is not an object');
  }
  return { header, dataStart };
}

interface Entry {
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function readEntry(name: string, value: unknown, numBytes: number, place: string): Entry {
  if (typeof value !== 'object' || value === null)
    throw damaged(place, `the entry of ${name} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (dtype !== 'F32') throw damaged(place, `${name} is not float32 (F32) but ${JSON.stringify(dtype)}`);
  if (!isSizes(shape)) throw damaged(place, `the shape of ${name} is not a list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2) throw damaged(place, `${name} has no two data offsets`);
  const [start, end] = offsets as [number, number];
  const expected = shape.reduce((product, size) => product * size, FLOAT_BYTES);
  if (start > end || end > numBytes) throw damaged(place, `the values of ${name} lie outside the file`);
  if (end - start !== expected)
    throw damaged(place, `${name} has ${end - start} bytes, its shape needs ${expected}`);
  return { shape, start, end };
}

const FLOAT_BYTES = 4;

/** A copy: the values may lie anywhere in the file. */
function floats(data: Uint8Array, start: number, end: number): Float32Array {
  return new Float32Array(data.slice(start, end).buffer);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}

function damaged(place: string, why: string): UserError {
  return new UserError(
    `${place} is not a readable weights file: ${why}.`,
    'Take an older checkpoint, or export the weights again.',
  );
}
