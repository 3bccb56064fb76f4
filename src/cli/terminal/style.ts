/** Colour for terminals only: off when piped, when `NO_COLOR` is set or the terminal is dumb; `FORCE_COLOR` turns it on. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

export function styleFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Style {
  const wanted = stream.isTTY === true && environment['TERM'] !== 'dumb';
  const forced = environment['FORCE_COLOR'] !== undefined && environment['FORCE_COLOR'] !== '0';
  const banned = environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== '';
  const on = (wanted || forced) && !banned;
  const code = (start: number, end: number) => (text: string) =>
    on ? `\u001b[${start}m${text}\u001b[${end}m` : text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    yellow: code(33, 39),
  };
}
