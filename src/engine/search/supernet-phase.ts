import type { OneShotConfig } from '../../protocol/run-config.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { evaluationBatches } from '../datasets/batches.js';
import type { BatchSource } from '../datasets/data.js';
import { makeSampler } from '../strategies/make-sampler.js';
import type { PathSampler } from '../strategies/path-sampler.js';
import { pathTrainingMacs } from '../supernet/path-cost.js';
import type { Supernet } from '../supernet/supernet.js';
import { countCorrect } from '../training/measure.js';
import { divergedError, sgdUpdate } from '../training/network-training.js';
import { packWeights, unpackWeights } from '../training/packed-weights.js';
import { cosineRate } from '../training/schedule.js';
import type { Workplace } from '../training/workplace.js';
import { compile, nextBatch } from '../training/workplace.js';
import type { SavedState } from './saved-state.js';
import type { SearchRun } from './search-run.js';

/**
 * Trains the supernet: each step one sampled path on one batch of training images. On a resumed run the weights come
 * from the checkpoint, and the sampler is brought to where it was by as many calls.
 */
export async function trainSupernet(
  run: SearchRun,
  method: OneShotConfig,
  supernet: Supernet,
): Promise<void> {
  const { steps, checkpointEvery } = method.supernet;
  using phase = new SupernetPhase(run, method, supernet);
  await run.enter('supernet', steps, 'steps');
  const workplace = run.workplace(() => phase.checkpoint());
  while (phase.step < steps) {
    run.progress.at(phase.step);
    await workplace.pause();
    await phase.trainStep(workplace);
    if (phase.step % checkpointEvery === 0 || phase.step === steps) await phase.checkpoint();
  }
}

type Sums = NonNullable<SavedState['supernet']>['since'];

const NO_SUMS: Sums = { steps: 0, loss: 0, correct: 0, images: 0, gradientNorm: 0 };

class SupernetPhase implements Disposable {
  step = 0;
  readonly #run: SearchRun;
  readonly #config: OneShotConfig['supernet'];
  readonly #supernet: Supernet;
  readonly #sampler: PathSampler;
  readonly #batches: BatchSource;
  readonly #validation: BatchSource;
  #since = NO_SUMS;

  constructor(run: SearchRun, { supernet: config, sampler }: OneShotConfig, supernet: Supernet) {
    const { data, rng } = run;
    this.#run = run;
    this.#config = config;
    this.#supernet = supernet;
    this.#sampler = makeSampler(sampler, run.config.space, rng.fork('sampler'));
    const options = { batch: config.batch, augmentation: run.config.data.augmentation };
    this.#batches = run.makeBatches(data, options, rng.fork('supernet batches'));
    this.#validation = evaluationBatches(
      data.validation,
      data,
      Math.min(config.batch, data.validation.count),
    );
    this.#restore();
  }

  async trainStep(workplace: Workplace): Promise<void> {
    const { meter } = workplace;
    const path = meter.time('sample', () => this.#sampler.next());
    const learningRate = this.#rate(this.step);
    this.#trainOn(path, learningRate, workplace);
    this.step++;
    if (this.step % this.#config.reportEvery === 0 || this.step === this.#config.steps) {
      await this.#report(path, learningRate, workplace);
    }
  }

  async checkpoint(): Promise<void> {
    const { keys, weights } = this.#supernet;
    this.#run.blobs.set('supernet', packWeights({ keys, weights, momenta: true, metadata: {} }));
    const cost = this.#run.state.cost.search;
    this.#run.change({ supernet: { step: this.step, cost, since: this.#since } });
    await this.#run.checkpoint();
  }

  [Symbol.dispose](): void {
    this.#batches[Symbol.dispose]();
    this.#validation[Symbol.dispose]();
  }

  #restore(): void {
    const saved = this.#run.state.supernet;
    const bytes = this.#run.blobs.get('supernet');
    if (saved === undefined || bytes === undefined) return;
    unpackWeights(bytes, 'The checkpoint of the supernet', this.#supernet.weights);
    this.step = saved.step;
    this.#since = saved.since;
    if (saved.step === this.#config.steps) return;
    for (let step = 0; step < saved.step; step++) this.#sampler.next();
  }

  #rate(step: number): number {
    const { learningRate, finalLearningRate, steps } = this.#config;
    return cosineRate(learningRate, finalLearningRate, step, steps);
  }

  #trainOn(path: ChoiceArchitecture, learningRate: number, workplace: Workplace): void {
    const { batch } = this.#config;
    const graph = workplace.meter.time('plan', () => this.#supernet.network(path));
    using program = compile(workplace, graph, { batch, outputs: ['loss', 'logits'], train: true });
    const feeds = nextBatch(workplace, this.#batches, this.step);
    const { outputs, gradientNorm } = program.run(feeds, this.#supernet.weights, {
      statistics: { kind: 'batch' },
      update: sgdUpdate(this.#config, learningRate),
    });
    const loss = outputs['loss']![0]!;
    if (!Number.isFinite(loss)) throw divergedError(`Supernet training at step ${this.step + 1}`);
    this.#since = {
      steps: this.#since.steps + 1,
      loss: this.#since.loss + loss,
      correct: this.#since.correct + countCorrect(outputs['logits']!, feeds.label),
      images: this.#since.images + batch,
      gradientNorm: this.#since.gradientNorm + gradientNorm,
    };
    workplace.meter.addImages(batch);
    const macs = workplace.meter.time('plan', () => pathTrainingMacs(graph));
    this.#run.spend('search', batch * macs);
  }

  async #report(path: ChoiceArchitecture, learningRate: number, workplace: Workplace): Promise<void> {
    const { steps, loss, correct, images, gradientNorm } = this.#since;
    this.#since = NO_SUMS;
    await this.#run.emit({
      type: 'supernet',
      step: this.step,
      trainLoss: loss / steps,
      trainAccuracy: correct / images,
      learningRate,
      gradientNorm: gradientNorm / steps,
      architecture: path,
      pathAccuracy: this.#pathAccuracy(path, workplace),
      sampler: workplace.meter.time('sample', () => this.#sampler.facts()),
    });
  }

  /** Of the path on one validation batch, with the batch's own statistics. For display: its cost is not counted. */
  #pathAccuracy(path: ChoiceArchitecture, workplace: Workplace): number {
    const batch = Math.min(this.#config.batch, this.#run.data.validation.count);
    const numWhole = Math.floor(this.#run.data.validation.count / batch);
    const report = Math.floor(this.step / this.#config.reportEvery);
    const feeds = nextBatch(workplace, this.#validation, report % numWhole);
    const graph = this.#supernet.network(path);
    using program = compile(workplace, graph, { batch, outputs: ['logits'], train: false });
    const { outputs } = program.run(feeds, this.#supernet.weights, { statistics: { kind: 'batch' } });
    return countCorrect(outputs['logits']!, feeds.label) / batch;
  }
}
