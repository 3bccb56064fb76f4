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
import { FONT_FAMILY, METRICS } from './metrics.js';
import { FAMILIES, ON_DARK, ON_LIGHT } from './palette.js';

/**
 * A self-contained SVG 1.1 document: text as text, title and description for screen readers, readable on a white page and,
 * where the viewer says so, on a dark one. All names are escaped.
 */
export function toSvg(drawing: Drawing): string {
  const { width, height, title, description, nodes, edges, texts } = drawing;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc" font-family="${FONT_FAMILY}" font-size="${METRICS.fontSize}">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="desc">${escapeXml(description)}</desc>`,
    `<style>${styleSheet()}</style>`,
    ...[...edges].sort((a, b) => rank(a) - rank(b)).map(edgeLine),
    ...nodes.map(nodeShape),
    ...edges.flatMap(({ pill }) => (pill === undefined ? [] : [pillShape(pill)])),
    ...texts.map(text),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

/** Thin lines lie under the ops' lines. */
function rank(edge: DrawnEdge): number {
  return edge.pill === undefined ? 0 : 1;
}

function styleSheet(): string {
  const rules = (of: typeof ON_LIGHT): string =>
    `.ink{fill:${of.ink}}.faint{stroke:${of.faint}}.faint-head{fill:${of.faint}}.shape{fill:${of.paper};stroke:${of.line}}.none-pill{fill:${of.paper}}`;
  return `${rules(ON_LIGHT)}@media(prefers-color-scheme:dark){${rules(ON_DARK)}}`;
}

function edgeLine({ curve, arrow, pill }: DrawnEdge): string {
  const d = pathOf(curve);
  const head = arrow.map(pointText).join(' ');
  if (pill === undefined) {
    return `<path d="${d}" class="faint" fill="none" stroke-width="1.2"/><polygon points="${head}" class="faint-head"/>`;
  }
  const { colour, dash } = FAMILIES[pill.family];
  const dashes = dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`;
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/><polygon points="${head}" fill="${colour}"/>`;
}

function nodeShape(node: DrawnNode): string {
  const { x, y, width, height, label, detail, shape, family } = node;
  const radius = shape === 'circle' ? height / 2 : shape === 'port' ? 8 : 6;
  const outline = `x="${num(x - width / 2)}" y="${num(y - height / 2)}" width="${num(width)}" height="${num(height)}" rx="${num(radius)}"`;
  const colours = family === undefined ? 'class="shape" stroke-width="1.5"' : fillOf(family);
  const ink = family === undefined ? 'class="ink"' : `fill="${FAMILIES[family].text}"`;
  const box = `<rect ${outline} ${colours}/>`;
  if (detail === undefined) return `${box}${centred(x, y, label, ink)}`;
  const small = `<text x="${num(x)}" y="${num(y + 13)}" text-anchor="middle" font-size="${METRICS.detailSize}" ${ink}>${escapeXml(detail)}</text>`;
  return `${box}${centred(x, y - 7, label, ink)}${small}`;
}

function pillShape({ x, y, width, height, label, family }: Pill): string {
  const outline = `x="${num(x - width / 2)}" y="${num(y - height / 2)}" width="${num(width)}" height="${num(height)}" rx="${num(height / 2)}"`;
  const { text: ink } = FAMILIES[family];
  if (family !== 'none')
    return `<rect ${outline} ${fillOf(family)}/>${centred(x, y, label, `fill="${ink}"`)}`;
  const dashed = `class="none-pill" stroke="${FAMILIES.none.colour}" stroke-width="1.5" stroke-dasharray="4 3"`;
  return `<rect ${outline} ${dashed}/>${centred(x, y, label, 'class="ink"')}`;
}

function fillOf(family: OpFamily): string {
  return `fill="${FAMILIES[family].colour}"`;
}

function centred(x: number, y: number, label: string, ink: string): string {
  const baseline = y + METRICS.fontSize * 0.35;
  return `<text x="${num(x)}" y="${num(baseline)}" text-anchor="middle" ${ink}>${escapeXml(label)}</text>`;
}

function text({ x, y, text: words, anchor, role }: DrawnText): string {
  const size =
    role === 'caption'
      ? `font-size="${METRICS.captionSize}" font-weight="600"`
      : `font-size="${METRICS.detailSize}"`;
  return `<text x="${num(x)}" y="${num(y)}" text-anchor="${anchor}" ${size} class="ink">${escapeXml(words)}</text>`;
}

function pathOf({ start, pieces }: Curve): string {
  return `M${pointText(start)}${pieces.map((points) => `C${points.map(pointText).join(' ')}`).join('')}`;
}

function pointText([x, y]: Point): string {
  return `${num(x)},${num(y)}`;
}

/** Two decimals, without trailing zeros. */
function num(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escapeXml(words: string): string {
  return words
    .replace(/[^\P{Cc}\t\n]|\p{Cs}|[\uFFFE\uFFFF]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
