import type { Objective } from '../space/objective.js';
import type { SearchSpace } from '../space/search-space.js';
import type * as ast from './generated/ast.js';
import { isGoal, isRef } from './generated/ast.js';
import { textOf, type Problem, type Reporter } from './reporter.js';
import type { Roles } from './roles.js';
import { suggestion } from './suggest.js';

interface Context {
  readonly node: ast.Search;
  readonly space: SearchSpace;
  readonly lookUp: (kind: string) => readonly ast.Decl[];
}

type Measure = Omit<Objective, 'name'> & {
  /** The task that produces it; absent: any. */
  readonly task?: SearchSpace['task']['kind'];
};

/** What the metrics of the prelude measure, and which way is better. */
const MEASURES: Readonly<Record<string, Measure>> = {
  val_accuracy: { goal: 'maximize', unit: 'ratio', source: 'validation', task: 'classes' },
  val_perplexity: { goal: 'minimize', unit: 'count', source: 'validation', task: 'next_token' },
  params: { goal: 'minimize', unit: 'count', source: 'analytic' },
  macs: { goal: 'minimize', unit: 'count', source: 'analytic' },
  memory: { goal: 'minimize', unit: 'bytes', source: 'analytic' },
  latency: { goal: 'minimize', unit: 'ms', source: 'device' },
};

/** The objectives in order; without the setting, the task's own. The first is measured on the validation split. */
export function lowerObjectives(
  roles: Roles,
  context: Context,
  reporter: Reporter,
): readonly Objective[] | undefined {
  const own = context.space.task.kind === 'classes' ? 'val_accuracy' : 'val_perplexity';
  if (roles.objective === undefined) return [objectiveOf(own)];
  const objectives: Objective[] = [];
  for (const value of roles.objective.values) {
    const objective = lowerObjective(value, context, reporter);
    if (objective === undefined) return undefined;
    if (objectives.some(({ name }) => name === objective.name)) {
      reporter.error(value, {
        code: 'NAS180',
        message: `\`${objective.name}\` is named twice`,
        remedy: 'Keep one.',
      });
      return undefined;
    }
    objectives.push(objective);
  }
  if (objectives[0]?.source === 'validation') return objectives;
  const message = 'the first objective decides, so it is measured on the validation split';
  reporter.error(roles.objective, { code: 'NAS180', message, remedy: `Begin with ${goalOf(own)} ${own}.` });
  return undefined;
}

function lowerObjective(value: ast.Value, context: Context, reporter: Reporter): Objective | undefined {
  const name =
    isGoal(value) && isRef(value.of) && !value.of.call && value.of.owner === undefined
      ? value.of.target
      : undefined;
  if (name === undefined || !isGoal(value)) {
    const message = `\`${textOf(value)}\` is no objective`;
    reporter.error(value, { code: 'NAS180', message, remedy: 'Write max val_accuracy, for example.' });
    return undefined;
  }
  const metrics = context.lookUp('metric');
  const metric = metrics.find((one) => one.name === name);
  const measure = MEASURES[name];
  if (metric === undefined || measure === undefined) {
    const names = metrics.map((one) => one.name);
    const remedy = suggestion(name, names, 'Name a metric.');
    reporter.error(value.of, { code: 'NAS101', message: `unknown metric \`${name}\``, remedy });
    return undefined;
  }
  const problem = misfit({ metric, measure, direction: value.direction }, context.space);
  if (problem === undefined) return objectiveOf(name);
  reporter.error(value, problem);
  return undefined;
}

interface Wish {
  readonly metric: ast.Decl;
  readonly measure: Measure;
  readonly direction: ast.Goal['direction'];
}

/** Why a search of the space cannot have this objective. */
function misfit({ metric, measure, direction }: Wish, space: SearchSpace): Problem | undefined {
  const { name } = metric;
  if (measure.task !== undefined && measure.task !== space.task.kind) {
    const own = space.task.kind === 'classes' ? 'val_accuracy' : 'val_perplexity';
    const message = `\`${name}\` is not produced by \`${space.task.kind}\``;
    return { code: 'NAS180', message, remedy: `Write ${goalOf(own)} ${own}.` };
  }
  if (direction !== goalOf(name)) {
    const message = `\`${name}\` is better the ${goalOf(name) === 'max' ? 'larger' : 'smaller'} it is`;
    return { code: 'NAS180', message, remedy: `Write ${goalOf(name)} ${name}.` };
  }
  if (!metric.planned || space.template.kind !== 'cells') return undefined;
  return { code: 'NAS200', message: `metric \`${name}\` is not built yet`, remedy: 'Leave it out.' };
}

function goalOf(name: string): 'max' | 'min' {
  return MEASURES[name]?.goal === 'maximize' ? 'max' : 'min';
}

function objectiveOf(name: string): Objective {
  const { goal, unit, source } = MEASURES[name] ?? { goal: 'minimize', unit: 'count', source: 'analytic' };
  return { name, goal, unit, source };
}
