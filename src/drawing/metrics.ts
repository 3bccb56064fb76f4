/** Sizes of all drawings in px: the one table to change. */
export const METRICS = {
  margin: 12,
  fontSize: 13,
  detailSize: 11,
  captionSize: 14,
  /** Room above the picture for its caption. */
  captionHeight: 26,
  circle: 34,
  port: 44,
  pillHeight: 22,
  pillPadding: 10,
  boxHeight: 34,
  /** Between columns, and between neighbours in a column. */
  columnGap: 26,
  /** Between layers of a graph that flows down. */
  layerGap: 24,
  rowGap: 14,
  arrow: 7,
} as const;

export const FONT_FAMILY = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Width of `text` in a sans serif face of `fontSize`, a little on the wide side: fonts differ between readers. */
export function textWidth(text: string, fontSize: number = METRICS.fontSize): number {
  let ems = 0;
  for (const character of text) ems += widthOf(character);
  return Math.ceil(ems * fontSize);
}

/** In ems, after Helvetica's metrics. */
function widthOf(character: string): number {
  if ("ijl.,:;|!'’ []()ft".includes(character)) return 0.34;
  if ('mwMW@%…'.includes(character)) return 0.9;
  if (character >= 'A' && character <= 'Z') return 0.7;
  return character.codePointAt(0)! > 0x2e80 ? 1.05 : 0.6;
}

/** `text` cut to `length` characters, the last of them `…` if something is missing; control characters are replaced. */
export function clip(text: string, length: number): string {
  const characters = Array.from(text.replace(CONTROL, '\uFFFD'));
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length - 1).join('')}…`;
}

/** Control characters, lone surrogates, line breaks and what turns the direction of writing. */
const CONTROL = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/gu;
