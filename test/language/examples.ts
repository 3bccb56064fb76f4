import { readFileSync } from 'node:fs';

/** Names of the files in `examples/`. */
export const EXAMPLES = [
  'darts-cifar10',
  'en2as-cifar10',
  'en2as-digits',
  'nago',
  'nasbench201',
  'rnn-ptb',
] as const;

export function exampleText(name: (typeof EXAMPLES)[number]): string {
  return readFileSync(new URL(`../../examples/${name}.nas`, import.meta.url), 'utf8');
}
