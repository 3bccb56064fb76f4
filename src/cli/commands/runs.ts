import { basename } from 'node:path';
import type { Command } from 'commander';
import { readEvents } from '../../client/event-tail.js';
import { findRuns, type BrokenRun, type RunView } from '../../client/read-run.js';
import { summarise, type RunSummary } from '../../protocol/folds/summary.js';
import type { CliContext } from '../context.js';
import { runsFolder } from '../run-folder.js';
import { harmless, percent, table } from '../terminal/format.js';

export function addRuns(root: Command, context: CliContext): void {
  root
    .command('runs')
    .description('list runs')
    .option('--runs <folder>', 'where runs lie (default: .cellsmith/runs)')
    .option('--json', 'print JSON (docs/cli.md)')
    .action(async (options: { runs?: string; json?: true }) => {
      const folder = runsFolder(options.runs, context);
      const runs = await Promise.all((await findRuns(folder)).map(describe));
      if (options.json === true) context.print(JSON.stringify({ schema: 1, runs }));
      else if (runs.length === 0)
        context.print(`No runs in ${folder}. Start one with \`cellsmith run FILE\`.`);
      else for (const line of table([HEAD, ...runs.map(rowOf)])) context.print(line);
    });
}

interface DescribedRun {
  readonly run: string;
  readonly folder: string;
  readonly state: RunView['state'] | 'unreadable';
  readonly problem?: string;
  readonly createdAt?: string;
  readonly summary?: RunSummary;
}

/** A run whose files are damaged is listed with what is wrong; it does not hide the others. */
async function describe(run: RunView | BrokenRun): Promise<DescribedRun> {
  const known = { run: basename(run.folder), folder: run.folder };
  if ('problem' in run) return { ...known, state: 'unreadable', problem: run.problem.message };
  const { state, identity } = run;
  const { createdAt } = identity;
  try {
    return { ...known, state, createdAt, summary: await summarise(readEvents(run.folder)) };
  } catch (error) {
    return {
      ...known,
      state: 'unreadable',
      createdAt,
      problem: error instanceof Error ? error.message : String(error),
    };
  }
}

const HEAD = ['run', 'state', 'phase', 'best validation', 'tested'];

function rowOf({ run, state, summary, problem }: DescribedRun): string[] {
  if (problem !== undefined) return [run, state, harmless(problem), '', ''];
  const { phase, done, total } = summary?.position ?? {};
  const best = summary?.best.search;
  const tested = summary?.tested.search;
  return [
    run,
    state,
    phase === undefined ? '–' : `${phase} ${done ?? 0}/${total ?? 0}`,
    best === undefined ? '–' : percent(best),
    tested === undefined ? '–' : percent(tested.correct / tested.of, 2),
  ];
}
