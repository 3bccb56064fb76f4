/**
 * Cosine decay from `from` to `to` (Loshchilov & Hutter, "SGDR", ICLR 2017, eq. 5, without restarts), the rate of step
 * `step` of `numSteps` (0 … numSteps − 1). Deviation from DARTS and EN²AS: those change the rate once per epoch; here it
 * changes with every step, so that runs of a few epochs decay as smoothly as long ones.
 */
export function cosineRate(from: number, to: number, step: number, numSteps: number): number {
  return to + ((from - to) * (1 + Math.cos((Math.PI * step) / numSteps))) / 2;
}
