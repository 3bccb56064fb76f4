import { readFileSync } from 'node:fs';
import { BUILTIN_NAS } from '../../src/language/prelude/builtin.js';

/** Pages with `.nas` blocks, from the root of the repository. */
export const PAGES = ['README.md', 'docs/language.md'] as const;

export function pageText(page: string): string {
  return readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
}

/** The code blocks of a page marked `nas`. */
export function nasBlocks(page: string): string[] {
  return [...pageText(page).matchAll(/^```nas\n([^]*?)^```$/gm)].map((match) => match[1] ?? '');
}

const TITLES: Readonly<Record<string, string>> = {
  op: 'Ops',
  input: 'Inputs',
  task: 'Tasks',
  dataset: 'Data sets',
  generator: 'Generators',
  training: 'Trainings',
  sampler: 'Samplers',
  strategy: 'Strategies',
  metric: 'Metrics',
};

/** The built-in declarations of the prelude as Markdown tables, one for each kind. */
export function builtInTables(): string {
  const declared = [...BUILTIN_NAS.matchAll(DECLARATION)].map((match) => ({
    meaning: (match[1] ?? '')
      .replace(/^\/\/\/ ?/gm, '')
      .trim()
      .replace(/\n/g, ' '),
    planned: match[2] !== undefined,
    kind: match[3] ?? '',
    name: match[4] ?? '',
    parameters: (match[5] ?? '').replace(/\s+/g, ' '),
  }));
  const kinds = [...new Set(declared.map(({ kind }) => kind))];
  const tables = kinds.map((kind) => {
    const rows = declared
      .filter((one) => one.kind === kind)
      .map(({ name, parameters, planned, meaning }) => {
        const call = parameters === '' ? name : `${name}(${shortened(parameters)})`;
        return `| \`${call}\` | ${planned ? 'planned: ' : ''}${meaning} |`;
      });
    return [`**${TITLES[kind] ?? kind}**`, '', '| | |', '|---|---|', ...rows].join('\n');
  });
  return tables.join('\n\n');
}

/** Doc comment, `planned`, kind, name, parameters. */
const DECLARATION =
  /((?:^\/\/\/.*\n)*)^(planned )?(op|input|task|dataset|generator|training|sampler|strategy|metric) (\w+)(?:\(([^]*?)\))?(?= ->|$)/gm;

/** `kernel: dims = 3x3 in 1..` → `kernel: 3x3`; without a default its type stays: `folder: text`. */
function shortened(parameters: string): string {
  return parameters
    .split(', ')
    .map((one) => one.replace(/: \w+ = /, ': ').replace(/ in \S+$/, ''))
    .join(', ');
}
