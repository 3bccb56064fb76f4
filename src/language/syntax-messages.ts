import { DefaultLexerErrorMessageProvider, LangiumParserErrorMessageProvider } from 'langium';

/** Parser errors in the words of the user, not of parser generators. */
export class NasParserMessages extends LangiumParserErrorMessageProvider {
  override buildMismatchTokenMessage(options: MismatchedToken): string {
    if (options.expected.name === 'EOF') return noDeclaration(options.actual);
    return `expected ${spoken(options.expected)}, found ${found(options.actual)}`;
  }

  override buildNotAllInputParsedMessage(options: RedundantInput): string {
    return noDeclaration(options.firstRedundant);
  }

  override buildNoViableAltMessage(options: NoAlternative): string {
    const firsts = options.expectedPathsPerAlt.flat().flatMap((path) => path.slice(0, 1));
    return `expected ${oneOf(firsts)}, found ${found(options.actual[0])}`;
  }

  override buildEarlyExitMessage(options: EarlyExit): string {
    const firsts = options.expectedIterationPaths.flatMap((path) => path.slice(0, 1));
    return `expected ${oneOf(firsts)}, found ${found(options.actual[0])}`;
  }
}

export class NasLexerMessages extends DefaultLexerErrorMessageProvider {
  override buildUnexpectedCharactersMessage(fullText: string, start: number, length: number): string {
    if (fullText[start] === '"') return 'this text has no closing quote';
    const shown = fullText.slice(start, start + Math.min(length, 12));
    return `unexpected ${length > 1 ? 'characters' : 'character'} \`${shown}\``;
  }
}

function noDeclaration(actual: Token): string {
  return `expected a declaration (space, search, opset or op), found ${found(actual)}`;
}

interface Token {
  readonly image: string;
}
interface TokenKind {
  readonly name: string;
  readonly LABEL?: string;
}
type MismatchedToken = Parameters<LangiumParserErrorMessageProvider['buildMismatchTokenMessage']>[0];
type RedundantInput = Parameters<LangiumParserErrorMessageProvider['buildNotAllInputParsedMessage']>[0];
type NoAlternative = Parameters<LangiumParserErrorMessageProvider['buildNoViableAltMessage']>[0];
type EarlyExit = Parameters<LangiumParserErrorMessageProvider['buildEarlyExitMessage']>[0];

/** Too many alternatives help nobody; the name of a thing stands for all soft keywords. */
function oneOf(kinds: readonly TokenKind[]): string {
  const hasName = kinds.some((kind) => kind.name === 'ID');
  const words = kinds.filter((kind) => !hasName || !/^[a-z]/.test(kind.name)).map(spoken);
  const unique = [...new Set(words)];
  const shown = unique
    .slice(0, 6)
    .join(', ')
    .replace(/, ([^,]+)$/, unique.length > 6 ? ', $1, …' : ' or $1');
  return shown === '' ? 'something else' : shown;
}

function spoken(kind: TokenKind): string {
  return SPOKEN[kind.name] ?? `\`${kind.name.replace(/:KW$/, '')}\``;
}

const SPOKEN: Readonly<Record<string, string>> = {
  ID: 'a name',
  NUMBER: 'a number',
  QUANTITY: 'a quantity such as 4M',
  DIMS: 'dimensions such as 3x3',
  STRING: 'a text in double quotes',
  EOF: 'the end of the file',
};

function found(token: Token | undefined): string {
  return token === undefined || token.image === ''
    ? 'the end of the file'
    : `\`${token.image.slice(0, 40)}\``;
}
