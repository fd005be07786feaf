/**
 * What hangs at positions of the tape: kernel events, statements, output. Oldest first; several may hang at one position, in the order
 * in which they came.
 */

/** Something that happened at a position of the tape. */
export interface Mark<Event> {
  readonly position: number;
  readonly event: Event;
}

export class Marks<Event> {
  private readonly all: Mark<Event>[] = [];

  /** @param position not left of any other */
  hang(position: number, event: Event): void {
    this.all.push({ position, event });
  }

  /** Those with from <= position < to. */
  between(from: number, to: number): readonly Mark<Event>[] {
    return this.all.slice(this.firstAt(from), this.firstAt(to));
  }

  dropBefore(position: number): void {
    this.all.splice(0, this.firstAt(position));
  }

  dropFrom(position: number): void {
    this.all.length = this.firstAt(position);
  }

  /** The number of the first one that is not left of a position. */
  private firstAt(position: number): number {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.all[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
