import { basename } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../../client/read-run.js';
import { askRun, type LiveRun } from '../../client/runs.js';
import { sketchCells } from '../../drawing/architecture.js';
import { toText } from '../../drawing/text.js';
import { addToCurves, EMPTY_CURVES } from '../../protocol/folds/curves.js';
import { leaderboard, type LeaderboardRow } from '../../protocol/folds/leaderboard.js';
import { addToSummary, EMPTY_SUMMARY, type RunSummary } from '../../protocol/folds/summary.js';
import type { RunConfig } from '../../protocol/run-config.js';
import type { RunEvent } from '../../protocol/run-event.js';
import { genotypeText } from '../../space/genotype.js';
import type { CliContext } from '../context.js';
import { eventsOf } from '../run-events.js';
import { findRun, runArgument } from '../run-folder.js';
import { harmless, percent, table, wrapped } from '../terminal/format.js';
import { resultLines } from '../terminal/run-view.js';

export function addShow(root: Command, context: CliContext): void {
  root
    .command('show')
    .description('what a run found so far; never resumes it')
    .argument('<run>', 'folder or name of a run, or `last`')
    .option('--runs <folder>', 'where runs lie (default: .cellsmith/runs)')
    .option('--json', 'print JSON (docs/cli.md)')
    .action(async (name: string, options: { runs?: string; json?: true }) => {
      const run = await askRun(await findRun(name, options.runs, context));
      const config = await readConfig(run.folder);
      const events = await eventsOf(run);
      const summary = events.reduce(addToSummary, EMPTY_SUMMARY);
      const trials = leaderboard(events, summary.goal);
      if (options.json === true) {
        const { state, identity, folder } = run;
        const curves = events.reduce(addToCurves, EMPTY_CURVES);
        const head = { schema: 1, run: basename(folder), folder, state, identity };
        context.print(JSON.stringify({ ...head, config, summary, curves, trials }));
      } else {
        const head = headLines(run, config, { summary, context });
        const found = foundLines(config, { events, trials, context });
        for (const line of [...head, ...found]) context.print(line);
      }
    });
}

interface Found {
  readonly events: readonly RunEvent[];
  readonly trials: readonly LeaderboardRow[];
  readonly context: CliContext;
}

const NUM_SHOWN = 10;

function foundLines(config: RunConfig, { events, trials, context }: Found): string[] {
  const lines: string[] = [];
  if (trials.length > 0) lines.push('', ...trialLines(trials, config, context.width));
  const winner = events.findLast((event) => event.type === 'selected' && event.role === 'search');
  const best = trials.find((one) => one.role === 'search');
  const architecture = winner?.type === 'selected' ? winner.architecture : best?.architecture;
  if (architecture?.kind === 'choices') {
    for (const cell of sketchCells(config.space, architecture)) lines.push('', toText(cell).trimEnd());
  }
  const results = resultLines(events, context);
  return results.length > 0 ? [...lines, '', ...results] : lines;
}

interface HeadPlace {
  readonly summary: RunSummary;
  readonly context: CliContext;
}

function headLines(run: LiveRun, config: RunConfig, { summary, context }: HeadPlace): string[] {
  const { position, isFinished } = summary;
  const where =
    position === undefined || isFinished ? '' : `, ${position.phase} ${position.done}/${position.total}`;
  const lines = [`${context.style.bold(basename(run.folder))}  ${run.state}${where}`];
  const { failure, pins } = run.identity;
  const reason = run.reason ?? failure;
  if (reason !== undefined) lines.push(...wrapped(harmless(reason, 1000), context.width));
  if (RESUMABLE.has(run.state))
    lines.push(`Go on with it: \`cellsmith resume ${runArgument(run.folder, context)}\`.`);
  const { name, space, data, seed } = config;
  lines.push(`search ${harmless(name)} over ${harmless(space.name)} on ${data.name}, seed ${seed}`);
  if (pins !== undefined) {
    lines.push(
      `${pins.backend} (${pins.variant}), ${pins.processor}, ${pins.runtime}, version ${pins.version}`,
    );
  }
  return lines;
}

/** States from which `resume` goes on. */
const RESUMABLE: ReadonlySet<string> = new Set(['paused', 'stopped', 'interrupted', 'failed']);

/** The best trials. Genotypes are cut where they are wider than the page; `export` tells them whole. */
function trialLines(trials: readonly LeaderboardRow[], config: RunConfig, width: number): string[] {
  const head = ['trial', 'for', 'value', 'weights', 'genotype'];
  const rows = trials
    .slice(0, NUM_SHOWN)
    .map((one) => [
      String(one.trial),
      one.role,
      config.objectives[0]?.unit === 'ratio' ? percent(one.value, 2) : String(one.value),
      one.role === 'search' && config.method.kind === 'one_shot' ? 'inherited' : 'trained',
      one.architecture.kind === 'choices' ? genotypeText(config.space, one.architecture) : '',
    ]);
  return table([head, ...rows]).map((line) => harmless(line, width));
}
