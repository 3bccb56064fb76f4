import type { Command } from 'commander';
import { Rng } from '../../base/rng.js';
import { median } from '../../base/statistics.js';
import { cost } from '../../graph/cost.js';
import { costRange, type CostRange, type Extremes } from '../../space/cost-range.js';
import { Instantiator } from '../../space/instantiate/instantiator.js';
import { sample } from '../../space/sample.js';
import type { Scale, SearchSpace } from '../../space/search-space.js';
import { spaceSize, type Size } from '../../space/size.js';
import type { CliContext } from '../context.js';
import { chooseSpace, readValidNasFile } from '../nas-file.js';
import { bytes, grouped, short, table, wrapped } from '../terminal/format.js';

export function addInfo(root: Command, context: CliContext): void {
  root
    .command('info')
    .description('size, parameters, MACs, memory and shapes of a search space')
    .argument('<file>', 'a `.nas` file')
    .option('--space <name>', 'which space, if the file has several')
    .option('--json', 'print JSON (docs/cli.md)')
    .action(async (path: string, options: { space?: string; json?: true }) => {
      const space = chooseSpace(await readValidNasFile(path, context), options.space);
      const facts = spaceFacts(space);
      if (options.json === true) context.print(JSON.stringify({ schema: 1, ...facts }));
      else for (const line of infoLines(facts)) context.print(line);
    });
}

interface SpaceFacts {
  readonly name: string;
  readonly id: string;
  /** Exact count as a decimal string, or the number of dimensions. */
  readonly size: JsonSize;
  readonly cells: readonly { readonly name: string; readonly size: JsonSize }[];
  readonly scales: readonly ScaleFacts[];
}

type JsonSize = { readonly count: string } | { readonly dimensions: number; readonly continuous: number };

interface ScaleFacts extends CostRange {
  readonly name: string;
  readonly channels: number;
  readonly cells: number;
  /** float32 bytes of all results per image over `SAMPLES` random architectures. */
  readonly activationBytes: Extremes & { readonly median: number };
  /** Shapes of the map along the net, where they change: H×W×C, then the logits. */
  readonly shapes: readonly string[];
}

const SAMPLES = 50;

function spaceFacts(space: SearchSpace): SpaceFacts {
  const size = spaceSize(space);
  const scales = space.template.kind === 'cells' ? space.scales.map((scale) => scaleFacts(space, scale)) : [];
  return {
    name: space.name,
    id: space.id,
    size: jsonSize(size.total),
    cells: size.cells.map((cell) => ({ name: cell.name, size: jsonSize(cell.size) })),
    scales,
  };
}

function jsonSize(size: Size): JsonSize {
  if (size.kind === 'finite') return { count: size.count.toString() };
  return { dimensions: size.dimensions, continuous: size.continuous };
}

function scaleFacts(space: SearchSpace, scale: Scale): ScaleFacts {
  const instantiator = new Instantiator(space, { scale, weights: 'standalone' });
  const rng = Rng.fromSeed(0);
  const graphs = Array.from({ length: SAMPLES }, () => instantiator.build(sample(space, rng)));
  const activations = graphs.map((graph) => cost(graph).activationBytes);
  return {
    name: scale.name,
    channels: scale.channels,
    cells: scale.cells,
    ...costRange(space, scale),
    activationBytes: {
      low: Math.min(...activations),
      high: Math.max(...activations),
      median: median(activations),
    },
    shapes: shapesAlong(space, scale),
  };
}

/** Shapes after the steps of the net, repeats left out. */
function shapesAlong(space: SearchSpace, scale: Scale): string[] {
  const steps = new Instantiator(space, { scale, weights: 'supernet' }).stepShapes();
  const shapes = steps.map(({ shape }) => shape.join('×'));
  return shapes.filter((shape, i) => shape !== shapes[i - 1]);
}

function infoLines(facts: SpaceFacts): string[] {
  const lines = [`${facts.name}  ${sizeText(facts.size)}`];
  for (const cell of facts.cells) lines.push(`  cell ${cell.name}: ${sizeText(cell.size)}`);
  if (facts.scales.length === 0) return [...lines, 'Parameters and MACs: not built in this version.'];
  const rows = facts.scales.map((scale) => [
    scale.name,
    String(scale.channels),
    String(scale.cells),
    range(scale.parameters, short),
    range(scale.macs, short),
    range(scale.activationBytes, bytes),
  ]);
  const head = ['scale', 'C', 'cells', 'parameters', 'MACs', 'activations per image'];
  return [
    ...lines,
    '',
    ...table([head, ...rows]),
    '',
    ...facts.scales.flatMap((scale) => wrapped(`${scale.name}: ${scale.shapes.join(' → ')}`, 100)),
    '',
    `Parameters and MACs are exact bounds; activations are of ${SAMPLES} random architectures.`,
  ];
}

function sizeText(size: JsonSize): string {
  if ('count' in size) return `${grouped(BigInt(size.count))} architectures`;
  return `${size.dimensions} decisions, ${size.continuous} of them real numbers`;
}

function range({ low, high }: Extremes, format: (value: number) => string): string {
  return low === high ? format(low) : `${format(low)} – ${format(high)}`;
}
