import assert from 'node:assert/strict';
import { compileText } from '../../src/language/index.js';

/** The one door of the language's tests: diagnostics as `line:col severity CODE message`. */
export async function check(source: string, ...expected: readonly string[]): Promise<void> {
  assert.deepEqual(await diagnose(source), expected, source);
}

export async function diagnose(source: string): Promise<string[]> {
  const { diagnostics } = await compileText(source);
  return diagnostics.map(
    ({ range, severity, code, message }) => `${range.line}:${range.column} ${severity} ${code} ${message}`,
  );
}

export interface SpaceParts {
  /** Body of cell `Normal(s0, s1)`. Begins at line 3, column 27. */
  readonly cell?: string;
  /** Between stem and head. Line 5. */
  readonly net?: string;
  /** Line 6. */
  readonly head?: string;
  /** Members after the scales. Line 8. */
  readonly members?: string;
  readonly signature?: string;
  readonly scales?: string;
}

/** A small space whose parts a test replaces; its op set is on line 1, its search from line 10 on. */
export function spaceText(parts: SpaceParts = {}): string {
  const {
    cell = 'node x[1..2] = sum(choose 2 prev via Ops) output concat(nodes)',
    net = 'cells depth { Reduce at depth/2; Normal otherwise }',
    head = 'head gap > linear',
    members = '',
    signature = 'image(28x28x1) -> classes(10)',
    scales = 'scale search { C: 4 depth: 3 }',
  } = parts;
  return [
    'opset Ops { none, skip, sep_conv(3x3) }',
    `space S for ${signature} {`,
    `cell Normal(${INPUTS}) { ${cell} }`,
    'cell Reduce stride 2 like Normal net { stem conv(3x3, out: C) > bn',
    net,
    head,
    `} ${scales}`,
    members,
    '}',
    '',
  ].join('\n');
}

const INPUTS = 's0 via relu > conv(1x1) > bn, s1 via relu > conv(1x1) > bn';

/** A search over `spaceText()`; `settings` begin on line 11. */
export function searchText(settings: readonly string[], data = 'digits'): string {
  return `${spaceText()}search T over S on ${data} {\n${settings.join('\n')}\n}\n`;
}

/** Settings that a search needs at least. */
export const ONE_SHOT = ['train: supernet', 'select: random', 'budget: 100 steps'] as const;
