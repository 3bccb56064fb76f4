import type { Phase } from '../../protocol/run-event.js';
import type { WorkMeter } from '../training/work-meter.js';
import type { RunHost } from './run-host.js';
import type { PlannedPhase } from './run-plan.js';

/** Tells the host about twice a second where the run is and how long it will take. Decides nothing. */
export class RunProgress {
  readonly #plan: readonly PlannedPhase[];
  readonly #host: Pick<RunHost, 'progress' | 'now' | 'log'>;
  readonly #meter: WorkMeter;
  readonly #startedMs: number;
  readonly #wholeCost: number;
  /** Share of the run when the first phase of this process began. */
  #shareAtStart: number | undefined;
  #phase: Phase = 'supernet';
  #done = 0;
  #total = 1;
  #share = 0;

  constructor(
    plan: readonly PlannedPhase[],
    host: Pick<RunHost, 'progress' | 'now' | 'log'>,
    meter: WorkMeter,
  ) {
    this.#plan = plan;
    this.#host = host;
    this.#meter = meter;
    this.#startedMs = host.now();
    this.#wholeCost = costOf(plan);
  }

  begin(phase: Phase, total: number): void {
    this.#phase = phase;
    this.#total = total;
    this.at(0);
  }

  /** `done` units of the phase are finished; `fraction` of its work, where that is not `done` / total. */
  at(done: number, fraction = done / Math.max(1, this.#total)): void {
    this.#done = done;
    const index = this.#plan.findIndex(({ phase }) => phase === this.#phase);
    const before = index < 0 ? this.#wholeCost : costOf(this.#plan.slice(0, index));
    const own = index < 0 ? 0 : this.#plan[index]!.cost;
    this.#share = Math.min(1, (before + own * Math.min(1, fraction)) / Math.max(1, this.#wholeCost));
  }

  /** So much more work (images × MACs) is finished since the last `at`, in the midst of a unit. */
  worked(cost: number): void {
    this.#share = Math.min(1, this.#share + cost / Math.max(1, this.#wholeCost));
  }

  /** Expected work of the phase under way, images × MACs. */
  get phaseCost(): number {
    return this.#plan.find(({ phase }) => phase === this.#phase)?.cost ?? 0;
  }

  /** Reports if the last report is half a second old. */
  tick(): void {
    this.#shareAtStart ??= this.#share;
    if (this.#meter.elapsedMs < REPORT_MS) return;
    const { imagesPerSecond, overhead } = this.#meter.take();
    this.#host.progress({
      phase: this.#phase,
      done: this.#done,
      total: this.#total,
      share: this.#share,
      imagesPerSecond,
      remainingMs: this.#remainingMs(this.#shareAtStart),
      overhead,
    });
  }

  #remainingMs(shareAtStart: number): number {
    const gained = this.#share - shareAtStart;
    const elapsedMs = this.#host.now() - this.#startedMs;
    return gained > 0 ? (elapsedMs * (1 - this.#share)) / gained : 0;
  }
}

const REPORT_MS = 500;

function costOf(phases: readonly PlannedPhase[]): number {
  return phases.reduce((sum, { cost }) => sum + cost, 0);
}
