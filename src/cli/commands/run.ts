import { join, basename, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { readRun } from '../../client/read-run.js';
import { startRun } from '../../client/runs.js';
import { sketchCells } from '../../drawing/architecture.js';
import { drawCell } from '../../drawing/cell.js';
import { toText } from '../../drawing/text.js';
import { checkRun, defaultDataFolder } from '../../engine/index.js';
import type { RunConfig } from '../../protocol/run-config.js';
import type { RunEvent } from '../../protocol/run-event.js';
import type { RunPins } from '../../protocol/run-folder.js';
import type { CliContext } from '../context.js';
import { chooseSearch, readValidNasFile } from '../nas-file.js';
import { drawingsFolder, engineProgram, runsFolder } from '../run-folder.js';
import { resultLines } from '../terminal/run-view.js';
import { watchRun } from '../watch-run.js';
import { writeDrawings } from './graph.js';
import { grouped } from '../terminal/format.js';
import { wholeNumber } from './sample.js';

export interface StartOptions {
  readonly seed?: number;
  readonly device?: string;
  readonly threads?: number;
  readonly data?: string;
  readonly runs?: string;
  readonly foreground?: true;
  readonly json?: true;
}

export function addRun(root: Command, context: CliContext): void {
  const command = root
    .command('run')
    .description('start a search in the background')
    .argument('<file>', 'a `.nas` file')
    .option('--search <name>', 'which search, if the file has several')
    .option('--seed <seed>', 'instead of the seed in the file', wholeNumber);
  withStartOptions(command).action(async (path: string, options: StartOptions & { search?: string }) => {
    const file = await readValidNasFile(path, context);
    const config = chooseSearch(file, options.search);
    const seed = options.seed ?? config.seed;
    await start({ ...config, seed }, { nasText: file.text, options, context });
  });
}

/** What every command that starts a run takes. */
export function withStartOptions(command: Command): Command {
  return command
    .addOption(new Option('--device <device>', 'which backend: auto or wasm (see `cellsmith devices`)'))
    .option('--threads <count>', 'threads of the device; 0: all cores', wholeNumber)
    .option('--data <folder>', 'where data sets lie')
    .option('--runs <folder>', 'where runs lie (default: .cellsmith/runs)')
    .option('--foreground', 'watch it here; Ctrl-C stops and saves it')
    .option('--json', 'print the run (or, in the foreground, its events) as JSON lines');
}

export interface StartContext {
  readonly nasText: string;
  readonly options: StartOptions;
  readonly context: CliContext;
}

export async function start(config: RunConfig, { nasText, options, context }: StartContext): Promise<void> {
  const own = {
    ...config,
    device: options.device ?? config.device,
    threads: options.threads ?? config.threads,
  };
  const dataFolder =
    options.data === undefined ? defaultDataFolder(context.environment) : resolve(context.cwd, options.data);
  await checkRun(own, dataFolder);
  const newRun = { config: own, nasText, runsFolder: runsFolder(options.runs, context), dataFolder };
  const run = await startRun(newRun, engineProgram());
  const name = basename(run.folder);
  if (options.foreground !== true) {
    if (options.json === true)
      context.print(JSON.stringify({ schema: 1, run: name, folder: run.folder, id: run.identity.id }));
    else
      context.print(
        `${name} runs in the background. Watch it with \`cellsmith attach ${name}\`, end it with \`cellsmith stop ${name}\`.`,
      );
    return;
  }
  context.note(`run     ${relative(context.cwd, run.folder)}`);
  const events = await watchRun(run.folder, context, { stopOnInterrupt: true, json: options.json === true });
  if (events !== undefined && options.json !== true)
    await printResult(events, config, { context, folder: drawingsFolder(run), run: run.folder });
}

interface ResultPlace {
  readonly context: CliContext;
  /** For pictures. */
  readonly folder: string;
  readonly run: string;
}

/** The winning cells, drawn here and as SVG, and the table of what was tested. */
async function printResult(
  events: readonly RunEvent[],
  config: RunConfig,
  place: ResultPlace,
): Promise<void> {
  const { context } = place;
  const winner = events.findLast((event) => event.type === 'selected' && event.role === 'search');
  if (winner?.type === 'selected' && winner.architecture.kind === 'choices') {
    const cells = sketchCells(config.space, winner.architecture);
    for (const cell of cells) context.print(`\n${toText(cell)}`);
    const drawings = new Map(cells.map((cell) => [cell.name, drawCell(cell)]));
    const paths = await writeDrawings(drawings, join(place.folder, `${basename(place.run)}.svg`));
    context.print('');
    for (const path of paths) context.print(`drawn   ${relative(context.cwd, path)}`);
  }
  context.print('');
  for (const line of resultLines(events)) context.print(line);
  context.print(provenance(events, config, (await readRun(place.run)).identity.pins));
}

/** What every number of the table hangs on. */
function provenance(events: readonly RunEvent[], config: RunConfig, pins: RunPins | undefined): string {
  const [started] = events;
  const data = started?.type === 'started' ? `${started.data.name} ${started.data.hash.slice(0, 12)}` : '';
  const steps =
    config.method.kind === 'one_shot' ? [`${grouped(config.method.supernet.steps)} supernet steps`] : [];
  const device =
    pins === undefined ? [] : [`${pins.backend} ${pins.variant}, ${pins.processor}, ${pins.runtime}`];
  return [`seed ${config.seed}`, data, ...steps, ...device].join(' · ');
}
