import type { Rng } from '../../base/rng.js';
import { NoveltyArchive } from '../archives/novelty-archive.js';
import type { CellGenes } from './cell-genes.js';

/**
 * Evolution strategy on novelty for one cell type, N rows of G genes (N: `population`). One step, from a random row θ:
 *
 *     εᵢ ~ N(0, I), i = 1 … n        Nᵢ = novelty(clip(round(θ + σ·εᵢ)))
 *     zᵢ = (Nᵢ − mean N) / std N     θ ← θ + α/(n·σ)·Σ zᵢ·εᵢ
 *
 * which is the update of NS-ES (Conti et al., NeurIPS 2018, eq. 4) with standardised novelties. Where all Nᵢ are equal
 * there is no direction, and θ stays. clip(round(θ)) is what the supernet trains and what the archive keeps; θ itself
 * may leave the legal range (clipping it lowered the novelty reached).
 */
export class NoveltyAscent {
  /** (S,) options of the last proposal. */
  readonly proposed: Int16Array;
  readonly #cell: CellGenes;
  readonly #options: AscentOptions;
  readonly #archive: NoveltyArchive;
  /** (N, G) */
  readonly #population: Float64Array;
  /** (G,) genes of the last proposal. */
  readonly #genes: Float64Array;
  /** (n, G) */
  readonly #noise: Float64Array;
  /** (n,) */
  readonly #novelties: Float64Array;
  /** (G,), (S,) of the candidate being scored. */
  readonly #candidate: Float64Array;
  readonly #scored: Int16Array;
  #row = 0;

  constructor(cell: CellGenes, options: AscentOptions) {
    const numGenes = cell.highs.length;
    this.#cell = cell;
    this.proposed = new Int16Array(cell.numSlots);
    this.#options = options;
    this.#archive = new NoveltyArchive(options.population, cell.numSlots);
    this.#population = new Float64Array(options.population * numGenes);
    this.#genes = new Float64Array(numGenes);
    this.#noise = new Float64Array(options.noises * numGenes);
    this.#novelties = new Float64Array(options.noises);
    this.#candidate = new Float64Array(numGenes);
    this.#scored = new Int16Array(cell.numSlots);
  }

  /** Starts row `row` anew from a trained cell, (S,) options. */
  replace(row: number, options: Int16Array): void {
    this.#cell.toGenes(options, this.#genes);
    this.#population.set(this.#genes, row * this.#genes.length);
    this.#archive.write(row, options);
  }

  /** Steps from a random row; nothing is kept before `accept`. */
  propose(rng: Rng): void {
    const G = this.#genes.length;
    this.#row = rng.below(this.#archive.size);
    this.#genes.set(this.#population.subarray(this.#row * G, (this.#row + 1) * G));
    this.#score(rng);
    this.#step();
    this.#cell.toOptions(this.#genes, this.proposed);
  }

  /** The last proposal becomes its row. */
  accept(): void {
    this.#population.set(this.#genes, this.#row * this.#genes.length);
    this.#archive.write(this.#row, this.proposed);
  }

  /** (S,) options of row `row`, as they were trained last. */
  row(row: number): Int16Array {
    return this.#archive.row(row);
  }

  /** Mean kNN novelty of the trained cells among each other. */
  meanNovelty(): number {
    return this.#archive.meanNovelty(this.#options.k);
  }

  /** Draws the noise and scores θ + σ·ε. */
  #score(rng: Rng): void {
    const G = this.#genes.length;
    const { sigma, k } = this.#options;
    for (let i = 0; i < this.#novelties.length; i++) {
      for (let g = 0; g < G; g++) {
        const noise = rng.normal();
        this.#noise[i * G + g] = noise;
        this.#candidate[g] = this.#genes[g]! + sigma * noise;
      }
      this.#cell.toOptions(this.#candidate, this.#scored);
      this.#novelties[i] = this.#archive.novelty(this.#scored, k);
    }
  }

  #step(): void {
    const n = this.#novelties.length;
    const G = this.#genes.length;
    const mean = this.#novelties.reduce((sum, value) => sum + value, 0) / n;
    const std = Math.sqrt(this.#novelties.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
    if (std === 0) return;
    const rate = this.#options.alpha / (n * this.#options.sigma);
    for (let g = 0; g < G; g++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += ((this.#novelties[i]! - mean) / std) * this.#noise[i * G + g]!;
      this.#genes[g]! += rate * sum;
    }
  }
}

export interface AscentOptions {
  readonly population: number;
  readonly sigma: number;
  readonly alpha: number;
  /** Neighbours in the novelty. */
  readonly k: number;
  readonly noises: number;
}
