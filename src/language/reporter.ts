import { GrammarUtils, type AstNode, type CstNode } from 'langium';
import type { Diagnostic, TextRange } from '../protocol/diagnostic.js';

/** Where a diagnostic points: a node of the tree, or one property of it. */
export type Place =
  AstNode | { readonly node: AstNode; readonly property: string; readonly index?: number | undefined };

export interface Problem {
  readonly code: Diagnostic['code'];
  readonly message: string;
  readonly remedy: string;
  readonly related?: { readonly at: Place; readonly message: string } | undefined;
}

/** Collects the diagnostics of one text; the same problem at the same place is kept once. */
export class Reporter {
  readonly #found = new Map<string, Diagnostic>();

  get diagnostics(): readonly Diagnostic[] {
    const position = ({ range }: Diagnostic): number => range.line * 1e6 + range.column;
    return [...this.#found.values()].sort((a, b) => position(a) - position(b));
  }

  get hasErrors(): boolean {
    return [...this.#found.values()].some((diagnostic) => diagnostic.severity === 'error');
  }

  error(at: Place, problem: Problem): void {
    this.#add('error', at, problem);
  }

  warn(at: Place, problem: Problem): void {
    this.#add('warning', at, problem);
  }

  add(diagnostic: Diagnostic): void {
    const { line, column } = diagnostic.range;
    const key = `${line}:${column}:${diagnostic.code}:${diagnostic.message}`;
    if (!this.#found.has(key)) this.#found.set(key, diagnostic);
  }

  #add(severity: Diagnostic['severity'], at: Place, problem: Problem): void {
    const { code, message, remedy, related } = problem;
    const base = { code, severity, message, remedy, range: rangeOf(at) };
    if (related === undefined) this.add(base);
    else this.add({ ...base, related: [{ message: related.message, range: rangeOf(related.at) }] });
  }
}

/** The text a place covers. */
export function rangeOf(at: Place): TextRange {
  const cst = cstOf(at);
  if (cst === undefined) return { line: 1, column: 1, endLine: 1, endColumn: 1 };
  const { start, end } = cst.range;
  return {
    line: start.line + 1,
    column: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
  };
}

/** The source text of a node. */
export function textOf(node: AstNode): string {
  return node.$cstNode?.text ?? '';
}

function cstOf(at: Place): CstNode | undefined {
  if (!('property' in at)) return at.$cstNode;
  const { node, property, index } = at as { node: AstNode; property: string; index?: number };
  return GrammarUtils.findNodeForProperty(node.$cstNode, property, index) ?? node.$cstNode;
}
