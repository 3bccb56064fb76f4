import { basename } from 'node:path';
import { UserError } from '../base/user-error.js';
import { readEvents } from '../client/event-tail.js';
import { readConfig, type RunView } from '../client/read-run.js';
import { isBetter } from '../protocol/folds/summary.js';
import type { RunConfig } from '../protocol/run-config.js';
import type { RunEvent } from '../protocol/run-event.js';
import type { TrialRole } from '../protocol/trial.js';
import type { ChoiceArchitecture, Architecture } from '../space/architecture.js';
import { parseGenotype } from '../space/genotype.js';
import type { Objective } from '../space/objective.js';
import type { SearchSpace } from '../space/search-space.js';

export interface ChosenArchitecture {
  readonly config: RunConfig;
  readonly architecture: ChoiceArchitecture;
  /** For titles and file names: `best`, `baseline`, `trial-17`, `genotype`. */
  readonly label: string;
}

/** ARCH on the command line: `best` (the default), `baseline`, the number of a trial, or a genotype. */
export async function chooseArchitecture(run: RunView, text = 'best'): Promise<ChosenArchitecture> {
  const config = await readConfig(run.folder);
  if (text.includes('('))
    return { config, architecture: parseGenotype(config.space, text), label: 'genotype' };
  const events: RunEvent[] = [];
  for await (const event of readEvents(run.folder)) events.push(event);
  const found = inEvents(events, config.space, text);
  if (found?.kind !== 'choices') {
    throw new UserError(
      `${basename(run.folder)} has no architecture called ${text} (yet).`,
      'Say `best`, `baseline`, the number of a finished trial (`cellsmith show RUN` lists them) or a genotype in quotes.',
    );
  }
  return { config, architecture: found, label: /^\d+$/.test(text) ? `trial-${text}` : text };
}

function inEvents(events: readonly RunEvent[], space: SearchSpace, text: string): Architecture | undefined {
  if (text === 'best') return bestOf(events, 'search') ?? lastPath(events, space);
  if (text === 'baseline') return bestOf(events, 'baseline');
  for (const event of events) {
    if (event.type !== 'asked') continue;
    const proposal = event.proposals.find(({ trial }) => String(trial) === text);
    if (proposal !== undefined) return proposal.architecture;
  }
  return undefined;
}

/** What was selected in the end; before that, the best trial so far. */
function bestOf(events: readonly RunEvent[], role: TrialRole): Architecture | undefined {
  const asked = new Map<number, Architecture>();
  let goal: Objective['goal'] = 'maximize';
  let best: { readonly value: number; readonly architecture: Architecture } | undefined;
  for (const event of events) {
    if (event.type === 'started') goal = event.config.objectives[0]?.goal ?? goal;
    if (event.type === 'selected' && event.role === role) return event.architecture;
    if (event.type === 'tested' && event.role === role) return event.architecture;
    if (event.type === 'asked') for (const one of event.proposals) asked.set(one.trial, one.architecture);
    if (event.type !== 'told' || event.role !== role) continue;
    for (const outcome of event.outcomes) {
      const value = outcome.kind === 'measured' ? outcome.values[0] : undefined;
      const architecture = asked.get(outcome.trial);
      if (value === undefined || architecture === undefined) continue;
      if (best === undefined || isBetter(goal, value, best.value)) best = { value, architecture };
    }
  }
  return best?.architecture;
}

/** While a supernet trains nothing was selected yet: its last reported path. */
function lastPath(events: readonly RunEvent[], space: SearchSpace): Architecture | undefined {
  const last = events.findLast((event) => event.type === 'supernet');
  return last?.type === 'supernet' && space.template.kind === 'cells' ? last.architecture : undefined;
}
