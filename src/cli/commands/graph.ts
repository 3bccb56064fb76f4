import { extname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { UserError } from '../../base/user-error.js';
import { sketchCells, sketchNetwork, sketchSpace } from '../../drawing/architecture.js';
import { drawCell } from '../../drawing/cell.js';
import { toDot } from '../../drawing/dot.js';
import { drawGraph } from '../../drawing/graph.js';
import { drawNetwork } from '../../drawing/network.js';
import { toSvg } from '../../drawing/svg.js';
import { toText } from '../../drawing/text.js';
import { toTikz } from '../../drawing/tikz.js';
import type { CellSketch, Drawing } from '../../protocol/drawing.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { parseGenotype } from '../../space/genotype.js';
import { instantiate } from '../../space/instantiate/instantiator.js';
import type { Scale, SearchSpace } from '../../space/search-space.js';
import { chooseArchitecture, fromJson } from '../chosen-architecture.js';
import type { CliContext } from '../context.js';
import { chooseSpace, readValidNasFile } from '../nas-file.js';
import { writeOutput } from '../output-file.js';
import { findRun } from '../run-folder.js';

interface GraphOptions {
  readonly output?: string;
  readonly space?: string;
  readonly cell?: string;
  readonly what: 'cells' | 'network' | 'ops';
  readonly scale?: string;
  readonly runs?: string;
}

export function addGraph(root: Command, context: CliContext): void {
  root
    .command('graph')
    .description('draw cells or whole networks as SVG, DOT, TikZ or text')
    .argument('<file|run>', 'a `.nas` file (its search space) or a run (its best architecture)')
    .argument('[arch]', '`best`, `baseline`, a trial number or a genotype')
    .option('-o, --output <file>', 'where to: .svg, .dot or .tex; without it cells are drawn in the terminal')
    .option('--cell <name>', 'only this cell')
    .addOption(
      new Option('--what <what>', 'what to draw').choices(['cells', 'network', 'ops']).default('cells'),
    )
    .option('--scale <name>', 'scale of a whole network (default: the first)')
    .option('--space <name>', 'which space, if the file has several')
    .option('--runs <folder>', 'where runs lie (default: .cellsmith/runs)')
    .action(async (name: string, arch: string | undefined, options: GraphOptions) => {
      const subject = await subjectOf(name, arch, { options, context });
      if (options.output === undefined) {
        for (const cell of cellsOf(subject, options)) context.print(toText(cell));
        return;
      }
      for (const path of await writeDrawings(
        drawingsOf(subject, options),
        resolve(context.cwd, options.output),
      ))
        context.print(path);
    });
}

interface Subject {
  readonly space: SearchSpace;
  readonly architecture: ChoiceArchitecture | undefined;
}

interface Surroundings {
  readonly options: GraphOptions;
  readonly context: CliContext;
}

async function subjectOf(
  name: string,
  arch: string | undefined,
  { options, context }: Surroundings,
): Promise<Subject> {
  if (!name.endsWith('.nas')) {
    const { config, architecture } = await chooseArchitecture(
      await findRun(name, options.runs, context),
      arch,
    );
    return { space: config.space, architecture };
  }
  const space = chooseSpace(await readValidNasFile(name, context), options.space);
  return { space, architecture: arch === undefined ? undefined : architectureFrom(space, arch) };
}

function architectureFrom(space: SearchSpace, text: string): ChoiceArchitecture {
  return text.startsWith('{') ? fromJson(space, text) : parseGenotype(space, text);
}

function cellsOf({ space, architecture }: Subject, { cell }: GraphOptions): readonly CellSketch[] {
  const all = architecture === undefined ? sketchSpace(space) : sketchCells(space, architecture);
  if (cell === undefined) return all;
  const named = all.filter((one) => one.name === cell);
  if (named.length > 0) return named;
  throw new UserError(
    `${space.name} has no cell called ${cell}.`,
    `It has: ${all.map((one) => one.name).join(', ')}.`,
  );
}

function drawingsOf(subject: Subject, options: GraphOptions): Map<string, Drawing> {
  const { space, architecture } = subject;
  if (options.what === 'cells')
    return new Map(cellsOf(subject, options).map((cell) => [cell.name, drawCell(cell)]));
  const scale = scaleOf(space, options.scale);
  if (options.what === 'network') return new Map([['network', drawNetwork(sketchNetwork(space, scale))]]);
  if (architecture === undefined) {
    throw new UserError(
      'The ops of a whole space cannot be drawn.',
      'Name an architecture: a run, or a genotype after the file.',
    );
  }
  return new Map([
    ['ops', drawGraph(instantiate(space, architecture, { scale, weights: 'standalone' }), space.name)],
  ]);
}

function scaleOf(space: SearchSpace, name: string | undefined): Scale {
  const scale = name === undefined ? space.scales[0] : space.scales.find((one) => one.name === name);
  if (scale !== undefined) return scale;
  throw new UserError(
    `${space.name} has no scale ${name ?? ''}.`,
    `It has: ${space.scales.map((one) => one.name).join(', ')}.`,
  );
}

const RENDERERS: Readonly<Record<string, (drawing: Drawing) => string>> = {
  '.svg': toSvg,
  '.dot': toDot,
  '.tex': toTikz,
  '.tikz': toTikz,
};

/** One drawing takes the path as it is, several put their names before the extension. Returns the paths. */
export async function writeDrawings(drawings: ReadonlyMap<string, Drawing>, path: string): Promise<string[]> {
  const extension = extname(path);
  const render = RENDERERS[extension];
  if (render === undefined)
    throw new UserError(`${path} names no format that can be drawn.`, 'End it in .svg, .dot or .tex.');
  const written = [];
  for (const [name, drawing] of drawings) {
    const own = drawings.size === 1 ? path : `${path.slice(0, -extension.length)}-${name}${extension}`;
    await writeOutput(own, render(drawing));
    written.push(own);
  }
  return written;
}
