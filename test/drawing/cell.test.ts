import assert from 'node:assert/strict';
import fc from 'fast-check';
import { drawCell } from '../../src/drawing/cell.js';
import type { Curve, Drawing, Point } from '../../src/protocol/drawing.js';
import { cells, named } from './random-cell.js';

interface Box {
  readonly shape?: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Whether `point` lies in `box`, `margin` px inside of its outline. */
function contains(box: Box, [x, y]: Point, margin: number): boolean {
  if (box.shape === 'circle') return Math.hypot(x - box.x, y - box.y) < box.width / 2 - margin;
  return Math.abs(x - box.x) < box.width / 2 - margin && Math.abs(y - box.y) < box.height / 2 - margin;
}

function overlap(a: Box, b: Box): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
}

/** Points along a curve. */
function samples({ start, pieces }: Curve): readonly Point[] {
  const points: Point[] = [];
  let from = start;
  for (const [a, b, end] of pieces) {
    for (let t = 0; t <= 1; t += 0.1) {
      const s = 1 - t;
      const at = (axis: 0 | 1): number =>
        s ** 3 * from[axis] + 3 * s * s * t * a[axis] + 3 * s * t * t * b[axis] + t ** 3 * end[axis];
      points.push([at(0), at(1)]);
    }
    from = end;
  }
  return points;
}

const pillsOf = (drawing: Drawing): Box[] => drawing.edges.flatMap(({ pill }) => pill ?? []);

const drawings = fc.sample(cells, { seed: 7, numRuns: 60 }).map(drawCell);

const holds = (property: (drawing: Drawing) => void): void => {
  for (const drawing of drawings) property(drawing);
};

describe('drawCell', () => {
  it('keeps nodes and pills apart', () => {
    holds((drawing) => {
      const boxes = [...drawing.nodes, ...pillsOf(drawing)];
      boxes.forEach((box, i) => {
        for (const other of boxes.slice(0, i)) assert.ok(!overlap(box, other));
      });
    });
  });

  it('leads no line across a node or through the pill of another edge', () => {
    holds((drawing) => {
      for (const edge of drawing.edges) {
        const others = drawing.edges.flatMap(({ id, pill }) => (id === edge.id ? [] : (pill ?? [])));
        for (const point of samples(edge.curve)) {
          for (const box of [...drawing.nodes, ...others]) assert.ok(!contains(box, point, 1), edge.id);
        }
      }
    });
  });

  it('leads every line through its own pill', () => {
    holds((drawing) => {
      for (const { curve, pill } of drawing.edges) {
        if (pill !== undefined) assert.ok(samples(curve).some((point) => contains(pill, point, 1)));
      }
    });
  });

  it('stays within its frame', () => {
    holds((drawing) => {
      for (const { x, y, width, height } of [...drawing.nodes, ...pillsOf(drawing)]) {
        assert.ok(x - width / 2 >= 0 && x + width / 2 <= drawing.width);
        assert.ok(y - height / 2 >= 0 && y + height / 2 <= drawing.height);
      }
      for (const [x, y] of drawing.edges.flatMap(({ curve }) => samples(curve))) {
        assert.ok(x >= 0 && x <= drawing.width && y >= 0 && y <= drawing.height);
      }
    });
  });

  it('puts the inputs at the left edge in their order, the output right of all it joins', () => {
    holds((drawing) => {
      const [first, second] = [drawing.nodes[0]!, drawing.nodes[1]!];
      assert.equal(first.x, second.x);
      assert.ok(first.y < second.y);
      for (const { x } of drawing.nodes.slice(2)) assert.ok(x > first.x);
      const output = drawing.nodes.find(({ id }) => id === 'out')!;
      for (const { from } of drawing.edges.filter(({ to }) => to === 'out')) {
        assert.ok(drawing.nodes.find(({ id }) => id === from)!.x < output.x);
      }
    });
  });

  it('gives the same cell the same picture', () => {
    fc.assert(
      fc.property(cells, (cell) => assert.deepEqual(drawCell(cell), drawCell(structuredClone(cell)))),
      { seed: 8, numRuns: 10 },
    );
  });

  it('bows two edges between the same pair apart', () => {
    const twice = { from: 'a', op: 'skip', family: 'skip', stride: 1 } as const;
    const { edges } = drawCell({
      name: 'Normal',
      inputs: ['a'],
      nodes: [{ name: '0', edges: [twice, twice] }],
      output: { name: 'c(k)', merge: 'concat', from: ['0'] },
    });
    assert.notEqual(edges[0]!.pill!.y, edges[1]!.pill!.y);
  });

  it('marks halving edges and describes the cell in sentences', () => {
    const drawing = drawCell(named('x'));
    assert.deepEqual(
      drawing.edges.map(({ pill }) => pill?.label),
      ['x ↓2', 'x', undefined, undefined],
    );
    assert.equal(drawing.title, 'Cell x');
    assert.equal(
      drawing.description,
      'Cell x. Node xc is x of xa with stride 2 plus x of xb. x is the x of xb, xc.',
    );
  });

  it('cuts long names', () => {
    const drawing = drawCell(named('n'.repeat(200)));
    for (const { label } of drawing.nodes) assert.ok(label.length <= 24);
    assert.ok(drawing.width < 1200);
  });

  it('refuses an edge from a node that is not there', () => {
    const cell = named('x');
    assert.throws(() => drawCell({ ...cell, inputs: ['xa'] }), /node xb of cell x/);
  });
});
