import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileText } from '../../src/language/index.js';
import { EXAMPLES, exampleText } from './examples.js';

/** Pieces that are likely to break something. */
const PIECES = [
  '{',
  '}',
  '(',
  ')',
  '>',
  ',',
  ':',
  '..',
  '"',
  '-',
  '0',
  '1e9',
  '8..4',
  '4x4',
  'C',
  'depth',
  'none',
  'Ops',
  'via',
  'choose 9 prev',
  'x[9]',
  'like Normal',
  'stride 2',
  'search',
  '// ',
  '/*',
  'é',
  '\u0000',
  '999999999999999999999',
];

describe('language: robustness', () => {
  it('never crashes on randomly edited examples, and always says where', async function () {
    this.timeout(120_000);
    const edit = fc.record({
      example: fc.constantFrom(...EXAMPLES),
      cuts: fc.array(
        fc.record({
          at: fc.noBias(fc.nat(9_999)),
          length: fc.nat(30),
          piece: fc.constantFrom('', ...PIECES),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ example, cuts }) => {
        let text = exampleText(example);
        for (const { at, length, piece } of cuts) {
          const start = Math.floor((at / 10_000) * text.length);
          text = text.slice(0, start) + piece + text.slice(start + length);
        }
        const { diagnostics } = await compileText(text);
        const numLines = text.split('\n').length;
        for (const { range, message } of diagnostics) {
          assert.ok(range.line >= 1 && range.line <= numLines + 1 && range.column >= 1, message);
          assert.ok(message.length > 0 && !message.includes('undefined') && !message.endsWith('.'), message);
        }
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  it('takes any words of the language in any order', async function () {
    this.timeout(60_000);
    const words = exampleText('en2as-digits').split(/\s+/);
    const text = fc
      .array(fc.constantFrom(...words, ...PIECES), { maxLength: 60 })
      .map((some) => some.join(' '));
    await fc.assert(
      fc.asyncProperty(text, async (some) => {
        const { diagnostics, spaces } = await compileText(some);
        assert.ok(diagnostics.length > 0 || spaces.length === 0);
      }),
      { numRuns: 200, seed: 11 },
    );
  });
});
