/** Values by position of the tape, in two arrays that grow: a million of them are twelve megabytes and no objects. */

const INITIAL = 256;

export class Series {
  private positions = new Float64Array(INITIAL);
  private values = new Int32Array(INITIAL);
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** Positions never go back. */
  push(position: number, value: number): void {
    if (this.count === this.positions.length) this.grow();
    this.positions[this.count] = position;
    this.values[this.count++] = value;
  }

  position(index: number): number {
    return this.positions[index] ?? 0;
  }

  value(index: number): number {
    return this.values[index] ?? 0;
  }

  /** The first one at or right of a position; `length` when there is none. */
  firstFrom(position: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.positions[middle] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Forgets what lies at or right of a position. */
  cutFrom(position: number): void {
    this.count = this.firstFrom(position);
  }

  private grow(): void {
    const positions = new Float64Array(this.count * 2);
    const values = new Int32Array(this.count * 2);
    positions.set(this.positions);
    values.set(this.values);
    this.positions = positions;
    this.values = values;
  }
}
