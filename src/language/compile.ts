import type { LangiumDocument } from 'langium';
import type { Diagnostic } from '../protocol/diagnostic.js';
import type { SearchSpace } from '../space/search-space.js';
import { checkLinks, checkNames } from './links.js';
import type * as ast from './generated/ast.js';
import { isDecl, isOpSet, isSearch, isSpace } from './generated/ast.js';
import { lowerChain, lowerOpSet } from './ops-lowering.js';
import { Reporter } from './reporter.js';
import { lowerSearch, type LoweredSearch } from './search-lowering.js';
import { checkRules } from './rule-check.js';
import { NasScopeProvider } from './scope.js';
import type { NasServices } from './services.js';
import { checkShapes } from './shape-check.js';
import { lowerSpace, type LoweredSpace } from './space-lowering.js';

export interface LoweredFile {
  readonly diagnostics: readonly Diagnostic[];
  readonly spaces: readonly SearchSpace[];
  readonly searches: readonly LoweredSearch[];
}

/** Checks and lowers a linked document without syntax errors. */
export function compileModel(document: LangiumDocument<ast.Model>, services: NasServices): LoweredFile {
  const reporter = new Reporter();
  const model = document.parseResult.value;
  checkLinks(document, services, reporter);
  checkNames(model, reporter);
  if (reporter.hasErrors) return { diagnostics: reporter.diagnostics, spaces: [], searches: [] };
  for (const element of model.elements) {
    if (isOpSet(element)) lowerOpSet(element, reporter);
    else if (isDecl(element) && element.params.length === 0 && element.body !== undefined)
      lowerChain(element.body, reporter);
  }
  const spaces = new Map<ast.Space, LoweredSpace>();
  for (const node of model.elements.filter(isSpace)) {
    const space = lowerSpace(node, reporter);
    if (space !== undefined && checkShapes(space, reporter) && checkRules(space, reporter))
      spaces.set(node, space);
  }
  const lookUp = (kind: string): readonly ast.Decl[] => declarationsOf(kind, model, services);
  const searches = model.elements.filter(isSearch).flatMap((node) => {
    const target = node.space.ref;
    const space = target === undefined ? undefined : spaces.get(target);
    return space === undefined ? [] : (lowerSearch(node, space.space, lookUp, reporter) ?? []);
  });
  const { diagnostics } = reporter;
  return { diagnostics, spaces: [...spaces.values()].map(({ space }) => space), searches };
}

function declarationsOf(kind: string, model: ast.Model, services: NasServices): readonly ast.Decl[] {
  const { ScopeProvider } = services.references;
  const all = ScopeProvider instanceof NasScopeProvider ? ScopeProvider.callables(model) : [];
  return all.filter(isDecl).filter((declaration) => declaration.kind === kind);
}
