/** The kernels cannot run this graph. Thrown while planning: nothing was run. */
export class UnsupportedOpError extends Error {
  override readonly name = 'UnsupportedOpError';

  constructor(
    readonly op: string,
    reason: string,
  ) {
    super(`${op} cannot run on this backend: ${reason}.`);
  }
}
