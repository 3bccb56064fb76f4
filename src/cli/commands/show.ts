import { basename } from 'node:path';
import type { Command } from 'commander';
import { readEvents } from '../../client/event-tail.js';
import { readConfig, type RunView } from '../../client/read-run.js';
import { sketchCells } from '../../drawing/architecture.js';
import { toText } from '../../drawing/text.js';
import { addToCurves, EMPTY_CURVES } from '../../protocol/folds/curves.js';
import { leaderboard, type LeaderboardRow } from '../../protocol/folds/leaderboard.js';
import { addToSummary, EMPTY_SUMMARY, type RunSummary } from '../../protocol/folds/summary.js';
import type { RunConfig } from '../../protocol/run-config.js';
import type { RunEvent } from '../../protocol/run-event.js';
import { genotypeText } from '../../space/genotype.js';
import type { CliContext } from '../context.js';
import { findRun } from '../run-folder.js';
import { harmless, percent, table } from '../terminal/format.js';
import { resultLines } from '../terminal/run-view.js';

export function addShow(root: Command, context: CliContext): void {
  root
    .command('show')
    .description('what a run found so far; never resumes it')
    .argument('<run>', 'folder or name of a run, or `last`')
    .option('--runs <folder>', 'where runs lie (default: .cellsmith/runs)')
    .option('--json', 'print JSON (docs/cli.md)')
    .action(async (name: string, options: { runs?: string; json?: true }) => {
      const run = await findRun(name, options.runs, context);
      const config = await readConfig(run.folder);
      const events: RunEvent[] = [];
      for await (const event of readEvents(run.folder)) events.push(event);
      const summary = events.reduce(addToSummary, EMPTY_SUMMARY);
      const trials = leaderboard(events, summary.goal);
      if (options.json === true) {
        const { state, identity, folder } = run;
        const curves = events.reduce(addToCurves, EMPTY_CURVES);
        const head = { schema: 1, run: basename(folder), folder, state, identity };
        context.print(JSON.stringify({ ...head, config, summary, curves, trials }));
      } else for (const line of showLines(run, config, { events, summary, trials })) context.print(line);
    });
}

interface Found {
  readonly events: readonly RunEvent[];
  readonly summary: RunSummary;
  readonly trials: readonly LeaderboardRow[];
}

const NUM_SHOWN = 10;

function showLines(run: RunView, config: RunConfig, { events, summary, trials }: Found): string[] {
  const lines = headLines(run, config, summary);
  if (trials.length > 0) lines.push('', ...trialLines(trials, config));
  const winner = events.findLast((event) => event.type === 'selected' && event.role === 'search');
  const best = trials.find((one) => one.role === 'search');
  const architecture = winner?.type === 'selected' ? winner.architecture : best?.architecture;
  if (architecture?.kind === 'choices') {
    for (const cell of sketchCells(config.space, architecture)) lines.push('', toText(cell));
  }
  const results = resultLines(events);
  return results.length > 0 ? [...lines, '', ...results] : lines;
}

function headLines(run: RunView, config: RunConfig, { position, isFinished }: RunSummary): string[] {
  const where =
    position === undefined || isFinished ? '' : `, ${position.phase} ${position.done}/${position.total}`;
  const lines = [`${basename(run.folder)}  ${run.state}${where}`];
  const { failure, pins } = run.identity;
  if (failure !== undefined) lines.push(harmless(failure, 1000));
  const { name, space, data, seed } = config;
  lines.push(`search ${harmless(name)} over ${harmless(space.name)} on ${data.name}, seed ${seed}`);
  if (pins !== undefined) {
    lines.push(
      `${pins.backend} (${pins.variant}), ${pins.processor}, ${pins.runtime}, version ${pins.version}`,
    );
  }
  return lines;
}

function trialLines(trials: readonly LeaderboardRow[], config: RunConfig): string[] {
  const head = ['trial', 'for', 'value', 'genotype'];
  const rows = trials
    .slice(0, NUM_SHOWN)
    .map((one) => [
      String(one.trial),
      one.role,
      config.objectives[0]?.unit === 'ratio' ? percent(one.value, 2) : String(one.value),
      one.architecture.kind === 'choices' ? genotypeText(config.space, one.architecture) : '',
    ]);
  return table([head, ...rows]);
}
