import type { DataConfig } from '../protocol/run-config.js';
import type { SearchSpace } from '../space/search-space.js';
import { bindAll } from './arguments.js';
import type * as ast from './generated/ast.js';
import { isDecl } from './generated/ast.js';
import { checkKind } from './ops-lowering.js';
import type { Reporter } from './reporter.js';
import { EMPTY, type Value } from './values.js';

/** What is known of a built-in data set without opening it. */
interface DatasetFacts {
  /** Height, width, channels. */
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  /** Images of the training and of the test file; absent: whatever the files hold. Test 0: there is no test file. */
  readonly images?: { readonly training: number; readonly test: number };
}

/** @internal For the test that compares them with the datasets layer. */
export const FACTS: Readonly<Record<string, DatasetFacts>> = {
  digits: { shape: [28, 28, 1], classes: 10, images: { training: 10_000, test: 0 } },
  mnist: { shape: [28, 28, 1], classes: 10, images: { training: 60_000, test: 10_000 } },
  fashion_mnist: { shape: [28, 28, 1], classes: 10, images: { training: 60_000, test: 10_000 } },
  cifar10: { shape: [32, 32, 3], classes: 10, images: { training: 50_000, test: 10_000 } },
  cifar10_binary: { shape: [32, 32, 3], classes: 10 },
};

export interface LoweredData {
  readonly data: DataConfig;
  /** The part that has no engine member yet, as the user wrote it. */
  readonly notBuilt?: string;
}

/** What a search trains on, checked against its space. */
export function lowerData(call: ast.Call, space: SearchSpace, reporter: Reporter): LoweredData | undefined {
  const declaration = call.ref.ref;
  if (!checkKind(call, reporter) || !isDecl(declaration)) return undefined;
  const values = bindAll({ declaration, args: call.args, at: call, names: EMPTY }, reporter);
  if (values === undefined) return undefined;
  const read = new Arguments(values);
  const folder = read.text('folder');
  const data: DataConfig = {
    name: declaration.name,
    ...(folder === '' ? {} : { folder }),
    train: read.number('train', 0),
    validation: read.number('validation', 0),
    test: read.number('test', 0),
    limit: read.number('limit', 0),
    augmentation: read.augmentation(),
  };
  const isRight =
    declaration.planned || (checkShares(call, data, reporter) && checkSpace(call, data, space, reporter));
  if (!isRight) return undefined;
  return declaration.planned ? { data, notBuilt: `the data set ${declaration.name}` } : { data };
}

/** Images in the training split, as the datasets layer cuts it; undefined where only the files can tell. */
export function trainImages({ name, train, limit }: DataConfig): number | undefined {
  const images = FACTS[name]?.images;
  if (images === undefined) return undefined;
  const all = images.training + images.test;
  const isLimited = limit > 0 && limit < all;
  const pool = isLimited ? limit - Math.round((limit * images.test) / all) : images.training;
  return Math.round(train * pool);
}

/** Reads bound arguments by type. */
export class Arguments {
  readonly #values: ReadonlyMap<string, Value>;

  constructor(values: ReadonlyMap<string, Value>) {
    this.#values = values;
  }

  number(name: string, otherwise: number): number {
    const value = this.#values.get(name);
    return value?.kind === 'number' ? value.value : otherwise;
  }

  text(name: string): string {
    const value = this.#values.get(name);
    return value?.kind === 'text' ? value.value : '';
  }

  augmentation(): DataConfig['augmentation'] {
    const flip = this.#values.get('flip');
    return {
      crop: this.number('crop', 0),
      flip: flip?.kind === 'bool' && flip.value,
      cutout: this.number('cutout', 0),
    };
  }
}

function checkShares(call: ast.Call, data: DataConfig, reporter: Reporter): boolean {
  const sum = data.train + data.validation + data.test;
  const empty = (['train', 'validation'] as const).find((share) => data[share] === 0);
  const isUntested = FACTS[data.name]?.images?.test === 0 && 1 - data.train - data.validation < 1e-9;
  if (empty !== undefined || (isUntested && sum <= 1 + 1e-9)) {
    const message = `the ${empty ?? 'test'} split of \`${data.name}\` is empty`;
    reporter.error(call, {
      code: 'NAS132',
      message,
      remedy: `Leave a share for \`${empty ?? 'test'}\`, 0.2 for example.`,
    });
    return false;
  }
  if (sum <= 1 + 1e-9) return true;
  const message = `train, validation and test take ${round(sum * 100)} % of \`${data.name}\``;
  reporter.error(call, { code: 'NAS132', message, remedy: 'Let the shares add up to 1 at most.' });
  return false;
}

function checkSpace(call: ast.Call, data: DataConfig, space: SearchSpace, reporter: Reporter): boolean {
  const facts = FACTS[data.name];
  if (space.input.kind === 'tokens') {
    const message = `space \`${space.name}\` reads tokens, \`${data.name}\` has images`;
    reporter.error(call, {
      code: 'NAS132',
      message,
      remedy: 'Search over a space for images, or on a text.',
    });
    return false;
  }
  if (facts === undefined) return true;
  const { height, width, channels } = space.input;
  const own = [height, width, channels].join('x');
  if (facts.shape.join('x') !== own) {
    const message = `\`${data.name}\` has images of ${facts.shape.join('x')}, space \`${space.name}\` reads ${own}`;
    reporter.error(call, {
      code: 'NAS132',
      message,
      remedy: `Write space ${space.name} for image(${facts.shape.join('x')}).`,
    });
    return false;
  }
  const count = space.task.kind === 'classes' ? space.task.count : 0;
  if (facts.classes === count) return true;
  const message = `\`${data.name}\` has ${facts.classes} classes, space \`${space.name}\` tells ${count} apart`;
  reporter.error(call, { code: 'NAS132', message, remedy: `Write -> classes(${facts.classes}).` });
  return false;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
