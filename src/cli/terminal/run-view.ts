import { newcombe, wilson } from '../../base/statistics.js';
import { isBetter } from '../../protocol/folds/summary.js';
import type { RunConfig } from '../../protocol/run-config.js';
import type { DataFacts, Phase, RunEvent, Score } from '../../protocol/run-event.js';
import type { Progress } from '../../protocol/trainer-channel.js';
import type { TrialRole } from '../../protocol/trial.js';
import type { Objective } from '../../space/objective.js';
import type { CliContext } from '../context.js';
import { duration, grouped, harmless, percent, short, table, wrapped } from './format.js';

/** Follows one run in the terminal: a live line while something moves, a plain line when something is done. */
export class RunView {
  readonly #context: CliContext;
  #phase: { readonly name: Phase; readonly total: number; readonly unit: string } | undefined;
  #supernet: Extract<RunEvent, { type: 'supernet' }> | undefined;
  #goal: Objective['goal'] = 'maximize';
  #best: Partial<Record<TrialRole, number>> = {};
  readonly #numTrials: Record<TrialRole, number> = { search: 0, baseline: 0 };
  #epoch: Extract<RunEvent, { type: 'retrain' }> | undefined;

  constructor(context: CliContext) {
    this.#context = context;
  }

  event(event: RunEvent): void {
    switch (event.type) {
      case 'started':
        this.#started(event.config, event.data);
        break;
      case 'phase':
        this.#endPhase();
        this.#phase = { name: event.phase, total: event.total, unit: event.unit };
        break;
      case 'supernet':
        this.#supernet = event;
        this.#tick(event.step);
        break;
      case 'told':
        this.#told(event);
        break;
      case 'retrain':
        this.#epoch = event;
        this.#tick(event.epoch);
        break;
      case 'finished':
        this.#endPhase();
        break;
      case 'asked':
      case 'trial_progress':
      case 'selected':
      case 'tested':
        break;
    }
  }

  progress(progress: Progress): void {
    const bar = '▓'.repeat(Math.round(12 * progress.share)).padEnd(12, '░');
    const speed = `${grouped(Math.round(progress.imagesPerSecond))} img/s`;
    const parts = [
      `${PHASE_NAMES[progress.phase as Phase]} ${progress.done}/${progress.total}`,
      ...this.#facts(),
      speed,
      `${duration(progress.remainingMs)} left`,
    ];
    this.#context.live(`${bar} ${percent(progress.share, 0)}  ${parts.join('  ')}`);
  }

  #started(config: RunConfig, data: DataFacts): void {
    const { print } = this.#context;
    this.#goal = config.objectives[0]?.goal ?? 'maximize';
    print(`${this.#context.style.bold(harmless(config.name))}  seed ${config.seed}`);
    for (const line of wrapped(`${data.name}: ${data.description}`, 90)) print(`        ${line}`);
    print(
      `        ${grouped(data.train)} training, ${grouped(data.validation)} validation, ${grouped(data.test)} test images  sha256 ${data.hash.slice(0, 12)}`,
    );
  }

  /** On a terminal the live line says it; elsewhere one plain line about every tenth of a phase. */
  #tick(done: number): void {
    const total = this.#phase?.total ?? 0;
    if (this.#context.isTerminal || total === 0) return;
    const tenth = Math.floor((10 * done) / total);
    if (tenth === this.#lastTenth) return;
    this.#lastTenth = tenth;
    const name = this.#phase === undefined ? '' : PHASE_NAMES[this.#phase.name];
    this.#context.print(`${name.padEnd(22)} ${done}/${total}  ${this.#facts().join('  ')}`);
  }

  #lastTenth = -1;

  #told(event: Extract<RunEvent, { type: 'told' }>): void {
    for (const outcome of event.outcomes) {
      this.#numTrials[event.role]++;
      const value = outcome.kind === 'measured' ? outcome.values[0] : undefined;
      const best = this.#best[event.role];
      if (value !== undefined && (best === undefined || isBetter(this.#goal, value, best)))
        this.#best[event.role] = value;
    }
    if (event.role === 'search') this.#tick(this.#numTrials.search);
  }

  #facts(): string[] {
    const phase = this.#phase?.name;
    if (phase === 'supernet' && this.#supernet !== undefined) {
      const { trainLoss, pathAccuracy } = this.#supernet;
      return [`loss ${trainLoss.toFixed(3)}`, `path ${percent(pathAccuracy)}`];
    }
    if (phase === 'selection' || phase === 'search') {
      const line = [`best ${percent(this.#best.search ?? 0)}`];
      if (this.#best.baseline !== undefined) {
        line.push(`random baseline ${percent(this.#best.baseline)} (${this.#numTrials.baseline} trials)`);
      }
      return line;
    }
    if (this.#epoch !== undefined && (phase === 'retrain' || phase === 'baseline_retrain')) {
      return [
        `loss ${this.#epoch.trainLoss.toFixed(3)}`,
        `validation ${percent(this.#epoch.validationAccuracy)}`,
      ];
    }
    return [];
  }

  #endPhase(): void {
    if (this.#phase === undefined) return;
    const { name, total, unit } = this.#phase;
    if (this.#context.isTerminal && name !== 'test') {
      const facts = this.#facts().join('  ');
      this.#context.print(`${PHASE_NAMES[name].padEnd(22)} ${`${total} ${unit}`.padEnd(14)} ${facts}`);
    }
    this.#phase = undefined;
    this.#lastTenth = -1;
  }
}

export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  supernet: 'supernet',
  selection: 'selection',
  search: 'search',
  retrain: 'retraining',
  baseline_retrain: 'retraining baseline',
  test: 'test',
};

type Tested = Extract<RunEvent, { type: 'tested' }>;

/** The end of a run as a table: what was tested, with intervals, and whether the search beat its baseline. */
export function resultLines(events: readonly RunEvent[]): string[] {
  const tested = events.filter((event): event is Tested => event.type === 'tested');
  if (tested.length === 0) return [];
  const selected = new Map<TrialRole, Score>();
  for (const event of events) if (event.type === 'selected') selected.set(event.role, event.validation);
  const rows = tested.map((one) => {
    const interval = wilson(one.test.correct, one.test.of);
    const validation = selected.get(one.role);
    return [
      one.role === 'search' ? 'search' : 'random baseline',
      validation === undefined ? '–' : `${percent(validation.correct / validation.of)} ${validation.weights}`,
      percent(one.test.correct / one.test.of, 2),
      `${percent(interval.low, 2)} – ${percent(interval.high, 2)}`,
      short(one.parameters),
      short(one.macs),
    ];
  });
  const head = ['winner of', 'validation', 'test, retrained', '95 % interval', 'parameters', 'MACs'];
  return [...table([head, ...rows]), ...verdict(tested).flatMap((line) => wrapped(line, 100))];
}

function verdict(tested: readonly Tested[]): string[] {
  const search = tested.find((one) => one.role === 'search');
  const baseline = tested.find((one) => one.role === 'baseline');
  if (search === undefined || baseline === undefined) return [];
  const difference = search.test.correct / search.test.of - baseline.test.correct / baseline.test.of;
  const { low, high } = newcombe(search.test, baseline.test);
  const points = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(2)}`;
  const numbers = `${points(difference)} points, 95 % interval ${points(low)} to ${points(high)}`;
  if (low > 0) return [`The search beat random search at equal cost (${numbers}).`];
  if (high < 0) return [`The search lost to random search at equal cost (${numbers}).`];
  return [
    `The search did not beat random search at equal cost: no significant difference (${numbers}; one seed).`,
  ];
}
