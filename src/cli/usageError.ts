/** Called wrongly, and how. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** The usage says more: it is not only a value that is wrong. */
    readonly isOfForm = true,
  ) {
    super(message);
  }
}
