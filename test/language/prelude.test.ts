import assert from 'node:assert/strict';
import { isDecl, type Model } from '../../src/language/generated/ast.js';
import { BUILTIN_NAS } from '../../src/language/prelude/builtin.js';
import { createNasServices, PRELUDE_URI } from '../../src/language/services.js';
import { EMPTY, evaluate } from '../../src/language/values.js';
import { Reporter } from '../../src/language/reporter.js';
import { listDataSets } from '../../src/engine/datasets/registry.js';
import { FACTS } from '../../src/language/datasets.js';
import { COMPOSITE_OPS } from '../../src/space/ops/index.js';

describe('language: prelude', () => {
  it('parses and links', async () => {
    const services = await createNasServices();
    const document = services.shared.workspace.LangiumDocuments.getDocument(PRELUDE_URI) ?? assert.fail();
    assert.deepEqual([...document.parseResult.lexerErrors, ...document.parseResult.parserErrors], []);
    assert.deepEqual(
      document.references.filter((reference) => reference.error !== undefined),
      [],
    );
  });

  it('documents everything that is not the name of a well-known op', () => {
    const lines = BUILTIN_NAS.split('\n');
    const isDeclared = (line: string): boolean =>
      /^(planned )?(input|task|dataset|generator|training|sampler|strategy|metric) /.test(line);
    const bare = lines.filter(
      (line, index) => isDeclared(line) && !(lines[index - 1] ?? '').startsWith('/// '),
    );
    assert.deepEqual(bare, []);
    assert.ok(lines.filter(isDeclared).length > 20);
  });

  it('declares the ops of the space layer with the same parameters, bounds and defaults', async () => {
    const services = await createNasServices();
    const document = services.shared.workspace.LangiumDocuments.getDocument(PRELUDE_URI);
    const model = document?.parseResult.value as Model;
    const ops = model.elements.filter(isDecl).filter(({ kind, planned }) => kind === 'op' && !planned);
    const declared = ops.map(({ name, params }) => ({
      name,
      parameters: params.map((parameter) => {
        const value =
          parameter.default === undefined ? undefined : evaluate(parameter.default, EMPTY, new Reporter());
        const start =
          value?.kind === 'dims' ? value.sides[0] : value?.kind === 'number' ? value.value : undefined;
        const minimum = parameter.bounds?.low ?? 1;
        return { name: parameter.name, type: parameter.type, minimum, default: start };
      }),
    }));
    const expected = [...COMPOSITE_OPS.values()].map(({ name, parameters }) => ({
      name,
      parameters: parameters.map((one) => ({ ...one })),
    }));
    const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
    assert.deepEqual(declared.sort(byName), expected.sort(byName));
  });

  it('knows the data sets of the datasets layer, with their shapes and sizes', async () => {
    const services = await createNasServices();
    const model = services.shared.workspace.LangiumDocuments.getDocument(PRELUDE_URI)?.parseResult
      .value as Model;
    const declared = model.elements
      .filter(isDecl)
      .filter(({ kind, planned }) => kind === 'dataset' && !planned);
    const dataSets = listDataSets();
    assert.deepEqual(
      declared.map(({ name }) => name),
      dataSets.map(({ name }) => name),
    );
    for (const { name, shape, numClasses, images } of dataSets) {
      const facts = FACTS[name];
      const shown = shape === undefined ? undefined : [shape.height, shape.width, shape.channels];
      assert.deepEqual([facts?.shape, facts?.classes, facts?.images], [shown, numClasses, images], name);
    }
  });
});
