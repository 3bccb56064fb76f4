import { present } from '../../base/assert.js';
import { Rng } from '../../base/rng.js';
import type { DataFacts, Phase, RunEvent, RunEventBody } from '../../protocol/run-event.js';
import type { RunConfig } from '../../protocol/run-config.js';
import type { Outcome, TrialId, TrialRole } from '../../protocol/trial.js';
import type { Architecture } from '../../space/architecture.js';
import type { Backend } from '../backend/backend.js';
import { trainingBatches } from '../datasets/batches.js';
import type { SearchData } from '../datasets/data.js';
import type { MakeBatches } from '../training/network-training.js';
import { WorkMeter } from '../training/work-meter.js';
import type { Workplace } from '../training/workplace.js';
import type { DriverContext, RunHost } from './run-host.js';
import { planRun } from './run-plan.js';
import { RunProgress } from './run-progress.js';
import type { SavedState } from './saved-state.js';
import { FRESH_STATE, parseSavedState } from './saved-state.js';

/**
 * A run as its driver's steps see it: the configuration, the data without the test split, the device, and the one way
 * to the outside. Keeps what a checkpoint must hold and knows which events are out already.
 */
export class SearchRun {
  readonly config: RunConfig;
  readonly data: SearchData;
  readonly backend: Backend;
  readonly host: RunHost;
  readonly makeBatches: MakeBatches;
  /** Root of all randomness; only forked. */
  readonly rng: Rng;
  readonly meter: WorkMeter;
  readonly progress: RunProgress;
  /** Large parts of a checkpoint, by name. Packed weights that did not change stay the same array. */
  readonly blobs = new Map<string, Uint8Array>();
  /** The events that the checkpoint covered from which this process went on; empty on a fresh start. */
  readonly pastEvents: readonly RunEvent[];
  #state: SavedState = FRESH_STATE;
  readonly #phases = new Set<Phase>();
  readonly #selected = new Map<TrialRole, SelectedEvent>();
  readonly #architectures = new Map<TrialId, Architecture>();
  readonly #outcomes = new Map<TrialRole, Outcome[]>();
  #numTrials = 0;

  constructor({ config, data, backend, host, makeBatches, resume }: DriverContext) {
    this.config = config;
    this.data = data.search;
    this.backend = backend;
    this.host = host;
    this.makeBatches = makeBatches ?? trainingBatches;
    this.rng = Rng.fromSeed(config.seed);
    this.meter = new WorkMeter(() => host.now());
    this.progress = new RunProgress(planRun(config, data.search), host, this.meter);
    this.pastEvents = resume?.events ?? [];
    if (resume === undefined) return;
    this.#state = parseSavedState(resume.state);
    for (const [name, bytes] of Object.entries(resume.blobs)) this.blobs.set(name, bytes);
    for (const event of resume.events) this.#remember(event);
  }

  get state(): SavedState {
    return this.#state;
  }

  /** Changes parts of what the next checkpoint holds; undefined removes a part. */
  change(parts: StateParts): void {
    const { cost, best, supernet, training } = { ...this.#state, ...parts };
    this.#state = { cost, best, ...(supernet && { supernet }), ...(training && { training }) };
  }

  /** Adds images × MACs to what a role has spent. */
  spend(role: TrialRole, cost: number): void {
    const { search, baseline } = this.#state.cost;
    const spent =
      role === 'search' ? { search: search + cost, baseline } : { search, baseline: baseline + cost };
    this.change({ cost: spent });
  }

  /** Opens the log of a fresh run. */
  async start(facts: DataFacts): Promise<void> {
    if (this.pastEvents.length === 0) await this.emit({ type: 'started', config: this.config, data: facts });
  }

  async emit(body: RunEventBody): Promise<void> {
    this.#remember(body);
    await this.host.emit(body);
  }

  /** Begins a phase, or goes on with the one that a checkpoint was in. */
  async enter(phase: Phase, total: number, unit: PhaseUnit): Promise<void> {
    this.progress.begin(phase, total);
    if (!this.#phases.has(phase)) await this.emit({ type: 'phase', phase, total, unit });
  }

  /** The event that ended the search of this role, if it is out. */
  selected(role: TrialRole): SelectedEvent | undefined {
    return this.#selected.get(role);
  }

  /** Finished trials of a role, oldest first. */
  outcomes(role: TrialRole): readonly Outcome[] {
    return this.#outcomes.get(role) ?? [];
  }

  architectureOf(trial: TrialId): Architecture {
    return present(this.#architectures.get(trial), `trial ${trial}`);
  }

  newTrial(): TrialId {
    return this.#numTrials++ as TrialId;
  }

  async checkpoint(): Promise<void> {
    await this.host.checkpoint({ ...this.#state }, Object.fromEntries(this.blobs));
  }

  /**
   * Where work is done. `beforeStop` saves what the last checkpoint lacks; work that is lost when the run stops in the
   * midst of it (a trial) needs none.
   */
  workplace(beforeStop: () => Promise<void> = () => Promise.resolve()): Workplace {
    const pause = (): Promise<void> => {
      this.progress.tick();
      return this.host.breathe(beforeStop);
    };
    return { backend: this.backend, meter: this.meter, pause };
  }

  #remember(event: RunEventBody): void {
    if (event.type === 'phase') this.#phases.add(event.phase);
    if (event.type === 'selected') this.#selected.set(event.role, event);
    if (event.type === 'asked') {
      for (const { trial, architecture } of event.proposals) this.#architectures.set(trial, architecture);
    }
    if (event.type === 'told')
      this.#outcomes.set(event.role, [...this.outcomes(event.role), ...event.outcomes]);
  }
}

export type SelectedEvent = Extract<RunEventBody, { readonly type: 'selected' }>;
type PhaseUnit = Extract<RunEventBody, { readonly type: 'phase' }>['unit'];
type StateParts = { readonly [K in keyof SavedState]?: SavedState[K] | undefined } & {
  readonly cost?: SavedState['cost'];
  readonly best?: SavedState['best'];
};
