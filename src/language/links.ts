import type { LangiumDocument, Reference } from 'langium';
import type * as ast from './generated/ast.js';
import { isCall, isCell, isNodeRef, isOpItem, isSearch, isSpace } from './generated/ast.js';
import { article } from './ops-lowering.js';
import type { Place, Reporter } from './reporter.js';
import { expectedKinds, kindOf, NasScopeProvider } from './scope.js';
import type { NasServices } from './services.js';
import { suggestion } from './suggest.js';

/** Reports every name that stands for nothing, with the nearest known one. */
export function checkLinks(
  document: LangiumDocument<ast.Model>,
  services: NasServices,
  reporter: Reporter,
): void {
  for (const reference of document.references) {
    const { error } = reference;
    if (error === undefined) continue;
    const { container, property, index } = error.info;
    const scope = services.references.ScopeProvider.getScope(error.info);
    const names = isCall(container)
      ? callableNames(container, services)
      : scope
          .getAllElements()
          .map((description) => description.name)
          .toArray();
    const kind = kindWanted(container, property);
    const name = (reference as Reference).$refText;
    const at: Place = { node: container, property, index };
    const message = `unknown ${kind} \`${name}\``;
    reporter.error(at, {
      code: 'NAS101',
      message,
      remedy: suggestion(name, [...new Set(names)], `Declare it, or name another ${kind}.`),
    });
  }
}

function callableNames(call: ast.Call, services: NasServices): string[] {
  const { ScopeProvider } = services.references;
  if (!(ScopeProvider instanceof NasScopeProvider)) return [];
  const kinds: readonly string[] = expectedKinds(call);
  return ScopeProvider.callables(call)
    .filter((callable) => kinds.includes(kindOf(callable)))
    .map(({ name }) => name);
}

function kindWanted(container: Parameters<typeof isCall>[0], property: string): string {
  if (isCall(container)) return expectedKinds(container)[0] ?? 'op';
  if (isNodeRef(container)) return 'node or input';
  if (isOpItem(container)) return 'op set';
  if (isSearch(container)) return 'space';
  return isCell(container) && property === 'state' ? 'input' : 'cell';
}

/** Reports names that are declared twice. */
export function checkNames(model: ast.Model, reporter: Reporter): void {
  const declared = model.elements.map((element) => {
    const space = isSpace(element)
      ? element.members.filter((member) => member.$type === 'Cell' || member.$type === 'Hierarchy')
      : [];
    reportDoubles(space, (member) => member.name, 'block', reporter);
    return element;
  });
  reportDoubles(declared, (element) => `${familyOf(element)} ${element.name}`, 'declaration', reporter);
}

/** Spaces and searches have names of their own kind; ops and op sets share theirs. */
function familyOf(element: ast.Element): string {
  if (element.$type === 'OpSet') return 'op';
  return element.$type === 'Decl' ? element.kind : element.$type;
}

function reportDoubles<T extends ast.Element | ast.Cell | ast.Hierarchy>(
  nodes: readonly T[],
  keyOf: (node: T) => string,
  what: string,
  reporter: Reporter,
): void {
  const first = new Map<string, T>();
  for (const node of nodes) {
    const other = first.get(keyOf(node));
    if (other === undefined) {
      first.set(keyOf(node), node);
      continue;
    }
    const message = `\`${node.name}\` is already the name of ${article(what)}`;
    const related = { at: { node: other, property: 'name' }, message: 'the first one' };
    reporter.error(
      { node, property: 'name' },
      { code: 'NAS103', message, remedy: 'Rename one of the two.', related },
    );
  }
}
