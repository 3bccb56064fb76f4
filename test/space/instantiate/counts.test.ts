import assert from 'node:assert/strict';
import { cost } from '../../../src/graph/cost.js';
import { Instantiator, instantiate } from '../../../src/space/instantiate/instantiator.js';
import type { Scale, SearchSpace } from '../../../src/space/search-space.js';
import { DARTS_V2, ENNAS, ENNAS_PR, fromPairs } from '../../fixtures/genotypes.js';
import {
  EVALUATE_SCALE,
  SEARCH_SCALE,
  dartsSpace,
  en2asSpace,
  imageNetSpace,
} from '../../fixtures/spaces.js';

describe('Parameter counts published by the authors', () => {
  const supernets: [channels: number, cells: number, expected: number][] = [
    [16, 8, 1_930_618],
    [4, 2, 65_606],
    [8, 3, 209_442],
    [8, 5, 394_210],
  ];
  for (const [channels, cells, expected] of supernets) {
    it(`are those of the supernet with C ${channels} and ${cells} cells`, () => {
      const scale: Scale = { ...SEARCH_SCALE, channels, cells };
      const supernet = new Instantiator(en2asSpace(), { scale, weights: 'supernet' });
      assert.equal(cost(supernet.buildAll()).parameters, expected);
    });
  }

  const finals: [name: string, space: SearchSpace, cells: Record<string, string>, expected: number][] = [
    ['ENNAS on CIFAR-10', en2asSpace(), ENNAS, 3_083_014],
    ['ENNAS_PR on CIFAR-10', en2asSpace(), ENNAS_PR, 2_263_078],
    ['DARTS_V2 on CIFAR-10', dartsSpace(), DARTS_V2, 3_349_342],
    ['ENNAS on ImageNet', imageNetSpace(), ENNAS, 4_484_512],
  ];
  for (const [name, space, cells, expected] of finals) {
    it(`are those of ${name}, the auxiliary head left out`, () => {
      const scale = { ...(space.scales.at(-1) ?? EVALUATE_SCALE), auxiliary: 0 };
      const graph = instantiate(space, fromPairs(space, cells), { scale, weights: 'standalone' });
      assert.equal(cost(graph).parameters, expected);
    });
  }
});
