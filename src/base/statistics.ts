/** A confidence interval of a share, both ends in [0, 1] (of a difference: in [−1, 1]). */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 97.5 % quantile of the standard normal: two-sided 95 %. */
const Z95 = 1.959963984540054;

/** 95 % interval of a share of `correct` out of `of`. Wilson, J. Am. Stat. Assoc. 22 (1927); holds at 0 and 1 as well. */
export function wilson(correct: number, of: number): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const share = correct / of;
  const spread = (Z95 * Z95) / of;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (Z95 / (1 + spread)) * Math.sqrt((share * (1 - share)) / of + spread / (4 * of));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * 95 % interval of the difference of two shares, a − b. Newcombe, Statistics in Medicine 17 (1998), method 10. It takes the two
 * as independent; two networks tested on the same images agree more than that, so the interval is on the wide side.
 */
export function newcombe(a: { correct: number; of: number }, b: { correct: number; of: number }): Interval {
  const shareA = a.correct / a.of;
  const shareB = b.correct / b.of;
  const boundsA = wilson(a.correct, a.of);
  const boundsB = wilson(b.correct, b.of);
  const difference = shareA - shareB;
  return {
    low: difference - Math.hypot(shareA - boundsA.low, boundsB.high - shareB),
    high: difference + Math.hypot(boundsA.high - shareA, shareB - boundsB.low),
  };
}

/** Middle value (mean of the two middle ones), NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
