import fc from 'fast-check';
import type { CellSketch, CellSketchEdge, OpFamily } from '../../src/protocol/drawing.js';

const OPS: readonly (readonly [string, OpFamily])[] = [
  ['sep 3×3', 'sep_conv'],
  ['dil 5×5', 'dil_conv'],
  ['max 3×3', 'max_pool'],
  ['skip', 'skip'],
  ['none', 'none'],
];

const edge = (names: readonly string[]): fc.Arbitrary<CellSketchEdge> =>
  fc
    .record({ from: fc.constantFrom(...names), op: fc.constantFrom(...OPS), stride: fc.constantFrom(1, 2) })
    .map(({ from, op: [op, family], stride }) => ({ from, op, family, stride }));

/** Cells of 1 … 6 nodes with 0 … 3 edges each, joined from any of them. */
export const cells: fc.Arbitrary<CellSketch> = fc.nat(5).chain((last) => {
  const inputs = ['c(k−2)', 'c(k−1)'];
  const numbers = Array.from({ length: last + 1 }, (_, i) => String(i));
  const nodes = numbers.map((name, i) =>
    fc.array(edge([...inputs, ...numbers.slice(0, i)]), { maxLength: 3 }).map((edges) => ({ name, edges })),
  );
  return fc.record({
    name: fc.constant('Normal'),
    inputs: fc.constant(inputs),
    nodes: fc.tuple(...nodes),
    output: fc.record({
      name: fc.constant('c(k)'),
      merge: fc.constant('concat'),
      from: fc.subarray([...inputs, ...numbers], { minLength: 1 }),
    }),
  });
});

/** A cell whose every name is `text`, made unique. */
export function named(text: string): CellSketch {
  return {
    name: text,
    inputs: [`${text}a`, `${text}b`],
    nodes: [
      {
        name: `${text}c`,
        edges: [
          { from: `${text}a`, op: text, family: 'conv', stride: 2 },
          { from: `${text}b`, op: text, family: 'none', stride: 1 },
        ],
      },
    ],
    output: { name: text, merge: text, from: [`${text}b`, `${text}c`] },
  };
}
