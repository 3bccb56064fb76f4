import * as v from 'valibot';
import { UserError } from '../../base/user-error.js';

/** A parser for one kind of message or file: `unknown` in, our type out. */
export type Schema<T> = v.GenericSchema<unknown, T>;

/**
 * Turns a value from outside into our type. Unknown properties are kept, so that a file written by a later patch of the
 * same schema loses nothing. Throws `UserError` naming `place`, the first wrong property, and what was expected there.
 */
export function parseAs<T>(schema: Schema<T>, input: unknown, place: string, remedy: string): T {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  const where = path === null ? place : `${place}: ${path}`;
  throw new UserError(
    `${where}: expected ${issue.expected ?? 'another value'} but got ${issue.received}.`,
    remedy,
  );
}

/** Parses JSON text from `place`. Throws `UserError` if it is not JSON. */
export function parseJson(text: string, place: string, remedy: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UserError(`${place} is not valid JSON (${(error as Error).message}).`, remedy);
  }
}

/** Refuses a file of another schema before anything else in it is looked at. */
export function checkSchemaVersion(input: unknown, expected: number, place: string): void {
  const found = typeof input === 'object' && input !== null && 'schema' in input ? input.schema : undefined;
  if (found === expected || typeof found !== 'number') return;
  throw new UserError(
    `${place} has schema ${found}; this version of Cellsmith reads schema ${expected}.`,
    'Open the run with the version of Cellsmith that wrote it.',
  );
}
