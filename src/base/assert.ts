/** An invariant of our own code does not hold: always a bug, never the user's mistake. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** States an invariant of our own code. User input is never checked with it. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Ends an exhaustive `switch`: compiles only while every case is handled. */
export function unreachable(value: never): never {
  throw new InvariantError(`Unexpected value: ${JSON.stringify(value)}`);
}

/** The value, which our own code guarantees to be there. */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new InvariantError(`Missing: ${what}`);
  return value;
}
