import { bindAll } from './arguments.js';
import type * as ast from './generated/ast.js';
import { isAmount, isRef } from './generated/ast.js';
import { article } from './ops-lowering.js';
import { textOf, type Reporter } from './reporter.js';
import { suggestion } from './suggest.js';
import { EMPTY, evaluate, isExpression, soleExpression, type Value } from './values.js';

/** The settings of a search by role, each given at most once. */
export interface Roles {
  readonly train?: Called | undefined;
  readonly sample?: Called | undefined;
  readonly select?: Called | undefined;
  readonly retrain?: Called | undefined;
  readonly baseline?: Called | undefined;
  readonly baselineTraining?: Called | undefined;
  readonly objective?: ast.Setting | undefined;
  readonly budget?: Budget | undefined;
  readonly seeds: readonly number[];
  readonly device: string;
  /** 0: as many as there are. */
  readonly threads: number;
}

/** A declaration named in a setting, with its arguments. */
export interface Called {
  readonly declaration: ast.Decl;
  readonly setting: ast.Setting;
  /** Arguments and defaults; undefined after mistakes were reported. */
  bind(reporter: Reporter): ReadonlyMap<string, Value> | undefined;
}

export interface Budget {
  readonly setting: ast.Setting;
  readonly amount: number;
  readonly unit: ast.Amount['unit'];
}

type LookUp = (kind: string) => readonly ast.Decl[];

/** Kinds of declaration that each role takes. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  train: ['training'],
  sample: ['sampler'],
  select: ['strategy'],
  retrain: ['training'],
  baseline: ['strategy', 'training'],
};

const DEVICES = ['auto', 'wasm', 'native', 'tensorflow'];
const ROLES = [...Object.keys(KINDS), 'objective', 'budget', 'seed', 'seeds', 'device', 'threads'];

/** Sorts the settings of a search; undefined after mistakes were reported. */
export function readRoles(node: ast.Search, lookUp: LookUp, reporter: Reporter): Roles | undefined {
  const settings = collectSettings(node, reporter);
  if (settings === undefined) return undefined;
  const called = (role: string, position = 0): Called | undefined | 'wrong' => {
    const setting = settings.get(role);
    return setting === undefined ? undefined : readCalled({ role, setting, position }, lookUp, reporter);
  };
  const train = called('train');
  const sample = called('sample');
  const select = called('select');
  const retrain = called('retrain');
  const baseline = called('baseline');
  const baselineTraining = called('baseline', 1);
  const budget = readBudget(settings.get('budget'), reporter);
  const numbers = readNumbers(settings, reporter);
  const device = readDevice(settings.get('device'), reporter);
  if (train === 'wrong' || sample === 'wrong' || select === 'wrong' || retrain === 'wrong') return undefined;
  if (baseline === 'wrong' || baselineTraining === 'wrong' || budget === 'wrong') return undefined;
  if (numbers === undefined || device === undefined) return undefined;
  const objective = settings.get('objective');
  return {
    train,
    sample,
    select,
    retrain,
    baseline,
    baselineTraining,
    objective,
    budget,
    device,
    ...numbers,
  };
}

function collectSettings(node: ast.Search, reporter: Reporter): ReadonlyMap<string, ast.Setting> | undefined {
  const settings = new Map<string, ast.Setting>();
  let isRight = true;
  for (const setting of node.settings) {
    const { key } = setting;
    const at = { node: setting, property: 'key' };
    const other =
      settings.get(key) ??
      (key.startsWith('seed') ? (settings.get('seed') ?? settings.get('seeds')) : undefined);
    if (!ROLES.includes(key)) {
      const remedy =
        key === 'strategy'
          ? 'Write `train:`, `sample:` and `select:`.'
          : suggestion(key, ROLES, 'Remove it.');
      reporter.error(at, { code: 'NAS161', message: `a search has no setting \`${key}\``, remedy });
      isRight = false;
    } else if (other !== undefined) {
      const related = { at: other, message: 'the first one' };
      reporter.error(at, {
        code: 'NAS161',
        message: `\`${key}:\` is given twice`,
        remedy: 'Keep one.',
        related,
      });
      isRight = false;
    } else settings.set(key, setting);
  }
  return isRight ? settings : undefined;
}

interface Wanted {
  readonly role: string;
  readonly setting: ast.Setting;
  /** Which of the setting's values. */
  readonly position: number;
}

function readCalled(
  { role, setting, position }: Wanted,
  lookUp: LookUp,
  reporter: Reporter,
): Called | undefined | 'wrong' {
  const kinds = KINDS[role] ?? [];
  const value = setting.values[position];
  if (value === undefined) return undefined;
  const extra = setting.values[kinds.length];
  if (extra !== undefined) {
    const message = `\`${role}:\` takes ${kinds.map(article).join(' and ')}, no more`;
    reporter.error(extra, { code: 'NAS161', message, remedy: 'Remove this value.' });
    return 'wrong';
  }
  const kind = kinds[position] ?? 'strategy';
  const expression = isExpression(value) ? soleExpression(value) : undefined;
  const names = lookUp(kind).map((declaration) => declaration.name);
  if (!isRef(expression) || expression.owner !== undefined) {
    const message = `\`${role}:\` takes ${article(kind)}, not \`${textOf(value)}\``;
    reporter.error(value, { code: 'NAS161', message, remedy: `Known: ${names.join(', ')}.` });
    return 'wrong';
  }
  const declaration = lookUp(kind).find(({ name }) => name === expression.target);
  if (declaration === undefined) {
    const message = `unknown ${kind} \`${expression.target}\``;
    const remedy = suggestion(expression.target, names, `Name ${article(kind)}.`);
    reporter.error({ node: expression, property: 'target' }, { code: 'NAS101', message, remedy });
    return 'wrong';
  }
  const binding = { declaration, args: expression.args, at: expression, names: EMPTY };
  return { declaration, setting, bind: (own) => bindAll(binding, own) };
}

function readBudget(setting: ast.Setting | undefined, reporter: Reporter): Budget | undefined | 'wrong' {
  const [value, second] = setting?.values ?? [];
  if (setting === undefined || value === undefined) return undefined;
  const remedy = 'Write `budget: 1600 steps`, for example.';
  if (second !== undefined || !isAmount(value)) {
    const isTime = /^\d+(\.\d+)?(s|min|h|d)$/.test(textOf(value));
    const message = isTime
      ? 'budgets of time are not built yet'
      : 'a budget is one number of steps, epochs or trials';
    reporter.error(value, { code: isTime ? 'NAS200' : 'NAS171', message, remedy });
    return 'wrong';
  }
  const problem = wrongAmount(value);
  if (problem === undefined) return { setting, amount: value.number, unit: value.unit };
  reporter.error(value, { code: 'NAS171', message: problem, remedy });
  return 'wrong';
}

function wrongAmount({ number, unit }: ast.Amount): string | undefined {
  if (number <= 0) return `a budget of ${number} ${unit} runs nothing`;
  const isWhole = unit === 'epochs' || Number.isInteger(number);
  return isWhole && number <= 1e9 ? undefined : `${number} is no number of ${unit}`;
}

function readNumbers(
  settings: ReadonlyMap<string, ast.Setting>,
  reporter: Reporter,
): { readonly seeds: readonly number[]; readonly threads: number } | undefined {
  const read = (setting: ast.Setting | undefined, most: number): readonly number[] | undefined => {
    const values = (setting?.values ?? []).map((value) => {
      const number = isExpression(value) ? evaluate(value, EMPTY, reporter) : undefined;
      const isWhole = number?.kind === 'number' && Number.isSafeInteger(number.value) && number.value >= 0;
      if (isWhole) return number.value;
      const message = `\`${setting?.key ?? ''}:\` takes whole numbers from 0, not \`${textOf(value)}\``;
      reporter.error(value, { code: 'NAS102', message, remedy: 'Write 1, for example.' });
      return undefined;
    });
    if (values.length > most && setting !== undefined) {
      const message = `\`${setting.key}:\` takes one number`;
      reporter.error(setting, {
        code: 'NAS102',
        message,
        remedy: setting.key === 'seed' ? 'Write `seeds:` for several.' : 'Keep one.',
      });
      return undefined;
    }
    return values.every((value) => value !== undefined) ? values : undefined;
  };
  const seeds = settings.has('seed') ? read(settings.get('seed'), 1) : read(settings.get('seeds'), 1000);
  const threads = read(settings.get('threads'), 1);
  return seeds === undefined || threads === undefined ? undefined : { seeds, threads: threads[0] ?? 0 };
}

function readDevice(setting: ast.Setting | undefined, reporter: Reporter): string | undefined {
  if (setting === undefined) return 'auto';
  const [value, second] = setting.values;
  const name = value === undefined ? '' : textOf(value);
  if (second === undefined && DEVICES.includes(name)) return name;
  const message = `unknown device \`${setting.values.map(textOf).join(', ')}\``;
  const remedy = suggestion(name, DEVICES, 'Name one device.');
  reporter.error(value ?? setting, { code: 'NAS161', message, remedy });
  return undefined;
}
