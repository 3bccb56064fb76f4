import { resolve } from 'node:path';
import type { Command } from 'commander';
import { defaultDataFolder, fetchDataSet, locateDataSets, type LocatedDataSet } from '../../engine/index.js';
import type { CliContext } from '../context.js';
import { bytes, progressBar, table, wrapped } from '../terminal/format.js';

export function addData(root: Command, context: CliContext): void {
  const data = root.command('data').description('data sets');
  data
    .command('list')
    .description('which data sets a search can name, and where they come from')
    .option('--data <folder>', 'where to look')
    .option('--json', 'print JSON (docs/cli.md)')
    .action(async (options: { data?: string; json?: true }) => {
      const folder = dataFolder(options.data, context);
      const sets = await locateDataSets(folder);
      if (options.json === true) {
        context.print(JSON.stringify({ schema: 1, dataSets: sets, folder }));
        return;
      }
      for (const line of setLines(sets, context)) context.print(line);
      context.print(`\nDownloads go to ${folder}.`);
    });
  data
    .command('fetch')
    .description('download a data set, check it and unpack it; goes on where it was interrupted')
    .argument('<name>', 'as in `cellsmith data list`')
    .option('--to <folder>', 'where to')
    .action(async (name: string, options: { to?: string }) => {
      const to = dataFolder(options.to, context);
      const result = await fetchDataSet(name, {
        to,
        signal: context.interruption(),
        onProgress: ({ step, file, bytes: done, totalBytes }) =>
          context.live([
            progressBar(done / Math.max(1, totalBytes)),
            `${step} ${file}`,
            `${bytes(done)} of ${bytes(totalBytes)}`,
          ]),
      });
      context.print(
        `${name} is ${result.wasThere ? 'there already' : 'there'}: ${result.training} training and ${result.test} test images in ${result.folder}.`,
      );
      context.print(result.checked);
    });
}

/** `--data` or `--to`, or where downloads go. */
function dataFolder(option: string | undefined, context: CliContext): string {
  return option === undefined ? defaultDataFolder(context.environment) : resolve(context.cwd, option);
}

/** A table whose every row is followed by what the data set is. */
function setLines(sets: readonly LocatedDataSet[], { style, width }: CliContext): string[] {
  const [head = '', ...rows] = table([['name', 'images', 'from'], ...sets.map(rowOf)]);
  const lines = rows.map((row, i) => [
    row,
    ...wrapped(sets[i]?.description ?? '', width - 4).map((line) => style.dim(`    ${line}`)),
  ]);
  return [head, ...lines.flat()];
}

function rowOf({ name, shape, origin, place }: LocatedDataSet): string[] {
  const images =
    shape === undefined ? 'as the files say' : `${shape.height}×${shape.width}×${shape.channels}`;
  const from = { built_in: 'built in', fetch: `cellsmith data fetch ${name}`, folder: 'a folder of yours' };
  const isHere = origin.kind === 'fetch' && place !== undefined;
  return [name, images, isHere ? place : from[origin.kind]];
}
