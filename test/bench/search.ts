/**
 * Runs the first search of a `.nas` file in this process and prints where the time went.
 *
 *     npx tsx test/bench/search.ts [FILE] [--threads N] [--seed S]      default: examples/en2as-digits.nas, 2 threads
 *
 * Prints one line per phase (wall time, images per second, share of planning, sampling and loading) and the result.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { WasmBackend } from '../../src/engine/backend/wasm/backend.js';
import { loadData } from '../../src/engine/datasets/load-data.js';
import { driverFor } from '../../src/engine/search/driver-for.js';
import { compileText } from '../../src/language/index.js';
import type { RunEventBody } from '../../src/protocol/run-event.js';
import type { Progress } from '../../src/protocol/trainer-channel.js';
import { digitsUrl } from '../engine/datasets/digits-file.js';
import { MemoryHost } from '../fixtures/memory-host.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: 'string', default: '2' }, seed: { type: 'string', default: '1' } },
});
const file = positionals[0] ?? 'examples/en2as-digits.nas';
const { searches, diagnostics } = await compileText(readFileSync(file, 'utf8'), file);
const compiled = searches[0];
if (compiled === undefined) throw new Error(`${file}: ${JSON.stringify(diagnostics)}`);
const config = { ...compiled.config, seed: Number(values.seed) };

/** Measures phases by the clock; all else as in tests. */
class TimingHost extends MemoryHost {
  #phase = 'start';
  #startedMs = performance.now();
  #reports: Progress[] = [];

  override emit(body: RunEventBody): Promise<void> {
    if (body.type === 'phase' || body.type === 'finished')
      this.#endPhase(body.type === 'phase' ? body.phase : 'end');
    if (body.type === 'supernet' || body.type === 'retrain') console.log(summary(body));
    return super.emit(body);
  }

  override checkpoint(): Promise<void> {
    return Promise.resolve();
  }

  override progress(progress: Progress): void {
    this.#reports.push(progress);
  }

  override now(): number {
    return performance.now();
  }

  #endPhase(next: string): void {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const mean = (value: (report: Progress) => number): number =>
      this.#reports.reduce((sum, report) => sum + value(report), 0) / Math.max(1, this.#reports.length);
    const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
    console.log(
      `${this.#phase}: ${seconds.toFixed(1)} s, ${mean((report) => report.imagesPerSecond).toFixed(0)} images/s,`,
      `plan ${share(mean((report) => report.overhead.plan))},`,
      `sample ${share(mean((report) => report.overhead.sample))},`,
      `load ${share(mean((report) => report.overhead.load))}`,
    );
    this.#phase = next;
    this.#reports = [];
    this.#startedMs = performance.now();
  }
}

function summary(body: Extract<RunEventBody, { type: 'supernet' | 'retrain' }>): string {
  if (body.type === 'retrain') {
    return `  ${body.role} epoch ${body.epoch}: train ${body.trainLoss.toFixed(3)}, validation ${body.validationAccuracy.toFixed(4)}`;
  }
  return `  step ${body.step}: loss ${body.trainLoss.toFixed(3)}, accuracy ${body.trainAccuracy.toFixed(3)}, path ${body.pathAccuracy.toFixed(3)}, ${JSON.stringify(body.sampler)}`;
}

const data = await loadData(config.data, { seed: config.seed, dataFolder: 'data', digitsUrl: digitsUrl() });
using backend = new WasmBackend({ threads: Number(values.threads) });
// Threads of the device start while this one waits.
await new Promise((resolve) => setTimeout(resolve, 300));
console.log(`${config.name} on ${data.facts.name}, ${backend.description.label}, seed ${config.seed}`);
const host = new TimingHost();
const startedMs = performance.now();
await driverFor(config)({ config, data, backend, host });
console.log(`whole: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
for (const event of host.events) {
  if (event.type === 'selected' || event.type === 'tested') console.log(JSON.stringify(event));
}
const told = host.events.filter((event) => event.type === 'told');
for (const role of ['search', 'baseline'] as const) {
  const outcomes = told.filter((event) => event.role === role).flatMap((event) => event.outcomes);
  console.log(
    role,
    outcomes.map((one) => (one.kind === 'measured' ? one.values[0]?.toFixed(3) : one.reason)).join(' '),
  );
}
console.log('cost', JSON.stringify(told.at(-1)?.cost));
