import assert from 'node:assert/strict';
import { sha256Hex } from '../../src/base/hash.js';

describe('sha256Hex', () => {
  const check = (data: string | Uint8Array, expected: string): void => {
    assert.equal(sha256Hex(data), expected);
  };

  it('gives the published digests (FIPS 180-4 examples)', () => {
    check('', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    check('abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('takes text as UTF-8', () => {
    check(Uint8Array.of(0xc3, 0xa9), sha256Hex('é'));
  });
});
