import assert from 'node:assert/strict';
import {
  bytes,
  duration,
  fitting,
  harmless,
  progressBar,
  short,
  table,
  wrapped,
} from '../../../src/cli/terminal/format.js';

describe('text for the terminal', () => {
  it('tells quantities in their units', () => {
    assert.deepEqual([0, 512, 30_000, 5 * 2 ** 20, 3 * 2 ** 30].map(bytes), [
      '0.0 KiB',
      '0.5 KiB',
      '29.3 KiB',
      '5.0 MiB',
      '3.00 GiB',
    ]);
    assert.deepEqual([12, 1500, 271_234, 4.2e9].map(short), ['12', '1.50 k', '271.23 k', '4.20 G']);
    assert.deepEqual([0, 59_400, 200_000, 7_500_000].map(duration), [
      '0 s',
      '59 s',
      '3 min 20 s',
      '2 h 5 min',
    ]);
  });

  it('aligns numbers to the right and names to the left, also names that begin with a digit', () => {
    const rows = [
      ['run', 'best', 'range'],
      ['2026-01-01-a', '7.5 %', '342 – 1.85 k'],
      ['2026-01-01-bcd', '–', '1.20 G'],
    ];
    assert.deepEqual(table(rows), [
      'run              best         range',
      '2026-01-01-a    7.5 %  342 – 1.85 k',
      '2026-01-01-bcd      –        1.20 G',
    ]);
  });

  it('leaves out whole parts of the live line that do not fit, whatever the width', () => {
    const parts = [progressBar(0.25), 'supernet 400/1,600', '9 s left', 'loss 1.057', '7,389 img/s'];
    assert.equal(fitting(parts, 99), `▓▓▓░░░░░░░░░  25 %  ${parts.slice(1).join('  ')}`);
    assert.equal(fitting(parts, 60), '▓▓▓░░░░░░░░░  25 %  supernet 400/1,600  9 s left  loss 1.057');
    assert.equal(fitting(parts, 5), '▓▓▓░░');
    for (let width = 1; width < 100; width++) assert.ok(fitting(parts, width).length <= width);
  });

  it('breaks between words, and takes the sting out of foreign text', () => {
    assert.deepEqual(wrapped('one two three', 7), ['one two', 'three']);
    assert.deepEqual(wrapped('extraordinary', 5), ['extraordinary']);
    assert.equal(harmless('a\u001b[31mb\u202ec', 20), 'a�[31mb�c');
    assert.equal(harmless('abcdef', 4), 'abc…');
  });
});
