import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TINY, Workspace } from '../cli/cellsmith.js';
import { pageText } from './nas-blocks.js';

/** Objects whose keys are names that the user or the program chose, or which src/protocol describes: not looked into. */
const OPAQUE = new Set([
  'identity',
  'config',
  'architecture',
  'origin',
  'shape',
  'images',
  'range',
  'related',
  'description',
]);

/** Keys of objects in `value`, at any depth outside OPAQUE. */
function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...(OPAQUE.has(key) ? [] : keysOf(inner))]);
}

describe('docs/cli.md', () => {
  let workspace: Workspace;
  before(async function () {
    this.timeout(60_000);
    workspace = await Workspace.create();
    await workspace.write('tiny.nas', TINY);
    await workspace.write('wrong.nas', 'opset Ops { sep_cnov(3x3) }\n');
    assert.equal((await workspace.cellsmith('run', 'tiny.nas', '--foreground')).code, 0);
  });
  after(async () => workspace.remove());

  /** Cells of the table of JSON objects: command → fields. */
  const documented = new Map(
    [...pageText('docs/cli.md').matchAll(/^\| (`.*?) \| (.*) \|$/gm)].map((row) => [
      row[1] ?? '',
      row[2] ?? '',
    ]),
  );

  for (const [row, ...args] of [
    ['`check FILE... --json`', 'check', 'wrong.nas', '--json'],
    ['`info FILE --json`', 'info', 'tiny.nas', '--json'],
    ['`sample FILE -n N --json`', 'sample', 'tiny.nas', '--json', '--encoding'],
    ['`data list --json`', 'data', 'list', '--json'],
    ['`devices --json`', 'devices', '--json'],
  ] as const) {
    it(`names the fields of ${row}`, async () => {
      const { out } = await workspace.cellsmith(...args);
      const text = documented.get(row) ?? '';
      const missing = keysOf(JSON.parse(out)).filter(
        (key) => key !== 'schema' && !text.includes(`\`${key}\``),
      );
      assert.deepEqual(missing, []);
    });
  }

  it('names the fields of runs, show and export at the top', async () => {
    for (const [row, ...args] of [
      ['`show RUN --json`', 'show', 'last', '--json'],
      ['`export RUN --what json`', 'export', 'last', '--what', 'json'],
      ['`run FILE --json`, `retrain RUN --json`', 'run', 'tiny.nas', '--json', '--runs', 'others'],
    ] as const) {
      const { out } = await workspace.cellsmith(...args);
      const text = documented.get(row) ?? '';
      const keys = Object.keys(JSON.parse(out) as object).filter((key) => key !== 'schema');
      assert.ok(keys.length > 0);
      assert.deepEqual(
        keys.filter((key) => !text.includes(`\`${key}\``)),
        [],
        row,
      );
    }
    const { runs } = JSON.parse((await workspace.cellsmith('runs', '--json')).out) as { runs: object[] };
    const text = documented.get('`runs --json`') ?? '';
    assert.deepEqual(
      Object.keys(runs[0] ?? {}).filter((key) => !text.includes(`\`${key}\``)),
      [],
    );
  }).timeout(60_000);

  it('names every file of a run', async () => {
    const page = pageText('docs/cli.md');
    const { runs } = JSON.parse((await workspace.cellsmith('runs', '--json')).out) as {
      runs: { folder: string }[];
    };
    for (const name of readdirSync(join(runs[0]?.folder ?? ''))) {
      const general = name.replace(/-\d+\.lock$/, '-*.lock');
      assert.ok(page.includes(`\`${general}\``) || page.includes(`\`${name}/`), name);
    }
  });
});
