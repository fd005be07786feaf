/** Names with numbers, in the order in which they are met; the last number is shared by all that come after. */

const MOST_NAMES = 200;

export class Numbered {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  /** undefined has none. */
  numberOf(name: string | undefined): number | undefined {
    if (name === undefined) return undefined;
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= MOST_NAMES) return MOST_NAMES - 1;
    this.numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}
