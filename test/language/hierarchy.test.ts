import { check } from './check.js';
import { exampleText } from './examples.js';

describe('language: hierarchies', () => {
  const table: readonly (readonly [what: string, from: string, to: string, expected: string])[] = [
    [
      'generators with too many neighbours',
      'k: 2..5',
      'k: 12..15',
      '5:20 error NAS151 level `top` joins each node to 12 others, but has at most 10 nodes',
    ],
    ['an empty range', 'nodes: 3..10', 'nodes: 10..3', '5:42 error NAS140 the range 10..3 is empty'],
    [
      'a probability above 1',
      'p: 0.1..0.9',
      'p: 0.1..1.9',
      '5:61 error NAS102 `p` of `watts_strogatz` is 1.9, outside 0..1',
    ],
    ['a missing parameter', 'k: 2..5, ', '', '5:20 error NAS102 `watts_strogatz` needs `k` (a whole number)'],
    ['a log range from 0', 'p: 0.1..0.9', 'p: 0..0.9 log', '5:61 error NAS140 a log range cannot begin at 0'],
    [
      'an op for a generator',
      'watts_strogatz(nodes: 3..10, k: 2..5, p: 0.1..0.9)',
      'relu',
      '5:20 error NAS101 `relu` is an op, but here stands a generator',
    ],
    [
      'stages without channels',
      'stages 1',
      'stages 0',
      '8:12 error NAS102 the stages are whole multiples of the first channels',
    ],
  ];
  for (const [what, from, to, expected] of table) {
    it(`reports ${what}`, () => check(exampleText('nago').replace(from, to), expected));
  }
});
