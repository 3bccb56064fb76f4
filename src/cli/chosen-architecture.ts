import { basename } from 'node:path';
import { UserError } from '../base/user-error.js';
import { readConfig, type RunView } from '../client/read-run.js';
import { leaderboard } from '../protocol/folds/leaderboard.js';
import { addToSummary, EMPTY_SUMMARY } from '../protocol/folds/summary.js';
import type { RunConfig } from '../protocol/run-config.js';
import type { RunEvent } from '../protocol/run-event.js';
import type { TrialRole } from '../protocol/trial.js';
import type { ChoiceArchitecture, Architecture } from '../space/architecture.js';
import { parseGenotype } from '../space/genotype.js';
import { parseArchitecture } from '../space/legal.js';
import type { SearchSpace } from '../space/search-space.js';
import { eventsOf } from './run-events.js';

export interface ChosenArchitecture {
  readonly config: RunConfig;
  readonly architecture: ChoiceArchitecture;
  /** For titles and file names: `best`, `baseline`, `trial-17`, `genotype`. */
  readonly label: string;
}

/** ARCH on the command line: `best` (the default), `baseline`, the number of a trial, or a genotype. */
export async function chooseArchitecture(run: RunView, text = 'best'): Promise<ChosenArchitecture> {
  const config = await readConfig(run.folder);
  if (text.startsWith('{'))
    return { config, architecture: fromJson(config.space, text), label: 'architecture' };
  if (text.includes('('))
    return { config, architecture: parseGenotype(config.space, text), label: 'genotype' };
  const events = await eventsOf(run);
  const found = inEvents(events, config.space, text);
  if (found?.kind !== 'choices') {
    throw new UserError(
      `${basename(run.folder)} has no architecture called ${text} (yet).`,
      'Say `best`, `baseline`, the number of a finished trial (`cellsmith show RUN` lists them) or a genotype in quotes.',
    );
  }
  return { config, architecture: found, label: /^\d+$/.test(text) ? `trial-${text}` : text };
}

/** An architecture as `cellsmith sample --json` prints it. */
export function fromJson(space: SearchSpace, text: string): ChoiceArchitecture {
  const remedy = 'Give the `architecture` object of `cellsmith sample --json`.';
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw new UserError(`The architecture is no JSON: ${(error as Error).message}.`, remedy);
  }
  const parsed = parseArchitecture(space, input);
  if (parsed.ok) return parsed.architecture;
  throw new UserError(`${parsed.reason}.`, remedy);
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

/** What was selected in the end (or retrained); before that, the best trial so far. */
function bestOf(events: readonly RunEvent[], role: TrialRole): Architecture | undefined {
  for (const event of events) {
    if ((event.type === 'selected' || event.type === 'tested') && event.role === role)
      return event.architecture;
  }
  const { goal } = events.reduce(addToSummary, EMPTY_SUMMARY);
  return leaderboard(events, goal).find((row) => row.role === role)?.architecture;
}

/** While a supernet trains nothing was selected yet: its last reported path. */
function lastPath(events: readonly RunEvent[], space: SearchSpace): Architecture | undefined {
  const last = events.findLast((event) => event.type === 'supernet');
  return last?.type === 'supernet' && space.template.kind === 'cells' ? last.architecture : undefined;
}
