import assert from 'node:assert/strict';
import { UserError } from '../../../src/base/user-error.js';

/** Asserts that `work` fails with a UserError of this message and remedy. */
export async function rejects(work: Promise<unknown>, message: RegExp, remedy = /\w/): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.match(error.remedy, remedy);
    return true;
  });
}
