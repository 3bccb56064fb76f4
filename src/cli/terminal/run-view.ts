import { newcombe, wilson } from '../../base/statistics.js';
import { isBetter } from '../../protocol/folds/summary.js';
import type { RunConfig } from '../../protocol/run-config.js';
import type { DataFacts, Phase, RunEvent, Score } from '../../protocol/run-event.js';
import type { Progress } from '../../protocol/trainer-channel.js';
import type { TrialRole } from '../../protocol/trial.js';
import type { Objective } from '../../space/objective.js';
import type { CliContext } from '../context.js';
import { duration, grouped, harmless, percent, progressBar, short, table, wrapped } from './format.js';

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
    this.#context.live([
      progressBar(progress.share),
      `${PHASE_NAMES[progress.phase as Phase]} ${grouped(progress.done)}/${grouped(progress.total)}`,
      `${duration(progress.remainingMs)} left`,
      ...this.#facts(),
      `${grouped(Math.round(progress.imagesPerSecond))} img/s`,
    ]);
  }

  #started(config: RunConfig, data: DataFacts): void {
    const { print } = this.#context;
    this.#goal = config.objectives[0]?.goal ?? 'maximize';
    print(`${this.#context.style.bold(harmless(config.name))}  seed ${config.seed}`);
    const images = `${grouped(data.train)} training, ${grouped(data.validation)} validation, ${grouped(data.test)} test images, sha256 ${data.hash.slice(0, 12)}`;
    for (const text of [`${data.name}: ${harmless(data.description, 500)}`, images]) {
      for (const line of wrapped(text, this.#context.width - INDENT.length)) print(`${INDENT}${line}`);
    }
  }

  /** On a terminal the live line says it; elsewhere one plain line about every tenth of a phase. */
  #tick(done: number): void {
    const total = this.#phase?.total ?? 0;
    if (this.#context.isTerminal || total === 0) return;
    const tenth = Math.floor((10 * done) / total);
    if (tenth === this.#lastTenth) return;
    this.#lastTenth = tenth;
    const name = this.#phase === undefined ? '' : PHASE_NAMES[this.#phase.name];
    const amount = `${grouped(done)}/${grouped(total)}`;
    this.#context.print(`${name.padEnd(22)} ${amount.padEnd(14)} ${this.#facts().join('  ')}`.trimEnd());
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
      const line = this.#best.search === undefined ? [] : [`best ${percent(this.#best.search)}`];
      if (this.#best.baseline !== undefined) {
        const count = this.#numTrials.baseline;
        const trials = `${grouped(count)} ${count === 1 ? 'trial' : 'trials'}`;
        line.push(`random baseline ${percent(this.#best.baseline)} (${trials})`);
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
      const amount = `${grouped(total)} ${total === 1 ? unit.slice(0, -1) : unit}`;
      this.#context.print(`${PHASE_NAMES[name].padEnd(22)} ${amount.padEnd(14)} ${facts}`.trimEnd());
    }
    this.#phase = undefined;
    this.#lastTenth = -1;
  }
}

const INDENT = ' '.repeat(8);

export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  supernet: 'supernet',
  selection: 'selection',
  search: 'search',
  retrain: 'retraining',
  baseline_retrain: 'retraining baseline',
  test: 'test',
};

/** Where lines go. */
export type Page = Pick<CliContext, 'width' | 'style'>;

type Tested = Extract<RunEvent, { type: 'tested' }>;

/** The end of a run as a table: what was tested, with intervals, and whether the search beat its baseline. */
export function resultLines(events: readonly RunEvent[], { width, style }: Page): string[] {
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
  const said = verdict(tested).flatMap((line) => wrapped(line, width));
  return [...table([head, ...rows]), '', ...said.map((line) => style.bold(line))];
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
