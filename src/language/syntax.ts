import type { LangiumDocument } from 'langium';
import type { Diagnostic, TextRange } from '../protocol/diagnostic.js';

/** Brackets nested deeper than any sensible text; the parser's stack could not bear much more. */
const DEEPEST = 100;
/** Operators in a row; expressions become trees as deep as they are long. */
const MOST_OPERATORS = 500;
/** A text with more syntax errors is not a `.nas` file; the rest would only hide the first. */
const MOST_ERRORS = 20;

/** What forbids parsing a text at all. */
export function refuseText(text: string): Diagnostic | undefined {
  const deep = deepBracket(text);
  const long = deep === undefined ? longExpression(text) : undefined;
  const offset = deep ?? long;
  if (offset === undefined) return undefined;
  const message =
    deep === undefined
      ? `an expression has more than ${MOST_OPERATORS} operators`
      : `brackets are nested more than ${DEEPEST} deep`;
  const remedy = 'Is this the right file? Name the parts with `opset` or `op`.';
  return { code: 'NAS001', severity: 'error', message, remedy, range: rangeAt(text, offset) };
}

/** Syntax errors of a parsed document, in the order of the text, at most 20. */
export function syntaxErrors(document: LangiumDocument): Diagnostic[] {
  const { lexerErrors, parserErrors } = document.parseResult;
  const text = document.textDocument.getText();
  const found = [
    ...lexerErrors.map(({ message, offset }) => ({ message, offset, length: 1 })),
    ...(lexerErrors.length > 0 ? [] : parserErrors).map(({ message, token, ...error }) => {
      const isInText = Number.isFinite(token.startOffset);
      if (isInText) return { message, offset: token.startOffset, length: token.image.length };
      const last = (error as { previousToken?: { endOffset?: number } }).previousToken?.endOffset;
      return { message, offset: (last ?? text.trimEnd().length - 1) + 1, length: 0 };
    }),
  ];
  const ordered = found.sort((a, b) => a.offset - b.offset).slice(0, MOST_ERRORS);
  return ordered.map(({ message, offset, length }) => ({
    code: 'NAS001',
    severity: 'error',
    message,
    remedy: remedyFor(message),
    range: rangeAt(text, Math.max(0, offset), length),
  }));
}

function remedyFor(message: string): string {
  if (message.includes('closing quote')) return 'Close it with `"` on the same line.';
  const expected = /^expected (`[^`]*`),/.exec(message)?.[1];
  return expected === undefined
    ? 'See the examples for the form of each declaration.'
    : `Insert ${expected}.`;
}

/** Offset where the first expression grows too long: operators with no bracket, comma or rule between them. */
function longExpression(text: string): number | undefined {
  let operators = 0;
  const parts =
    /"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[^]*?\*\/|[(){},:;]|\b(?:require|forbid|prefer|and|or)\b|[<>=!]=|[-+*/<>]/g;
  for (const match of text.matchAll(parts)) {
    if (/^(?:"|\/\/|\/\*)/.test(match[0])) continue;
    operators = /^(?:[(){},:;]|require|forbid|prefer)$/.test(match[0]) ? 0 : operators + 1;
    if (operators > MOST_OPERATORS) return match.index;
  }
  return undefined;
}

/** Offset of the first bracket nested too deep; texts and comments do not count. */
function deepBracket(text: string): number | undefined {
  let depth = 0;
  for (const match of text.matchAll(/"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[^]*?\*\/|[([{]|[)\]}]/g)) {
    if ('([{'.includes(match[0])) depth++;
    else if (')]}'.includes(match[0])) depth = Math.max(0, depth - 1);
    if (depth > DEEPEST) return match.index;
  }
  return undefined;
}

function rangeAt(text: string, offset: number, length = 1): TextRange {
  const before = text.slice(0, offset).split('\n');
  const line = before.length;
  const column = (before.at(-1) ?? '').length + 1;
  return { line, column, endLine: line, endColumn: column + Math.max(1, length) };
}
