import assert from 'node:assert/strict';
import { describeDevices, openDevice } from '../../../src/engine/backend/chain.js';
import { UserError } from '../../../src/base/user-error.js';
import { describeProcessor } from '../../../src/engine/backend/processor.js';

describe('openDevice', () => {
  for (const name of ['auto', 'wasm']) {
    it(`opens wasm for ${name}`, () => {
      using backend = openDevice(name, { threads: 1 });
      assert.equal(backend.description.backend, 'wasm');
    });
  }

  for (const [name, message] of [
    ['native', /native: not part of this version/],
    ['abacus', /There is no device abacus/],
  ] as const) {
    it(`says why ${name} cannot be used`, () => {
      assert.throws(
        () => openDevice(name, { threads: 1 }),
        (error) => error instanceof UserError && message.test(error.message) && error.remedy !== '',
      );
    });
  }
});

describe('describeDevices', () => {
  it('names every device, and why it cannot be used', () => {
    const reports = describeDevices({ threads: 2 });
    const lines = reports.map((report) =>
      'reason' in report ? `${report.name}: ${report.reason}` : `${report.name}: ${report.isDefault}`,
    );
    assert.deepEqual(lines, [
      'tensorflow: not part of this version',
      'native: not part of this version',
      'wasm: true',
    ]);
  });

  it('reports a wasm device that does not load', () => {
    const [wasm] = describeDevices({ threads: 1, binariesUrl: new URL('./nowhere/', import.meta.url) }).slice(
      -1,
    );
    assert.match(JSON.stringify(wasm), /relaxed.wasm are not in/);
  });
});

describe('describeProcessor', () => {
  for (const [architecture, model, expected] of [
    ['x64', 'AMD EPYC 9R14 96-Core Processor', 'x64 AMD EPYC'],
    ['x64', 'Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz', 'x64 Intel Xeon'],
    ['arm64', 'Apple M2', 'arm64 Apple M2'],
    ['arm64', 'unknown', 'arm64'],
  ] as const) {
    it(`makes ${expected} of ${model}`, () => assert.equal(describeProcessor(architecture, model), expected));
  }
});
