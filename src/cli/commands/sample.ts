import { InvalidArgumentError, type Command } from 'commander';
import { Rng } from '../../base/rng.js';
import { networkHash } from '../../graph/network-hash.js';
import type { ChoiceArchitecture } from '../../space/architecture.js';
import { encodeOneHot } from '../../space/encode.js';
import { enumerateArchitectures } from '../../space/enumerate.js';
import type { SearchSpace } from '../../space/search-space.js';
import { spaceSize } from '../../space/size.js';
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
  readonly all?: true;
  readonly encoding?: true;
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
    .option('--all', 'every architecture instead, for spaces of up to a million')
    .option('--encoding', 'with --json: the one-hot encoding that surrogate models read')
    .option('--json', 'one JSON object a line (docs/cli.md)')
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
      for (const architecture of options.all === true ? everything(space) : samples(space, options)) {
        const graph = instantiator.build(architecture);
        const { parameters, macs } = cost(graph);
        if (options.json === true) {
          const encoding =
            options.encoding === true ? { encoding: [...encodeOneHot(space, architecture)] } : {};
          const hash = networkHash(graph);
          context.print(JSON.stringify({ schema: 1, architecture, parameters, macs, hash, ...encoding }));
        } else {
          const genotype = genotypeText(space, architecture);
          context.print(`${short(parameters)} parameters  ${short(macs)} MACs  ${genotype}`);
        }
      }
    });
}

function* samples(space: SearchSpace, { n, seed }: SampleOptions): Generator<ChoiceArchitecture> {
  const rng = Rng.fromSeed(seed);
  for (let i = 0; i < n; i++) yield sample(space, rng);
}

function everything(space: SearchSpace): Iterable<ChoiceArchitecture> {
  const { total } = spaceSize(space);
  if (total.kind === 'finite' && total.count <= 1_000_000n) return enumerateArchitectures(space);
  throw new UserError(`${space.name} is too large to list.`, 'Leave out --all and say how many with -n.');
}

/** A whole number ≥ 0 on the command line. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  if (!Number.isSafeInteger(value))
    throw new InvalidArgumentError(`It must be at most ${Number.MAX_SAFE_INTEGER}.`);
  return value;
}

/** A whole number ≥ 1 on the command line. */
export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return value;
}
