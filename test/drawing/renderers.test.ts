import assert from 'node:assert/strict';
import fc from 'fast-check';
import { drawCell } from '../../src/drawing/cell.js';
import { toDot } from '../../src/drawing/dot.js';
import { drawGraph } from '../../src/drawing/graph.js';
import { FAMILIES } from '../../src/drawing/palette.js';
import { toSvg } from '../../src/drawing/svg.js';
import { toText } from '../../src/drawing/text.js';
import { toTikz } from '../../src/drawing/tikz.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { sketchCells } from '../../src/drawing/architecture.js';
import { DARTS_V2, fromPairs } from '../fixtures/genotypes.js';
import { dartsSpace } from '../fixtures/spaces.js';
import { cells, named } from './random-cell.js';

const HOSTILE =
  '</svg><script>alert(1)</script>"\'&]]>\u0000\u001b[31m\u202e\\end{tikzpicture}\\input{x}$%#_^~{}\n';

/** Checks nesting, attributes and references of an XML text; the texts it contains. */
function parseXml(xml: string): string[] {
  const open: string[] = [];
  const texts: string[] = [];
  const tokens = xml.match(/<[^>]*>|[^<]+/g) ?? [];
  assert.equal(tokens.join(''), xml);
  for (const token of tokens) {
    if (!token.startsWith('<')) {
      assert.doesNotMatch(token, /&(?!(amp|lt|gt|quot);)/);
      texts.push(
        token
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&amp;', '&'),
      );
      continue;
    }
    const closing = /^<\/([a-z]+)>$/.exec(token)?.[1];
    if (closing !== undefined) {
      assert.equal(open.pop(), closing);
      continue;
    }
    const [, name, , selfClosing] = /^<([a-z]+)((?: [a-zA-Z:-]+="[^"<]*")*)(\/?)>$/.exec(token) ?? [];
    assert.ok(name !== undefined, token);
    if (selfClosing === '') open.push(name);
  }
  assert.deepEqual(open, []);
  return texts;
}

describe('toSvg', () => {
  it('is well-formed for random cells and shows every name as text', () => {
    fc.assert(
      fc.property(cells, (cell) => {
        const texts = parseXml(toSvg(drawCell(cell)));
        for (const label of [...cell.inputs, ...cell.nodes.map(({ name }) => name), 'c(k)', 'Normal']) {
          assert.ok(texts.includes(label), label);
        }
      }),
      { seed: 9, numRuns: 30 },
    );
  });

  it('escapes hostile names and leaves out control characters', () => {
    const svg = toSvg(drawCell(named(HOSTILE)));
    const texts = parseXml(svg);
    assert.ok(texts.some((words) => words.startsWith('</svg><script>')));
    assert.doesNotMatch(svg, /<script|[\u0000-\u0008\u000b-\u001f\u202e]/);
  });

  it('has a title, a description and colours for dark pages', () => {
    const svg = toSvg(drawCell(named('x')));
    assert.match(svg, /role="img" aria-labelledby="title desc"/);
    assert.match(svg, /<title id="title">Cell x<\/title>/);
    assert.match(svg, /<desc id="desc">Cell x\. Node xc/);
    assert.match(svg, /@media\(prefers-color-scheme:dark\)/);
  });
});

describe('toDot', () => {
  it('keeps hostile names within their strings', () => {
    const dot = toDot(drawCell(named('a"];evil[label="\\')));
    const outside = dot.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    assert.doesNotMatch(outside, /evil|\\/);
  });

  it('has one line per node and edge, and flows as the drawing does', () => {
    const cell = toDot(drawCell(named('x')));
    assert.equal(cell.match(/ -> /g)?.length, 4);
    assert.match(cell, /rankdir=LR/);
    assert.match(cell, /"i0" -> "n0" \[label="x ↓2", color="#56b4e9", style=solid/);
    const builder = new GraphBuilder();
    const y = builder.add('tanh', [builder.input('x', [3])], {});
    assert.match(toDot(drawGraph(builder.build({ y }), 'net')), /rankdir=TB/);
  });
});

describe('toTikz', () => {
  it('escapes what TeX would obey', () => {
    const tikz = toTikz(drawCell(named(HOSTILE)));
    assert.doesNotMatch(tikz, /\\input|\\end\{tikzpicture\}[^\n]|[^\\]%#/);
    assert.equal(tikz.match(/\\end\{tikzpicture\}/g)?.length, 1);
    assert.equal(tikz.match(/^%/gm)?.length, 1);
  });

  it('writes signs that fonts lack as mathematics', () => {
    const tikz = toTikz(drawCell(named('sep 3×3')));
    assert.match(tikz, /\{sep 3\$\\times\$3 \$\\downarrow\$2\}/);
  });
});

describe('toText', () => {
  it('draws a published cell', () => {
    const space = dartsSpace();
    const [normal] = sketchCells(space, fromPairs(space, DARTS_V2));
    assert.equal(
      toText(normal!),
      `Normal
 c(k−2) ──[ sep 3×3 ]──┐
 c(k−1) ──[ sep 3×3 ]──┴─▶ 0 ─┐
 c(k−2) ──[ sep 3×3 ]──┐      │
 c(k−1) ──[ sep 3×3 ]──┴─▶ 1 ─┤
 c(k−2) ──[ skip    ]──┐      │
 c(k−1) ──[ sep 3×3 ]──┴─▶ 2 ─┤
 c(k−2) ──[ skip    ]──┐      │
 0      ──[ dil 3×3 ]──┴─▶ 3 ─┴─▶ concat ─▶ c(k)
`,
    );
  });

  it('draws nodes of one, three and no edges, and nodes that are not joined', () => {
    const edge = { from: 'a', op: 'skip', family: 'skip', stride: 1 } as const;
    const text = toText({
      name: 'odd',
      inputs: ['a'],
      nodes: [
        { name: '0', edges: [edge] },
        { name: '1', edges: [edge, { ...edge, stride: 2 }, edge] },
        { name: '2', edges: [] },
      ],
      output: { name: 'out', merge: 'sum', from: ['a', '0', '2'] },
    });
    assert.equal(
      text,
      `odd
 a ──[ skip    ]────▶ 0 ─┐
 a ──[ skip    ]──┐      │
 a ──[ skip ↓2 ]──┤      │
 a ──[ skip    ]──┴─▶ 1  │
                    ─▶ 2 ─┴─▶ sum with 1 input ─▶ out
`,
    );
  });

  it('stays within 100 columns and one line per edge, whatever the names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        const lines = toText(named(name)).split('\n');
        assert.equal(lines.length, 4);
        for (const line of lines) assert.ok(Array.from(line).length <= 100);
      }),
      { seed: 10, numRuns: 100 },
    );
  });
});

describe('Colours', () => {
  it('leave the text on every pill readable (contrast at least 4.5 : 1, WCAG 2.2)', () => {
    const luminance = (hex: string): number => {
      const channels = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
      const [r, g, b] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    for (const [family, { colour, text }] of Object.entries(FAMILIES)) {
      const [dark, light] = [luminance(colour), luminance(text)].sort((a, b) => a - b) as [number, number];
      assert.ok((light + 0.05) / (dark + 0.05) >= 4.5, family);
    }
  });
});
