import {
  AstUtils,
  DefaultScopeProvider,
  EMPTY_SCOPE,
  type AstNode,
  type LangiumCoreServices,
  type ReferenceInfo,
  type Scope,
  type URI,
} from 'langium';
import {
  isCall,
  isDecl,
  isHierarchy,
  isLevel,
  isModel,
  isOpSet,
  isSearch,
  isSpace,
  type Call,
  type Decl,
  type Model,
  type OpSet,
} from './generated/ast.js';

/** What a call may stand for at its place; `opset`: pick one of its members. */
export type CallableKind = 'op' | 'opset' | 'dataset' | 'generator' | 'input' | 'task';

/** Kinds of declaration that fit where a call stands, the likeliest first. */
export function expectedKinds(call: Call): readonly CallableKind[] {
  const parent = call.$container;
  if (isSearch(parent)) return ['dataset'];
  if (isLevel(parent)) return ['generator'];
  if (isSpace(parent)) return parent.input === call ? ['input'] : ['task'];
  if (isHierarchy(parent.$container)) return ['op'];
  return ['op', 'opset'];
}

export function kindOf(callable: Decl | OpSet): string {
  return isOpSet(callable) ? 'opset' : callable.kind;
}

/** Calls see declarations of the kind that fits first, so that `count` may be a sampler and a rule at once. */
export class NasScopeProvider extends DefaultScopeProvider {
  readonly #services: LangiumCoreServices;
  readonly #preludeUri: URI;
  readonly #callables = new WeakMap<AstNode, readonly (Decl | OpSet)[]>();
  readonly #named = new WeakMap<AstNode, ReadonlyMap<string, readonly (Decl | OpSet)[]>>();

  constructor(services: LangiumCoreServices, preludeUri: URI) {
    super(services);
    this.#services = services;
    this.#preludeUri = preludeUri;
  }

  override getScope(context: ReferenceInfo): Scope {
    const { container, reference } = context;
    if (!isCall(container)) return super.getScope(context);
    const kinds: readonly string[] = expectedKinds(container);
    const named = this.#byName(container).get(reference.$refText) ?? [];
    const best = named.find((callable) => kinds.includes(kindOf(callable))) ?? named[0];
    return best === undefined ? EMPTY_SCOPE : this.createScopeForNodes([best]);
  }

  /** All declarations in sight of a node: those of its file, then the built-in ones. */
  callables(node: AstNode): readonly (Decl | OpSet)[] {
    const own = AstUtils.findRootNode(node);
    const known = this.#callables.get(own);
    if (known !== undefined) return known;
    const prelude = this.#services.shared.workspace.LangiumDocuments.getDocument(this.#preludeUri);
    const builtIn = prelude?.parseResult.value;
    const elements =
      builtIn === undefined || builtIn === own
        ? elementsOf(own)
        : [...elementsOf(own), ...elementsOf(builtIn)];
    const found = elements.filter((element) => isDecl(element) || isOpSet(element));
    this.#callables.set(own, found);
    return found;
  }

  #byName(node: AstNode): ReadonlyMap<string, readonly (Decl | OpSet)[]> {
    const own = AstUtils.findRootNode(node);
    const known = this.#named.get(own);
    if (known !== undefined) return known;
    const named = new Map<string, (Decl | OpSet)[]>();
    for (const callable of this.callables(node)) {
      const same = named.get(callable.name);
      if (same === undefined) named.set(callable.name, [callable]);
      else same.push(callable);
    }
    this.#named.set(own, named);
    return named;
  }

  /** Only what a file itself declares: files do not see each other. */
  protected override getGlobalScope(): Scope {
    return EMPTY_SCOPE;
  }
}

function elementsOf(root: AstNode): Model['elements'] {
  return isModel(root) ? root.elements : [];
}
