import { basename, join, relative } from 'node:path';
import { readRun } from '../client/read-run.js';
import { sketchCells } from '../drawing/architecture.js';
import { drawCell } from '../drawing/cell.js';
import { toText } from '../drawing/text.js';
import type { RunConfig } from '../protocol/run-config.js';
import type { RunEvent } from '../protocol/run-event.js';
import type { RunPins } from '../protocol/run-folder.js';
import type { CliContext } from './context.js';
import { writeDrawings } from './commands/graph.js';
import { drawingsFolder } from './run-folder.js';
import { grouped, wrapped } from './terminal/format.js';
import { resultLines } from './terminal/run-view.js';

export interface ResultPlace {
  readonly context: CliContext;
  /** Folder of the run. */
  readonly run: string;
  /** Whether the winning cells are written as SVG beside the runs too. */
  readonly draw: boolean;
}

/** The winning cells, drawn here and as SVG, and the table of what was tested. */
export async function printResult(
  events: readonly RunEvent[],
  config: RunConfig,
  place: ResultPlace,
): Promise<void> {
  const { context, run, draw } = place;
  const winner = events.findLast((event) => event.type === 'selected' && event.role === 'search');
  if (winner?.type === 'selected' && winner.architecture.kind === 'choices') {
    const cells = sketchCells(config.space, winner.architecture);
    for (const cell of cells) context.print(`\n${toText(cell).trimEnd()}`);
    context.print('');
    if (draw) {
      const drawings = new Map(cells.map((cell) => [cell.name, drawCell(cell)]));
      const paths = await writeDrawings(drawings, join(drawingsFolder(run), `${basename(run)}.svg`));
      for (const path of paths) context.print(`drawn   ${relative(context.cwd, path)}`);
      context.print('');
    }
  }
  for (const line of resultLines(events, context)) context.print(line);
  const facts = provenance(events, config, (await readRun(run)).identity.pins);
  for (const line of wrapped(facts, context.width)) context.print(line);
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
