import { basename, dirname, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { startRun } from '../../client/runs.js';
import { checkRun, defaultDataFolder } from '../../engine/index.js';
import type { RunConfig } from '../../protocol/run-config.js';
import type { CliContext } from '../context.js';
import { chooseSearch, readValidNasFile } from '../nas-file.js';
import { engineProgram, runArgument, runsFolder } from '../run-folder.js';
import { printResult } from '../run-result.js';
import { waitForBegin, watchRun } from '../watch-run.js';
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
    const { config, seeds } = chooseSearch(file, options.search);
    const seed = options.seed ?? config.seed;
    const own = { ...config, seed, data: withWholePath(config.data, resolve(context.cwd, path)) };
    if (options.seed === undefined && seeds.length > 1) noteOtherSeeds(seeds, context);
    await start(own, { nasText: file.text, options, context });
  });
}

/** A folder in a `.nas` file is meant from that file on, wherever the run is started or resumed. */
function withWholePath(data: RunConfig['data'], nasPath: string): RunConfig['data'] {
  return data.folder === undefined ? data : { ...data, folder: resolve(dirname(nasPath), data.folder) };
}

/** A run has one seed; how to start the others is told, not done: side by side they would only slow each other down. */
function noteOtherSeeds(seeds: readonly number[], context: CliContext): void {
  const [first = 0, ...others] = seeds;
  const list = others.map((seed) => `--seed ${seed}`).join(', ');
  context.note(
    `The search asks for ${seeds.length} seeds. This run takes ${first}; start the others with ${list}.`,
  );
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
  // In the foreground Ctrl-C stops the run, from its first moment on.
  if (options.foreground === true) context.interruption();
  const run = await startRun(newRun, engineProgram());
  if (options.foreground !== true) {
    await waitForBegin(run.folder, context);
    const name = basename(run.folder);
    const argument = runArgument(run.folder, context);
    if (options.json === true)
      context.print(JSON.stringify({ schema: 1, run: name, folder: run.folder, id: run.identity.id }));
    else {
      context.print(`${name} runs in the background. Watch it with \`cellsmith attach ${argument}\`,`);
      context.print(`end it with \`cellsmith stop ${argument}\`.`);
    }
    return;
  }
  context.note(`run     ${relative(context.cwd, run.folder)}`);
  const events = await watchRun(run.folder, context, { stopOnInterrupt: true, json: options.json === true });
  if (events !== undefined && options.json !== true)
    await printResult(events, config, { context, run: run.folder, draw: true });
}
