/** What is wrong with a `.nas` text: where, why, and what to do about it. Plain data. */
export interface Diagnostic {
  /** Stable, e.g. `NAS130`; the first two digits group them. */
  readonly code: `NAS${number}`;
  readonly severity: 'error' | 'warning' | 'info';
  /** One sentence, without a final full stop. */
  readonly message: string;
  /** What to do about it; empty where the message says it. */
  readonly remedy: string;
  readonly range: TextRange;
  /** Other places that take part, e.g. the first of two declarations. */
  readonly related?: readonly { readonly message: string; readonly range: TextRange }[];
}

/** Lines and columns count from 1; the end is exclusive. */
export interface TextRange {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}
