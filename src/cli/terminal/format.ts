/** 12345678n → `12,345,678`. */
export function grouped(value: bigint | number): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** 271234 → `0.27 M`; below a thousand the plain number. */
export function short(value: number): string {
  for (const [unit, size] of UNITS) if (value >= size) return `${(value / size).toFixed(2)} ${unit}`;
  return String(Math.round(value));
}

const UNITS = [
  ['T', 1e12],
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
] as const;

/** Bytes as KiB, MiB or GiB. */
export function bytes(value: number): string {
  if (value >= 2 ** 30) return `${(value / 2 ** 30).toFixed(2)} GiB`;
  return value >= 2 ** 20 ? `${(value / 2 ** 20).toFixed(1)} MiB` : `${(value / 2 ** 10).toFixed(1)} KiB`;
}

/** Milliseconds → `4 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A share in [0, 1] → `97.1 %`. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A share in [0, 1] as a bar and a percentage of constant width. */
export function progressBar(share: number): string {
  const bar = '▓'.repeat(Math.round(BAR_WIDTH * share)).padEnd(BAR_WIDTH, '░');
  return `${bar} ${percent(share, 0).padStart(5)}`;
}

const BAR_WIDTH = 12;

/** Rows → aligned lines. Columns whose every cell after the header is a number (with its unit) or absent are right-aligned. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, i) => Math.max(known[i] ?? 0, cell.length)),
    [],
  );
  const numeric = widths.map((_, i) => rows.slice(1).every((row) => NUMERIC.test(row[i] ?? '')));
  return rows.map((row) =>
    row
      .map((cell, i) => (numeric[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** A number, a quantity, a range of them, or nothing. */
const NUMERIC = /^(–?|[−-]?\d[\d.,]*( ?[%A-Za-z]+)?( – .*)?)$/;

/** As many of the parts as fit into a line of `width`, joined by two spaces; what does not fit is left out whole. */
export function fitting(parts: readonly string[], width: number): string {
  const line = parts.reduce((known, part) => {
    const longer = known === '' ? part : `${known}  ${part}`;
    return longer.length <= width ? longer : known;
  }, '');
  return line === '' ? (parts[0] ?? '').slice(0, width) : line;
}

/** Cuts control characters out of foreign text (names in run folders), so that it cannot steer the terminal. */
export function harmless(text: string, limit = 200): string {
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '�');
  return plain.length > limit ? `${plain.slice(0, limit - 1)}…` : plain;
}

/** Breaks text between words into lines of at most `width` characters (longer words stay whole). */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
