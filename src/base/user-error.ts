/**
 * The user's input or surroundings are wrong. Shown as one sentence with its remedy and no stack; exit code 1.
 * `message` names the place and what is wrong, `remedy` what to do about it.
 */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}
