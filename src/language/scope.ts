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

  constructor(services: LangiumCoreServices, preludeUri: URI) {
    super(services);
    this.#services = services;
    this.#preludeUri = preludeUri;
  }

  override getScope(context: ReferenceInfo): Scope {
    if (!isCall(context.container)) return super.getScope(context);
    const kinds: readonly string[] = expectedKinds(context.container);
    const callables = this.callables(context.container);
    const fitting = callables.filter((callable) => kinds.includes(kindOf(callable)));
    const others = callables.filter((callable) => !kinds.includes(kindOf(callable)));
    return this.createScopeForNodes(fitting, this.createScopeForNodes(others));
  }

  /** All declarations in sight of a node: those of its file, then the built-in ones. */
  callables(node: AstNode): readonly (Decl | OpSet)[] {
    const own = AstUtils.getDocument(node).parseResult.value;
    const prelude = this.#services.shared.workspace.LangiumDocuments.getDocument(this.#preludeUri);
    const builtIn =
      prelude === undefined || prelude.parseResult.value === own ? [] : elementsOf(prelude.parseResult.value);
    return [...elementsOf(own), ...builtIn].filter((element) => isDecl(element) || isOpSet(element));
  }

  /** Only what a file itself declares: files do not see each other. */
  protected override getGlobalScope(): Scope {
    return EMPTY_SCOPE;
  }
}

function elementsOf(root: AstNode): Model['elements'] {
  return isModel(root) ? root.elements : [];
}
