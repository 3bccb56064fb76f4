import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { UserError } from '../../base/user-error.js';
import { readEvents } from '../../client/event-tail.js';
import type { RunView } from '../../client/read-run.js';
import { RUN_FILES } from '../../protocol/run-folder.js';
import { choiceKey, type ChoiceArchitecture } from '../../space/architecture.js';
import { genotypeText, plainCells } from '../../space/genotype.js';
import { nasBench201Name, nasBench201String } from '../../space/nas-bench-201.js';
import type { SearchSpace } from '../../space/search-space.js';
import { chooseArchitecture } from '../chosen-architecture.js';
import type { CliContext } from '../context.js';
import { writeOutput } from '../output-file.js';
import { findRun } from '../run-folder.js';

interface ExportOptions {
  readonly what: 'genotype' | 'nasbench201' | 'json' | 'weights';
  readonly output?: string;
  readonly runs?: string;
}

export function addExport(root: Command, context: CliContext): void {
  root
    .command('export')
    .description('take an architecture or its trained weights away')
    .argument('<run>', 'folder or name of a run, or `last`')
    .argument('[arch]', '`best`, `baseline`, a trial number or a genotype')
    .addOption(
      new Option(
        '--what <what>',
        'genotype: DARTS notation; nasbench201: the published string; json: cells by name; weights: safetensors of the retrained network',
      )
        .choices(['genotype', 'nasbench201', 'json', 'weights'])
        .default('genotype'),
    )
    .option('-o, --output <file>', 'where to (weights need it; text goes to standard output without it)')
    .option('--runs <folder>', 'where runs lie (default: .cellsmith/runs)')
    .action(async (name: string, arch: string | undefined, options: ExportOptions) => {
      const run = await findRun(name, options.runs, context);
      const { config, architecture } = await chooseArchitecture(run, arch);
      if (options.what === 'weights') {
        await exportWeights(run, architecture, { options, context });
        return;
      }
      const text = textOf(config.space, architecture, options.what);
      if (options.output === undefined) context.print(text);
      else await writeOutput(resolve(context.cwd, options.output), `${text}\n`);
    });
}

function textOf(
  space: SearchSpace,
  architecture: ChoiceArchitecture,
  what: Exclude<ExportOptions['what'], 'weights'>,
): string {
  switch (what) {
    case 'genotype':
      return genotypeText(space, architecture);
    case 'nasbench201':
      return `${nasBench201Name(space, architecture)}\n${nasBench201String(space, architecture)}`;
    case 'json':
      return JSON.stringify({ schema: 1, architecture, cells: plainCells(space, architecture) });
  }
}

interface Place {
  readonly options: ExportOptions;
  readonly context: CliContext;
}

/** Copies the safetensors file of the architecture's retraining, after checking it against the hash in the log. */
async function exportWeights(
  run: RunView,
  architecture: ChoiceArchitecture,
  { options, context }: Place,
): Promise<void> {
  const name = basename(run.folder);
  if (options.output === undefined)
    throw new UserError('Weights are no text.', 'Say where to: `-o weights.safetensors`.');
  const key = choiceKey(architecture);
  let hash: string | undefined;
  for await (const event of readEvents(run.folder)) {
    if (
      event.type === 'tested' &&
      event.architecture.kind === 'choices' &&
      choiceKey(event.architecture) === key
    )
      hash = event.weights;
  }
  if (hash === undefined)
    throw new UserError(
      `${name} has no trained weights of this architecture.`,
      `Train it: \`cellsmith retrain ${name} …\`.`,
    );
  const path = join(run.folder, RUN_FILES.results, `${hash}.safetensors`);
  const bytes = await readFile(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`Cannot read ${path}: ${reason}.`, `Train it again: \`cellsmith retrain ${name}\`.`);
  });
  if (createHash('sha256').update(bytes).digest('hex') !== hash)
    throw new UserError(
      `${path} is damaged: its hash is not the one in the log.`,
      `Train it again: \`cellsmith retrain ${name}\`.`,
    );
  const target = resolve(context.cwd, options.output);
  await writeOutput(target, bytes);
  context.print(`${target}  ${bytes.length} bytes  sha256 ${hash}`);
}
