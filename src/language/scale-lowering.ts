import type { Scale } from '../space/search-space.js';
import type * as ast from './generated/ast.js';
import { isCells, isRepeat } from './generated/ast.js';
import type { Place, Reporter } from './reporter.js';
import { suggestion } from './suggest.js';
import { describe, EMPTY, evaluate, type Value } from './values.js';

/** What a scale leaves out. `C` has no default, `depth` only where the net does not say it. */
const DEFAULTS = { depth: 1, affine: true, stemAffine: true, pools: false, auxiliary: 0, dropPath: 0 };

/** The scales of a space in order; undefined after mistakes were reported. */
export function lowerScales(
  space: ast.Space,
  net: ast.Net,
  reporter: Reporter,
): readonly Scale[] | undefined {
  const nodes = space.members.filter((member) => member.$type === 'Scale');
  if (nodes.length === 0) {
    const message = `space \`${space.name}\` says not how large its networks are`;
    const remedy = 'Add `scale search { C: 16  depth: 8 }`.';
    reporter.error({ node: space, property: 'name' }, { code: 'NAS133', message, remedy });
    return undefined;
  }
  const needsDepth = usesDepth(net.items);
  const scales = nodes.map((node, index) => {
    const first = nodes.findIndex((other) => other.name === node.name);
    if (first < index) {
      const message = `there are two scales called \`${node.name}\``;
      reporter.error(
        { node, property: 'name' },
        { code: 'NAS103', message, remedy: 'Rename or remove one.' },
      );
    }
    return lowerScale(node, needsDepth, reporter);
  });
  return scales.every((scale) => scale !== undefined) ? scales : undefined;
}

function usesDepth(items: readonly ast.NetItem[]): boolean {
  return items.some(
    (item) => isCells(item) || (isRepeat(item) && (item.count.$type === 'Ref' || usesDepth(item.items))),
  );
}

function lowerScale(node: ast.Scale, needsDepth: boolean, reporter: Reporter): Scale | undefined {
  const settings = new ScaleSettings(node, reporter);
  const channels = settings.number('C', undefined, { low: 1, high: 65536, whole: true });
  const cells = settings.number('depth', needsDepth ? undefined : DEFAULTS.depth, {
    low: 1,
    high: 1000,
    whole: true,
  });
  const auxiliary = settings.number('auxiliary', DEFAULTS.auxiliary, { low: 0, high: 100, whole: false });
  const dropPath = settings.number('drop_path', DEFAULTS.dropPath, { low: 0, high: 0.99, whole: false });
  const norm = settings.norm();
  if (settings.isWrong) return undefined;
  return { name: node.name, channels, cells, norm, auxiliary, dropPath };
}

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
}

const KEYS = ['C', 'depth', 'norm', 'auxiliary', 'drop_path'];
const NORM_KEYS = ['affine', 'stem_affine', 'pools'];

/** Reads the settings of one scale, reporting what is wrong with them. */
class ScaleSettings {
  isWrong = false;
  readonly #node: ast.Scale;
  readonly #reporter: Reporter;
  readonly #items = new Map<string, ast.ScaleItem>();

  constructor(node: ast.Scale, reporter: Reporter) {
    this.#node = node;
    this.#reporter = reporter;
    for (const item of node.items) {
      const at = { node: item, property: 'key' };
      if (!KEYS.includes(item.key)) {
        this.#wrong(at, `a scale has no setting \`${item.key}\``, suggestion(item.key, KEYS, 'Remove it.'));
      } else if (this.#items.has(item.key)) this.#wrong(at, `\`${item.key}\` is given twice`, 'Keep one.');
      else this.#items.set(item.key, item);
    }
  }

  /** 0 after a mistake was reported. `otherwise` undefined: needed. */
  number(key: string, otherwise: number | undefined, bounds: Bounds): number {
    const item = this.#items.get(key);
    if (item !== undefined) return this.#numberOf(item, bounds);
    if (otherwise !== undefined) return otherwise;
    const { name } = this.#node;
    const meaning = key === 'C' ? 'the channels of its first cell' : 'its number of cells';
    const message = `scale \`${name}\` needs \`${key}\`, ${meaning}`;
    this.#wrong({ node: this.#node, property: 'name' }, message, `Add \`${key}: 8\`, for example.`);
    return 0;
  }

  norm(): Scale['norm'] {
    const item = this.#items.get('norm');
    const given = new Map<string, boolean>();
    if (item?.args.length === 0) {
      this.#wrong(item, '`norm` takes arguments in parentheses', 'Write norm(affine: false, pools: true).');
    }
    for (const arg of item?.args ?? []) this.#normArgument(arg, given);
    return {
      affine: given.get('affine') ?? DEFAULTS.affine,
      stemAffine: given.get('stem_affine') ?? DEFAULTS.stemAffine,
      pools: given.get('pools') ?? DEFAULTS.pools,
    };
  }

  #normArgument(arg: ast.Arg, given: Map<string, boolean>): void {
    const name = arg.name ?? '';
    if (!NORM_KEYS.includes(name) || given.has(name)) {
      this.#wrong(
        arg,
        `\`norm\` has no argument \`${name}\` left`,
        suggestion(name, NORM_KEYS, 'Remove it.'),
      );
      return;
    }
    const value = evaluate(arg.value, EMPTY, this.#reporter);
    if (value?.kind === 'bool') given.set(name, value.value);
    else this.#wrong(arg, `\`${name}\` is true or false`, `Write ${name}: true.`);
  }

  #numberOf(item: ast.ScaleItem, bounds: Bounds): number {
    const value = item.value === undefined ? undefined : evaluate(item.value, EMPTY, this.#reporter);
    const isNumber = value?.kind === 'number' && value.unit === 'none';
    if (isNumber && isWithin(value.value, bounds)) return value.value;
    this.isWrong = true;
    if (item.value === undefined || value !== undefined) this.#reportBounds(item, value, bounds);
    return 0;
  }

  #reportBounds(item: ast.ScaleItem, value: Value | undefined, bounds: Bounds): void {
    const kind = bounds.whole ? 'a whole number' : 'a number';
    const shown = value === undefined ? '' : `, not ${describe(value)}`;
    const message = `\`${item.key}\` is ${kind} in ${bounds.low}..${bounds.high}${shown}`;
    this.#wrong(item, message, `Write ${item.key}: ${bounds.whole ? '8' : '0.2'}, for example.`);
  }

  #wrong(at: Place, message: string, remedy: string): void {
    this.isWrong = true;
    this.#reporter.error(at, { code: 'NAS102', message, remedy });
  }
}

function isWithin(value: number, { low, high, whole }: Bounds): boolean {
  return value >= low && value <= high && (!whole || Number.isInteger(value));
}
