import type {
  Curve,
  DrawnEdge,
  DrawnNode,
  DrawnText,
  Drawing,
  OpFamily,
  Pill,
  Point,
} from '../protocol/drawing.js';
import { FAMILIES, ON_LIGHT } from './palette.js';

/**
 * A `tikzpicture` with the geometry of the SVG, 1 px = 0.75 pt as in CSS. Needs only `\usepackage{tikz}`; for a single column put it
 * into `\resizebox{\linewidth}{!}{…}`.
 */
export function toTikz(drawing: Drawing): string {
  const { title, nodes, edges, texts } = drawing;
  const thinFirst = [...edges].sort((a, b) => Number(a.pill !== undefined) - Number(b.pill !== undefined));
  const lines = [
    `% ${title.replace(/[^\P{C}]/gu, ' ')}`,
    ...colours(),
    '\\begin{tikzpicture}[x=0.75pt,y=-0.75pt,inner sep=0pt,font=\\sffamily\\fontsize{9.75}{11}\\selectfont]',
    ...thinFirst.map(edgeLine),
    ...nodes.map(nodeShape),
    ...edges.flatMap(({ pill }) => (pill === undefined ? [] : [pillShape(pill)])),
    ...texts.map(text),
    '\\end{tikzpicture}',
  ];
  return `${lines.join('\n')}\n`;
}

function colours(): readonly string[] {
  const define = (name: string, hex: string): string =>
    `\\definecolor{cellsmith-${name}}{HTML}{${hex.slice(1).toUpperCase()}}`;
  const families = Object.entries(FAMILIES).map(([family, { colour }]) => define(nameOf(family), colour));
  return [...families, ...Object.entries(ON_LIGHT).map(([name, hex]) => define(name, String(hex)))];
}

function nameOf(family: string): string {
  return family.replaceAll('_', '-');
}

function edgeLine({ curve, arrow, pill }: DrawnEdge): string {
  const colour = pill === undefined ? 'cellsmith-faint' : `cellsmith-${nameOf(pill.family)}`;
  const width = pill === undefined ? '0.9pt' : '1.5pt';
  const dash = pill === undefined ? [] : FAMILIES[pill.family].dash;
  const pattern = dash.length === 0 ? '' : `,dash pattern=on ${pt(dash[0]!)} off ${pt(dash[1]!)}`;
  const head = arrow.map(at).join(' -- ');
  return `\\draw[${colour},line width=${width}${pattern}] ${pathOf(curve)};\n\\fill[${colour}] ${head} -- cycle;`;
}

function nodeShape({ x, y, width, height, label, detail, shape, family }: DrawnNode): string {
  const radius = shape === 'circle' ? height / 2 : shape === 'port' ? 8 : 6;
  const paint =
    family === undefined
      ? 'fill=cellsmith-paper,draw=cellsmith-line,line width=1.1pt'
      : `fill=cellsmith-${nameOf(family)}`;
  const words =
    detail === undefined
      ? escapeTex(label)
      : `\\shortstack{${escapeTex(label)}\\\\{\\scriptsize ${escapeTex(detail)}}}`;
  return box([x, y], [width, height], { paint, radius, ink: inkOf(family), words });
}

function pillShape({ x, y, width, height, label, family }: Pill): string {
  const none = `fill=cellsmith-paper,draw=cellsmith-none,line width=1.1pt,dash pattern=on 3pt off 2.25pt`;
  const paint = family === 'none' ? none : `fill=cellsmith-${nameOf(family)}`;
  const ink = family === 'none' ? 'cellsmith-ink' : inkOf(family);
  return box([x, y], [width, height], { paint, radius: height / 2, ink, words: escapeTex(label) });
}

function inkOf(family: OpFamily | undefined): string {
  if (family === undefined) return 'cellsmith-ink';
  return FAMILIES[family].text === '#ffffff' ? 'white' : 'black';
}

function box(
  centre: Point,
  [width, height]: Point,
  { paint, radius, ink, words }: { paint: string; radius: number; ink: string; words: string },
): string {
  const size = `minimum width=${pt(width)},minimum height=${pt(height)},rounded corners=${pt(Math.min(radius, height / 2 - 0.2))}`;
  return `\\node[${paint},${size},text=${ink}] at ${at(centre)} {${words}};`;
}

function text({ x, y, text: words, anchor, role }: DrawnText): string {
  const where = { start: 'base west', middle: 'base', end: 'base east' }[anchor];
  const size = role === 'caption' ? '\\bfseries ' : '\\scriptsize ';
  return `\\node[anchor=${where},text=cellsmith-ink] at ${at([x, y])} {${size}${escapeTex(words)}};`;
}

function pathOf({ start, pieces }: Curve): string {
  const rest = pieces.map(([a, b, end]) => ` .. controls ${at(a)} and ${at(b)} .. ${at(end)}`);
  return `${at(start)}${rest.join('')}`;
}

function at([x, y]: Point): string {
  return `(${round(x)},${round(y)})`;
}

/** px → pt. */
function pt(px: number): string {
  return `${round(px * 0.75)}pt`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const TEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  '#': '\\#',
  $: '\\$',
  '%': '\\%',
  '&': '\\&',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '×': '$\\times$',
  '−': '$-$',
  '↓': '$\\downarrow$',
  '…': '\\dots{}',
};

function escapeTex(words: string): string {
  return Array.from(words.replace(/[^\P{C}]/gu, ' '), (character) => TEX[character] ?? character).join('');
}
