import {
  createDefaultCoreModule,
  createDefaultSharedCoreModule,
  DocumentState,
  EmptyFileSystem,
  inject,
  URI,
  type LangiumCoreServices,
  type LangiumDocument,
  type LangiumSharedCoreServices,
  type Module,
  type PartialLangiumCoreServices,
} from 'langium';
import type { Model } from './generated/ast.js';
import { NasGeneratedModule, NasGeneratedSharedModule } from './generated/module.js';
import { BUILTIN_NAS } from './prelude/builtin.js';
import { NasScopeProvider } from './scope.js';
import { NasLexerMessages, NasParserMessages } from './syntax-messages.js';

export type NasServices = LangiumCoreServices;

/** Where the built-in declarations seem to stand; an editor can serve `BUILTIN_NAS` under it. */
export const PRELUDE_URI = URI.parse('cellsmith-builtin:///builtin.nas');

/** Services without an editor and without files; the built-in declarations are loaded and linked. */
export async function createNasServices(): Promise<NasServices> {
  const shared: LangiumSharedCoreServices = inject(
    createDefaultSharedCoreModule(EmptyFileSystem),
    NasGeneratedSharedModule,
  );
  const services: NasServices = inject(createDefaultCoreModule({ shared }), NasGeneratedModule, NAS_MODULE);
  shared.ServiceRegistry.register(services);
  const prelude = shared.workspace.LangiumDocumentFactory.fromString<Model>(BUILTIN_NAS, PRELUDE_URI);
  shared.workspace.LangiumDocuments.addDocument(prelude);
  await linkDocument(services, prelude);
  return services;
}

/** Resolves all names of a parsed document. Documents do not see each other, but all see the prelude. */
export async function linkDocument(services: NasServices, document: LangiumDocument<Model>): Promise<void> {
  const { ScopeComputation, Linker } = services.references;
  document.localSymbols = await ScopeComputation.collectLocalSymbols(document);
  document.state = DocumentState.ComputedScopes;
  await Linker.link(document);
  document.state = DocumentState.Linked;
}

const NAS_MODULE: Module<NasServices, PartialLangiumCoreServices> = {
  parser: {
    ParserErrorMessageProvider: () => new NasParserMessages(),
    LexerErrorMessageProvider: () => new NasLexerMessages(),
  },
  references: { ScopeProvider: (services) => new NasScopeProvider(services, PRELUDE_URI) },
};
