import assert from 'node:assert/strict';
import fc from 'fast-check';
import { UserError } from '../../../src/base/user-error.js';
import { readWeightsFile, writeWeightsFile } from '../../../src/engine/training/weights-file.js';

describe('a weights file', () => {
  it('comes back as it was written', () => {
    const tensor = fc.array(fc.float({ noNaN: true }), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), tensor),
        fc.dictionary(fc.string(), fc.string()),
        (lists, metadata) => {
          const tensors = new Map(
            Object.entries(lists)
              .filter(([name]) => name !== '__metadata__')
              .map(([name, list]) => [name, { shape: [1, list.length], values: Float32Array.from(list) }]),
          );
          const read = readWeightsFile(writeWeightsFile({ tensors, metadata }), 'a file');
          assert.deepEqual([...read.tensors].sort(byName), [...tensors].sort(byName));
          assert.deepEqual({ ...read.metadata }, { ...metadata });
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is laid out as safetensors says', () => {
    const tensors = new Map([
      ['a', { shape: [2], values: Float32Array.from([1, 2]) }],
      ['b', { shape: [], values: Float32Array.from([3]) }],
    ]);
    const bytes = writeWeightsFile({ tensors, metadata: { format: 'pt' } });
    const view = new DataView(bytes.buffer);
    const length = Number(view.getBigUint64(0, true));
    assert.equal(length % 8, 0);
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    assert.deepEqual(header, {
      __metadata__: { format: 'pt' },
      a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      b: { dtype: 'F32', shape: [], data_offsets: [8, 12] },
    });
    assert.deepEqual(
      [0, 4, 8].map((offset) => view.getFloat32(8 + length + offset, true)),
      [1, 2, 3],
    );
    assert.equal(bytes.length, 8 + length + 12);
  });

  it('may start anywhere in a larger buffer', () => {
    const bytes = writeWeightsFile({
      tensors: new Map([['a', { shape: [1], values: Float32Array.from([5]) }]]),
      metadata: {},
    });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    assert.deepEqual([...readWeightsFile(shifted.subarray(3), 'a file').tensors.get('a')!.values], [5]);
  });

  const entry = (changes: object): string =>
    JSON.stringify({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...changes } });
  const DAMAGED: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['an empty file', new Uint8Array(0), /only 0 bytes/],
    ['a header longer than the file', Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 255, 1]), /header/],
    ['a header that is not JSON', fileOf('{"a": ', 4), /not JSON/],
    ['a header that is not an object', fileOf('[1]', 0), /not an object/],
    ['an entry that is not an object', fileOf('{"a": 7}', 0), /entry of a/],
    ['another number type', fileOf(entry({ dtype: 'I64' }), 4), /not float32/],
    ['a negative size', fileOf(entry({ shape: [-1] }), 4), /list of sizes/],
    ['offsets behind the end', fileOf(entry({ data_offsets: [4, 8] }), 4), /outside the file/],
    ['offsets in the wrong order', fileOf(entry({ data_offsets: [4, 0] }), 4), /outside the file/],
    ['a shape that does not fit', fileOf(entry({ shape: [3] }), 4), /its shape needs 12/],
    ['values that nobody names', fileOf(entry({}), 8), /the header speaks of 4/],
    ['metadata that are not text', fileOf('{"__metadata__": {"a": 1}}', 0), /metadata/],
  ];
  for (const [what, bytes, why] of DAMAGED) {
    it(`with ${what} is refused in one sentence`, () => {
      assert.throws(
        () => readWeightsFile(bytes, 'checkpoint 7'),
        (error) =>
          error instanceof UserError && why.test(error.message) && error.message.startsWith('checkpoint 7'),
      );
    });
  }

  it('is refused or read, whatever single byte is changed', () => {
    const whole = writeWeightsFile({
      tensors: new Map([['conv.kernel', { shape: [2, 1], values: Float32Array.from([1, 2]) }]]),
      metadata: { format: 'pt' },
    });
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(change, ([position, value]) => {
        const bytes = whole.slice();
        bytes[position] = value;
        try {
          readWeightsFile(bytes, 'a file');
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
        }
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});

/** A file with this header and so many bytes of values. */
function fileOf(header: string, numBytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + numBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
