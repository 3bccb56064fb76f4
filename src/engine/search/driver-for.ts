import { UserError } from '../../base/user-error.js';
import type { RunConfig } from '../../protocol/run-config.js';
import { checkObjectives } from '../training/objective-values.js';
import { checkDataFits } from './check-data-fits.js';
import { blackBoxSearch } from './black-box-search.js';
import { oneShotSearch } from './one-shot-search.js';
import { retrainOnly } from './retrain-only.js';
import type { Driver } from './run-host.js';

/** The driver of a run. Throws `UserError` for what this version cannot run. */
export function driverFor(config: RunConfig): Driver {
  const { method, space, objectives } = config;
  if (method.kind === 'not_built_yet') throw notBuiltYet(method.part);
  if (space.template.kind !== 'cells') throw notBuiltYet(`training ${space.template.kind} spaces`);
  checkObjectives(objectives);
  const run = driverOf(method);
  return (context) => {
    checkDataFits(context.config, context.data.search);
    noticeDropPath(context);
    return run(context);
  };
}

function driverOf(method: RunnableMethod): Driver {
  switch (method.kind) {
    case 'one_shot':
      return (context) => oneShotSearch(context, method);
    case 'black_box':
      return (context) => blackBoxSearch(context, method);
    case 'retrain':
      return (context) => retrainOnly(context, method);
  }
}

type RunnableMethod = Exclude<RunConfig['method'], { readonly kind: 'not_built_yet' }>;

function notBuiltYet(part: string): UserError {
  return new UserError(
    `This version cannot run ${part} yet.`,
    'What runs today on image spaces made of cells: supernet training with the samplers uniform, novelty and count, ' +
      'and the strategies random, evolution and regularised_evolution.',
  );
}

function noticeDropPath({ config, host }: Parameters<Driver>[0]): void {
  if (config.space.scales.every(({ dropPath }) => dropPath === 0)) return;
  host.log({ level: 'info', kind: 'notice', text: 'Drop path is not applied in this version.' });
}
