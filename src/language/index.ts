import { URI } from 'langium';
import type { Diagnostic } from '../protocol/diagnostic.js';
import type { SearchSpace } from '../space/search-space.js';
import { compileModel, type LoweredFile } from './compile.js';
import type { Model } from './generated/ast.js';
import { createNasServices, linkDocument, type NasServices } from './services.js';
import { refuseText, syntaxErrors } from './syntax.js';

/** What a `.nas` text means. Spaces and searches with mistakes are absent; their diagnostics say why. */
export interface CompileResult {
  /** In the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  readonly spaces: readonly SearchSpace[];
  readonly searches: readonly CompiledSearch[];
}

export type CompiledSearch = Pick<LoweredFile['searches'][number], 'name' | 'config' | 'seeds'>;

/** Checks a text and lowers what it declares. `path` names it in messages of the parser only; no file is read. */
export async function compileText(text: string, path = 'untitled.nas'): Promise<CompileResult> {
  const refusal = refuseText(text);
  if (refusal !== undefined) return { diagnostics: [refusal], spaces: [], searches: [] };
  services ??= createNasServices();
  const nas = await services;
  // The language is chosen by the extension, and a user may call a file anything.
  const uri = URI.file(path.endsWith('.nas') ? path : `${path}.nas`);
  const document = nas.shared.workspace.LangiumDocumentFactory.fromString<Model>(text, uri);
  const errors = syntaxErrors(document);
  if (errors.length > 0) return { diagnostics: errors, spaces: [], searches: [] };
  await linkDocument(nas, document);
  const { diagnostics, spaces, searches } = compileModel(document, nas);
  return {
    diagnostics,
    spaces,
    searches: searches.map(({ name, config, seeds }) => ({ name, config, seeds })),
  };
}

/** Made on first use: the parser takes a quarter of a second to set up. */
let services: Promise<NasServices> | undefined;
