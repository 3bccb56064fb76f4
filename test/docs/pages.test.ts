import assert from 'node:assert/strict';
import { compileText } from '../../src/language/index.js';
import { Workspace } from '../cli/cellsmith.js';
import { builtInTables, nasBlocks, PAGES, pageText } from './nas-blocks.js';

describe('the pages', () => {
  for (const page of PAGES) {
    it(`have blocks of the language in ${page} that check without a problem`, async () => {
      const blocks = nasBlocks(page);
      assert.ok(blocks.length > 0);
      for (const block of blocks) {
        const { diagnostics } = await compileText(block);
        assert.deepEqual(diagnostics, [], block);
      }
    });
  }

  it('show a whole search in README.md, and every kind of it in docs/language.md', async () => {
    const [first = ''] = nasBlocks('README.md');
    assert.deepEqual(
      (await compileText(first)).searches.map(({ name }) => name),
      ['First'],
    );
    const results = await Promise.all(nasBlocks('docs/language.md').map((block) => compileText(block)));
    const kinds = results.flatMap(({ searches }) => searches.map(({ config }) => config.method.kind));
    assert.deepEqual(kinds, ['one_shot', 'black_box']);
    const seeds = results.flatMap(({ searches }) => searches.map((search) => search.seeds));
    assert.deepEqual(seeds, [[1, 2, 3], [1]]);
  });

  it('list the built-in declarations as the prelude declares them', () => {
    const listed = /<!-- built-in[^\n]*-->\n([^]*?)<!-- end -->/.exec(pageText('docs/language.md'))?.[1];
    assert.equal(listed?.trim(), builtInTables());
  });

  it('name commands, options and files that exist', async () => {
    const workspace = await Workspace.create();
    const lines = pageText('README.md').matchAll(/^ {4}cellsmith (.*?)(?: {2,}(.*))?$/gm);
    const commands = [...lines].map((match) => ({ call: match[1] ?? '', told: match[2] ?? '' }));
    assert.ok(commands.length >= 16);
    for (const { call, told } of commands) {
      const words = call.split(' ');
      const name = words[0] === 'data' ? words.slice(0, 2) : words.slice(0, 1);
      const { code, out } = await workspace.cellsmith(...name, '--help');
      assert.equal(code, 0, call);
      for (const [option] of `${call} ${told}`.matchAll(/(?<= )--?[a-z]+/g))
        assert.ok(out.includes(`${option} `) || out.includes(`${option},`), `${call}: ${option}`);
    }
    await workspace.remove();
  }).timeout(60_000);
});
