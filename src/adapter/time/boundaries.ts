/**
 * Every boundary between statements that the session has passed: where it lies on the tape, which task runs next and
 * where in the scenario. Kept as parallel arrays, so that a search backwards looks at numbers and not at memory.
 *
 * Boundaries are numbered from 0 and never renumbered; those whose tape is forgotten go too, and their room is used again.
 */
export interface Boundary {
  readonly position: number;
  readonly task: number;
  /** The statement about to run (its number in the program), NO_STATEMENT at the scenario's end. */
  readonly statement: number;
  /** Active functions of the task: 1 in its outermost one. */
  readonly depth: number;
}

export const NO_STATEMENT = -1;

const INITIAL = 1024;

export class Boundaries {
  private positions = new Float64Array(INITIAL);
  private tasks = new Uint8Array(INITIAL);
  private statements = new Int32Array(INITIAL);
  private depths = new Uint16Array(INITIAL);
  /** Number of the boundary that lies, or would lie, at index 0. */
  private base = 0;
  private firstNumber = 0;
  /** Number after that of the newest one. */
  private end = 0;

  /** Of memory. */
  get sizeBytes(): number {
    return [this.positions, this.tasks, this.statements, this.depths].reduce(
      (sum, { byteLength }) => sum + byteLength,
      0,
    );
  }

  /** The oldest one that can be reached. */
  get first(): number {
    return this.firstNumber;
  }

  /** The newest one. */
  get last(): number {
    return this.end - 1;
  }

  push(boundary: Boundary): void {
    if (this.end - this.base === this.positions.length) this.makeRoom();
    const index = this.end++ - this.base;
    this.positions[index] = boundary.position;
    this.tasks[index] = boundary.task;
    this.statements[index] = boundary.statement;
    this.depths[index] = boundary.depth;
  }

  position(number: number): number {
    return this.positions[number - this.base] ?? 0;
  }

  task(number: number): number {
    return this.tasks[number - this.base] ?? 0;
  }

  statement(number: number): number {
    return this.statements[number - this.base] ?? NO_STATEMENT;
  }

  depth(number: number): number {
    return this.depths[number - this.base] ?? 0;
  }

  /** The newest one at or left of a position; the oldest one when all lie right of it. */
  lastUpTo(position: number): number {
    let low = this.firstNumber;
    let high = this.last;
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2);
      if (this.position(middle) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Forgets every boundary after `number`. */
  cutAfter(number: number): void {
    this.end = Math.max(this.firstNumber, Math.min(this.end, number + 1));
  }

  /** Forgets boundaries that lie left of `start` on the tape. Cheap when there are none; the newest one always stays. */
  forgetBefore(start: number): void {
    while (this.firstNumber < this.end - 1 && this.position(this.firstNumber) < start)
      this.firstNumber++;
  }

  /** Room of forgotten ones is used again when that is at least a quarter; else there is half as much more than before. */
  private makeRoom(): void {
    const forgotten = this.firstNumber - this.base;
    const kept = this.end - this.firstNumber;
    const capacity = this.positions.length;
    const room = forgotten >= capacity / 4 ? capacity : Math.ceil(capacity * 1.5);
    const moved = <T extends Float64Array | Int32Array | Uint16Array | Uint8Array>(
      array: T,
      larger: () => T,
    ): T => {
      const target = room === capacity ? array : larger();
      if (target === array) array.copyWithin(0, forgotten, forgotten + kept);
      else target.set(array.subarray(forgotten, forgotten + kept));
      return target;
    };
    this.positions = moved(this.positions, () => new Float64Array(room));
    this.tasks = moved(this.tasks, () => new Uint8Array(room));
    this.statements = moved(this.statements, () => new Int32Array(room));
    this.depths = moved(this.depths, () => new Uint16Array(room));
    this.base = this.firstNumber;
  }
}
