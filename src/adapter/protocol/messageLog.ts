/** The launch attribute `trace`: every message of the session, in a file or in the debug console. */
type Direction = '->' | '<-';

export class MessageLog {
  private write: ((line: string) => void) | undefined;

  /** Notes what comes and goes from now on. */
  open(write: (line: string) => void): void {
    this.write = write;
  }

  note(direction: Direction, message: unknown): void {
    // What is said in the console must not be said again there.
    if (
      this.write === undefined ||
      (message as { readonly event?: unknown } | null)?.event === 'output'
    )
      return;
    this.write(`${direction} ${JSON.stringify(message)}\n`);
  }
}
