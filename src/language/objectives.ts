import type { Objective } from '../space/objective.js';
import type { SearchSpace } from '../space/search-space.js';
import type * as ast from './generated/ast.js';
import { isGoal, isRef } from './generated/ast.js';
import { textOf, type Reporter } from './reporter.js';
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

function lowerObjective(
  value: ast.Value,
  { space, lookUp }: Context,
  reporter: Reporter,
): Objective | undefined {
  const wrong = (code: 'NAS101' | 'NAS180' | 'NAS200', message: string, remedy: string): undefined => {
    reporter.error(value, { code, message, remedy });
    return undefined;
  };
  if (!isGoal(value) || !isRef(value.of) || value.of.call || value.of.owner !== undefined) {
    return wrong('NAS180', `\`${textOf(value)}\` is no objective`, 'Write max val_accuracy, for example.');
  }
  const name = value.of.target;
  const metrics = lookUp('metric');
  const metric = metrics.find((one) => one.name === name);
  const measure = MEASURES[name];
  if (metric === undefined || measure === undefined) {
    return wrong(
      'NAS101',
      `unknown metric \`${name}\``,
      suggestion(
        name,
        metrics.map((one) => one.name),
        'Name a metric.',
      ),
    );
  }
  if (measure.task !== undefined && measure.task !== space.task.kind) {
    const own = space.task.kind === 'classes' ? 'val_accuracy' : 'val_perplexity';
    return wrong(
      'NAS180',
      `\`${name}\` is not produced by ${space.task.kind}`,
      `Write ${goalOf(own)} ${own}.`,
    );
  }
  if (value.direction !== goalOf(name)) {
    return wrong(
      'NAS180',
      `\`${name}\` is better the ${goalOf(name) === 'max' ? 'larger' : 'smaller'} it is`,
      `Write ${goalOf(name)} ${name}.`,
    );
  }
  if (metric.planned && space.template.kind === 'cells') {
    return wrong('NAS200', `metric \`${name}\` is not built yet`, 'Leave it out.');
  }
  return objectiveOf(name);
}

function goalOf(name: string): 'max' | 'min' {
  return MEASURES[name]?.goal === 'maximize' ? 'max' : 'min';
}

function objectiveOf(name: string): Objective {
  const { goal, unit, source } = MEASURES[name] ?? { goal: 'minimize', unit: 'count', source: 'analytic' };
  return { name, goal, unit, source };
}
