/**
 * Novelty and balance of the path samplers over 3,000 steps on EN²AS' cell space: mean kNN-10 novelty of the cells trained
 * last, and the least used slot relative to uniform picks (1 = perfectly balanced), of the normal cell.
 *
 *     npx tsx test/bench/samplers.ts [SEEDS]      default: 5
 *
 * For samplers without an archive the novelty is that of the last N cells. Beside it the table of
 * specs/en2as-milenas-e2rnas.md 5.2 (N = 100, two different inputs per node at the start), and the speed of one step.
 */
import { Rng } from '../../src/base/rng.js';
import { NoveltyArchive } from '../../src/engine/archives/novelty-archive.js';
import { SlotUsage } from '../../src/engine/archives/slot-usage.js';
import { cellGenesOf } from '../../src/engine/strategies/cell-genes.js';
import { makeSampler } from '../../src/engine/strategies/make-sampler.js';
import { NoveltyAscent } from '../../src/engine/strategies/novelty-ascent.js';
import type { SamplerConfig } from '../../src/protocol/run-config.js';
import { distinctCell } from '../fixtures/distinct-cell.js';
import { en2asSpace } from '../fixtures/spaces.js';

const NUM_STEPS = 3000;
const N = 100;
const K = 10;
const seeds = Array.from({ length: Number(process.argv[2] ?? 5) }, (_, seed) => seed);
const space = en2asSpace();
const cell = cellGenesOf(space, 'novelty')[0]!;

const repaired = (alpha: number): SamplerConfig => ({
  kind: 'novelty',
  mode: 'repaired',
  population: N,
  sigma: 1,
  alpha,
  k: K,
  noises: 10,
  warmup: N,
});

console.log(
  `Samplers as a run uses them: ${NUM_STEPS} steps, ${seeds.length} seeds, mean ± standard deviation`,
);
for (const [name, config] of [
  ['uniform', { kind: 'uniform' }],
  ['novelty (repaired), α = 0.1', repaired(0.1)],
  ['novelty (repaired), α = 1', repaired(1)],
  ['count, best of 10', { kind: 'count', candidates: 10 }],
  ['count, best of 100', { kind: 'count', candidates: 100 }],
] as const) {
  const runs = seeds.map((seed) => runSampler(config, seed));
  print(name, runs, median(runs.map(({ stepUs }) => stepUs)));
}

console.log(`\nThe table of the specification: ${N} cells, starts with two different inputs per node`);
print(
  'random',
  seeds.map((seed) => runAscent(undefined, seed)),
);
for (const alpha of [0.1, 1]) {
  print(
    `repaired, α = ${alpha}`,
    seeds.map((seed) => runAscent(alpha, seed)),
  );
}
console.log('expected: random .745, repaired α = 1 .819');

const full = new NoveltyArchive(1000, cell.numSlots);
const rng = Rng.fromSeed(1);
for (let row = 0; row < full.capacity; row++) full.write(row, distinctCell(rng));
const scoringUs = Array.from({ length: 200 }, () => {
  const scored = distinctCell(rng);
  const startedMs = performance.now();
  for (let i = 0; i < 10; i++) full.novelty(scored, K);
  return 100 * (performance.now() - startedMs);
});
console.log(`\nOne scoring among 1,000 cells: median ${median(scoringUs).toFixed(1)} µs`);

interface Run {
  readonly novelty: number;
  readonly balance: number;
}

function runSampler(config: SamplerConfig, seed: number): Run & { readonly stepUs: number } {
  const sampler = makeSampler(config, space, Rng.fromSeed(seed));
  const last = new NoveltyArchive(N, cell.numSlots);
  const startedMs = performance.now();
  for (let step = 0; step < NUM_STEPS; step++) last.write(step % N, cell.optionsOf(sampler.next()));
  const stepUs = (1000 * (performance.now() - startedMs)) / NUM_STEPS;
  const { novelty, balance } = sampler.facts();
  return { novelty: novelty?.[cell.name] ?? last.meanNovelty(K), balance: balance[cell.name]!, stepUs };
}

function runAscent(alpha: number | undefined, seed: number): Run {
  const rng = Rng.fromSeed(seed);
  const ascent = new NoveltyAscent(cell, { population: N, sigma: 1, alpha: alpha ?? 0, k: K, noises: 10 });
  const usage = new SlotUsage(cell.groups);
  for (let row = 0; row < N; row++) ascent.replace(row, distinctCell(rng));
  for (let step = 0; step < NUM_STEPS; step++) {
    if (alpha === undefined) {
      ascent.replace(rng.below(N), distinctCell(rng));
      usage.add(distinctCell(rng));
    } else {
      ascent.propose(rng);
      ascent.accept();
      usage.add(ascent.proposed);
    }
  }
  return { novelty: ascent.meanNovelty(), balance: usage.balance() };
}

function print(name: string, runs: readonly Run[], stepUs?: number): void {
  const cells = [runs.map((run) => run.novelty), runs.map((run) => run.balance)].map(meanAndDeviation);
  const speed = stepUs === undefined ? '' : `  ${stepUs.toFixed(0).padStart(5)} µs a step`;
  console.log(`${name.padEnd(28)} novelty ${cells[0]}  balance ${cells[1]}${speed}`);
}

function meanAndDeviation(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return `${mean.toFixed(4)} ± ${Math.sqrt(variance).toFixed(4)}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
