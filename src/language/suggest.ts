/** The known name nearest to a mistyped one; none where all are far (over a third of the letters differ, at least 2). */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best ?? beginningWith(name, known);
}

/** The only known name that begins as `name`, of 3 letters at least. */
function beginningWith(name: string, known: Iterable<string>): string | undefined {
  const longer = [...known].filter((candidate) => name.length >= 3 && candidate.startsWith(name));
  return longer.length === 1 ? longer[0] : undefined;
}

/** As a remedy: `Did you mean …?` or the names there are. */
export function suggestion(name: string, known: readonly string[], otherwise: string): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `Did you mean \`${nearest}\`?`;
  if (known.length === 0) return otherwise;
  const shown = known.slice(0, 12).map((one) => `\`${one}\``);
  return `${otherwise} Known: ${shown.join(', ')}${known.length > shown.length ? ', …' : ''}.`;
}

/** Optimal string alignment distance (insert, delete, replace, swap neighbours); ≥ `limit` where it is not less. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replace);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) cost = Math.min(cost, at(before, j - 2) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
