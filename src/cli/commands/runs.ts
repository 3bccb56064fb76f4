import { basename } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../base/user-error.js';
import { findRuns, type BrokenRun, type RunView } from '../../client/read-run.js';
import { askRun } from '../../client/runs.js';
import { addToSummary, EMPTY_SUMMARY, type RunSummary } from '../../protocol/folds/summary.js';
import type { CliContext } from '../context.js';
import { eventsOf } from '../run-events.js';
import { runsFolder } from '../run-folder.js';
import { harmless, percent, table, wrapped } from '../terminal/format.js';

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
      else for (const line of runLines(runs)) context.print(line);
    });
}

interface DescribedRun {
  readonly run: string;
  readonly folder: string;
  readonly state: RunView['state'] | 'unreadable';
  /** Why it failed, paused by itself or cannot be read. */
  readonly problem?: string;
  readonly createdAt?: string;
  readonly summary?: RunSummary;
}

/** A run whose files are damaged is listed with what is wrong; it does not hide the others. */
async function describe(run: RunView | BrokenRun): Promise<DescribedRun> {
  const known = { run: basename(run.folder), folder: run.folder };
  if ('problem' in run) return { ...known, state: 'unreadable', problem: run.problem.message };
  const { createdAt, failure } = run.identity;
  try {
    const { state, reason = failure } = await askRun(run);
    const summary = (await eventsOf(run)).reduce(addToSummary, EMPTY_SUMMARY);
    const problem = state === 'failed' || state === 'paused' ? reason : undefined;
    return { ...known, state, createdAt, summary, ...(problem === undefined ? {} : { problem }) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...known, state: 'unreadable', createdAt, problem: error.message };
  }
}

const HEAD = ['run', 'state', 'phase', 'best validation', 'tested'];

function runLines(runs: readonly DescribedRun[]): string[] {
  const problems = runs.flatMap(({ run, problem }) =>
    problem === undefined ? [] : wrapped(`${run}: ${harmless(problem, 1000)}`, 100),
  );
  const lines = table([HEAD, ...runs.map(rowOf)]);
  return problems.length === 0 ? lines : [...lines, '', ...problems];
}

function rowOf({ run, state, summary }: DescribedRun): string[] {
  const { phase, done, total } = summary?.position ?? {};
  const best = summary?.best.search;
  const tested = summary?.tested.search;
  return [
    run,
    state,
    phase === undefined || state === 'finished' ? '–' : `${phase} ${done ?? 0}/${total ?? 0}`,
    best === undefined ? '–' : percent(best),
    tested === undefined ? '–' : percent(tested.correct / tested.of, 2),
  ];
}
