import { InvalidArgumentError, type Command } from 'commander';
import { Rng } from '../../base/rng.js';
import { cost } from '../../graph/cost.js';
import { UserError } from '../../base/user-error.js';
import { genotypeText } from '../../space/genotype.js';
import { Instantiator } from '../../space/instantiate/instantiator.js';
import { sample } from '../../space/sample.js';
import type { CliContext } from '../context.js';
import { chooseSpace, readValidNasFile } from '../nas-file.js';
import { short } from '../terminal/format.js';

interface SampleOptions {
  readonly space?: string;
  readonly n: number;
  readonly seed: number;
  readonly json?: true;
}

export function addSample(root: Command, context: CliContext): void {
  root
    .command('sample')
    .description('random architectures of a space, uniform over it')
    .argument('<file>', 'a `.nas` file')
    .option('--space <name>', 'which space, if the file has several')
    .option('-n <count>', 'how many', wholeNumber, 1)
    .option('--seed <seed>', 'equal seeds give equal architectures', wholeNumber, 0)
    .option('--json', 'one JSON object a line')
    .action(async (path: string, options: SampleOptions) => {
      const space = chooseSpace(await readValidNasFile(path, context), options.space);
      const [scale] = space.scales;
      if (space.template.kind !== 'cells' || scale === undefined) {
        throw new UserError(
          `${space.name} is not a space of cells.`,
          'Sampling other spaces comes in a later version.',
        );
      }
      const instantiator = new Instantiator(space, { scale, weights: 'standalone' });
      const rng = Rng.fromSeed(options.seed);
      for (let i = 0; i < options.n; i++) {
        const architecture = sample(space, rng);
        const { parameters, macs } = cost(instantiator.build(architecture));
        if (options.json === true)
          context.print(JSON.stringify({ schema: 1, architecture, parameters, macs }));
        else
          context.print(
            `${short(parameters)} parameters  ${short(macs)} MACs  ${genotypeText(space, architecture)}`,
          );
      }
    });
}

/** A whole number ≥ 0 on the command line. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return value;
}
