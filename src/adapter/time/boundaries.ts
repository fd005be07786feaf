/**
 * Every boundary between statements that the session has passed: where it lies on the tape, which task runs next and
 * where in the scenario. Kept as parallel arrays, so that a search backwards looks at numbers and not at memory.
 *
 * Boundaries are numbered from 0 and never renumbered; those whose tape is forgotten go too.
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
  private tasks = new Int32Array(INITIAL);
  private statements = new Int32Array(INITIAL);
  private depths = new Int32Array(INITIAL);
  /** Number of the boundary at index 0. */
  private firstNumber = 0;
  private length = 0;

  /** The oldest one that can be reached. */
  get first(): number {
    return this.firstNumber;
  }

  /** The newest one. */
  get last(): number {
    return this.firstNumber + this.length - 1;
  }

  push(boundary: Boundary): void {
    if (this.length === this.positions.length) this.grow();
    const index = this.length++;
    this.positions[index] = boundary.position;
    this.tasks[index] = boundary.task;
    this.statements[index] = boundary.statement;
    this.depths[index] = boundary.depth;
  }

  position(number: number): number {
    return this.positions[number - this.firstNumber] ?? 0;
  }

  /** The newest one whose position is not behind `position`; the oldest one when all are. */
  before(position: number): number {
    let low = 0;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.positions[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return this.firstNumber + low;
  }

  task(number: number): number {
    return this.tasks[number - this.firstNumber] ?? 0;
  }

  statement(number: number): number {
    return this.statements[number - this.firstNumber] ?? NO_STATEMENT;
  }

  depth(number: number): number {
    return this.depths[number - this.firstNumber] ?? 0;
  }

  /** Forgets every boundary after `number`. */
  cutAfter(number: number): void {
    this.length = Math.max(0, Math.min(this.length, number - this.firstNumber + 1));
  }

  /** Forgets boundaries that lie left of `start` on the tape. Cheap when there are none; the newest one always stays. */
  forgetBefore(start: number): void {
    if (this.length < 2 || this.position(this.firstNumber) >= start) return;
    let kept = 0;
    while (kept < this.length - 1 && (this.positions[kept] ?? 0) < start) kept++;
    this.positions.copyWithin(0, kept, this.length);
    this.tasks.copyWithin(0, kept, this.length);
    this.statements.copyWithin(0, kept, this.length);
    this.depths.copyWithin(0, kept, this.length);
    this.firstNumber += kept;
    this.length -= kept;
  }

  private grow(): void {
    const capacity = this.positions.length * 2;
    const positions = new Float64Array(capacity);
    positions.set(this.positions);
    this.positions = positions;
    this.tasks = enlarged(this.tasks, capacity);
    this.statements = enlarged(this.statements, capacity);
    this.depths = enlarged(this.depths, capacity);
  }
}

function enlarged(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
