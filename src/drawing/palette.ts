import type { OpFamily } from '../protocol/drawing.js';

export interface FamilyStyle {
  /** Fill of pills and colour of lines. */
  readonly colour: string;
  /** Text on `colour`; contrast at least 4.5 : 1. */
  readonly text: string;
  /** Line pattern in px, so that families differ without colour; empty: solid. */
  readonly dash: readonly number[];
  /** In words, for legends and descriptions. */
  readonly words: string;
}

const DARK = '#111111';
const LIGHT = '#ffffff';

/** Okabe & Ito's palette ("Color Universal Design", 2008). */
export const FAMILIES: Readonly<Record<OpFamily, FamilyStyle>> = {
  sep_conv: { colour: '#0072b2', text: LIGHT, dash: [], words: 'separable convolution' },
  dil_conv: { colour: '#009e73', text: DARK, dash: [9, 3], words: 'dilated convolution' },
  conv: { colour: '#56b4e9', text: DARK, dash: [], words: 'convolution' },
  avg_pool: { colour: '#e69f00', text: DARK, dash: [2, 3], words: 'average pooling' },
  max_pool: { colour: '#d55e00', text: DARK, dash: [2, 3], words: 'max pooling' },
  skip: { colour: '#a6a6a6', text: DARK, dash: [], words: 'skip connection' },
  none: { colour: '#a6a6a6', text: DARK, dash: [4, 4], words: 'no connection' },
  activation: { colour: '#cc79a7', text: DARK, dash: [], words: 'activation' },
  generator: { colour: '#f0e442', text: DARK, dash: [], words: 'generator' },
  plain: { colour: '#d0d0d0', text: DARK, dash: [], words: 'other op' },
};

/** Colours that mean nothing: ink and paper, on a light and on a dark page. */
export interface Neutral {
  readonly ink: string;
  /** Lines of nodes. */
  readonly line: string;
  /** Thin lines that carry values on. */
  readonly faint: string;
  /** Fill of nodes. */
  readonly paper: string;
}

export const ON_LIGHT: Neutral = { ink: '#1f2328', line: '#57606a', faint: '#8c959f', paper: '#ffffff' };
export const ON_DARK: Neutral = { ink: '#e6edf3', line: '#9aa4af', faint: '#768390', paper: '#22272e' };
