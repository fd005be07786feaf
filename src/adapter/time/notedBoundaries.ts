/** Boundaries of which something is known. Those that history has forgotten are dropped, when there are many. */

/** Remembered before those that cannot be come to again are dropped. */
const MANY = 1 << 14;

export class NotedBoundaries {
  private readonly noted = new Set<number>();
  private most = MANY;

  has(boundary: number): boolean {
    return this.noted.has(boundary);
  }

  /** @param first the earliest boundary that history holds */
  add(boundary: number, first: number): void {
    const { noted } = this;
    noted.add(boundary);
    if (noted.size <= this.most) return;
    for (const at of noted) if (at < first) noted.delete(at);
    this.most = Math.max(MANY, noted.size * 2);
  }

  /** What lies at a boundary, and to the right of it, is cut off. */
  forgetFrom(boundary: number): void {
    for (const at of this.noted) if (at >= boundary) this.noted.delete(at);
  }
}
