import assert from 'node:assert/strict';
import { Rng } from '../../../src/base/rng.js';
import { NoveltyArchive } from '../../../src/engine/archives/novelty-archive.js';

describe('the novelty archive', () => {
  it('scores a cell by the mean of its smallest distances, its own row included', () => {
    const archive = archiveOf([
      [1, 2, 3, 4],
      [1, 2, 3, 9],
      [1, 2, 8, 9],
      [7, 7, 7, 7],
    ]);
    // Distances of the first row: 0, 1/4, 2/4, 4/4.
    assert.equal(archive.novelty([1, 2, 3, 4], 1), 0);
    assert.equal(archive.novelty([1, 2, 3, 4], 2), 1 / 8);
    assert.equal(archive.novelty([1, 2, 3, 4], 3), 1 / 4);
    assert.equal(archive.novelty([5, 5, 5, 5], 3), 1);
  });

  it('takes the mean over the rows there are, if they are fewer than k', () => {
    const archive = archiveOf([
      [1, 2],
      [1, 3],
    ]);
    assert.equal(archive.novelty([1, 2], 10), 1 / 4);
    assert.equal(archive.meanNovelty(10), 1 / 2);
  });

  it('measures rows among the others: the own row does not count', () => {
    const archive = archiveOf([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ]);
    assert.equal(archive.meanNovelty(1), 1 / 3);
    assert.equal(archive.meanNovelty(2), (1 / 2 + 1 / 2 + 1) / 3);
  });

  it('replaces rows in place', () => {
    const archive = archiveOf([
      [1, 1],
      [2, 2],
    ]);
    archive.write(0, [3, 3]);
    assert.equal(archive.size, 2);
    assert.deepEqual([...archive.row(0)], [3, 3]);
    assert.equal(archive.novelty([1, 1], 1), 1);
  });

  it('is 0 while it is empty', () => {
    const archive = new NoveltyArchive(3, 2);
    assert.equal(archive.novelty([1, 2], 5), 0);
    assert.equal(archive.meanNovelty(5), 0);
  });

  it('agrees with sorting all distances', () => {
    const rng = Rng.fromSeed(4);
    const rows = Array.from({ length: 60 }, () => Array.from({ length: 8 }, () => rng.below(4)));
    const archive = archiveOf(rows);
    for (let i = 0; i < 50; i++) {
      const cell = Array.from({ length: 8 }, () => rng.below(4));
      const distances = rows.map((row) => row.filter((value, slot) => value !== cell[slot]).length / 8);
      const nearest = distances.sort((a, b) => a - b).slice(0, 10);
      const mean = nearest.reduce((sum, distance) => sum + distance, 0) / 10;
      assert.ok(Math.abs(archive.novelty(cell, 10) - mean) < 1e-12);
    }
  });
});

function archiveOf(rows: readonly (readonly number[])[]): NoveltyArchive {
  const archive = new NoveltyArchive(rows.length, rows[0]!.length);
  rows.forEach((row, index) => archive.write(index, row));
  return archive;
}
