/**
 * The different words of a capture, each by a small number: a machine has a few hundred. A file that has more than 65,535 is not kpageflags;
 * all that are too many share the last number.
 */
const MOST = 0xffff;
const SLOTS = 1 << 17;
const EMPTY = -1;

export class WordTable {
  readonly low: number[] = [];
  readonly high: number[] = [];
  private readonly slots = new Int32Array(SLOTS).fill(EMPTY);

  get size(): number {
    return this.low.length;
  }

  /** The number of a word, a new one if it is new. */
  numberOf(low: number, high: number): number {
    let slot = (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> 15;
    for (;;) {
      const known = this.slots[slot] ?? EMPTY;
      if (known === EMPTY) break;
      if (this.low[known] === low && this.high[known] === high) return known;
      slot = (slot + 1) % SLOTS;
    }
    if (this.size > MOST) return MOST;
    this.slots[slot] = this.size;
    this.low.push(low);
    this.high.push(high);
    return this.size - 1;
  }
}
