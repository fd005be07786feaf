/**
 * Time as the debugger travels it: boundaries that have been passed, the place where the cursor stands, and the two ways to
 * go: over what is on the tape, and further by running statements.
 *
 * What lies to the right of the cursor stays valid until an edit cuts it: runs are deterministic, so going forward again is
 * going over the tape. Stepping into a statement replays it with the instrumented kernel and never changes the tape.
 *
 * Edits between two statements are a step of their own (so that stepping back undoes them); an edit inside a statement
 * belongs to that statement, and is taken over at its place whenever the statement is replayed.
 *
 * Invariant: memory is what it was at `place`, except inside the methods of this class.
 */
import { GivenUp, ReplayDiverged } from '../../engine/memory/runEnds.js';
import type { BlockReason, Pieces } from '../../scenario/index.js';
import { Boundaries, NO_STATEMENT } from './boundaries.js';
import { InnerEdits, type EditSpan, type LocalEdit } from './innerEdits.js';
import { NotedBoundaries } from './notedBoundaries.js';
import { isInside, NOT_BEGUN, type Place } from './place.js';
import type { Runner } from './runner.js';
import {
  captureAt,
  StatementTrace,
  walk,
  type CapturedFunction,
  type TraceVisitor,
} from './statementTrace.js';

/** On the tape: cell, before, after. */
const ENTRY_BYTES = 12;
/** A walk looks every so many events whether it is to be given up: less than a millisecond, and tens of them where reads are heard. */
const LOOK_MASK = (1 << 10) - 1;

export class Timeline {
  readonly boundaries = new Boundaries();
  /** Edits inside statements, by the number of the boundary before. */
  private readonly innerEdits = new InnerEdits();
  /** Boundaries whose "statement" is an edit. */
  private readonly editSteps = new Set<number>();
  /** Those of them where the debugger chose another task to run. */
  private readonly switches = new Set<number>();
  /** Boundaries in whose statement the kernel called a function of the scenario. */
  private readonly calledBack = new NotedBoundaries();
  private traced: { readonly boundary: number; readonly trace: StatementTrace } | undefined;
  private current: Place;
  /** A statement of which a piece has been run, and where the tape's cursor is. */
  private underWay: { readonly boundary: number; readonly position: number } | undefined;
  /**
   * Whether a statement that is run, or run again, is to be given up in the middle, for somebody waits. It is undone then, memory is at
   * `place`, and {@link GivenUp} is thrown.
   */
  givesUp: () => boolean = () => false;
  /** What boundaries take of the memory that history may have. */
  private shared = 0;

  constructor(
    private readonly runner: Runner,
    /** Called before the tape is cut, at the cut. */
    private readonly beforeCut: () => void,
  ) {
    this.pushBoundary();
    this.current = this.boundaryPlace(0);
  }

  get place(): Place {
    return this.current;
  }

  private get tape() {
    return this.runner.tape;
  }

  boundaryPlace(boundary: number): Place {
    return {
      boundary,
      events: NOT_BEGUN,
      position: this.boundaries.position(boundary),
    };
  }

  /** Right behind the line after whose event something was written, before the next event. */
  placeBehind(boundary: number, events: number): Place {
    const trace = this.trace(boundary);
    if (events >= trace.length) return this.boundaryPlace(boundary + 1);
    return { boundary, events, position: trace.position(events) };
  }

  /** The earliest place that can be reached. */
  get firstPlace(): Place {
    this.boundaries.forgetBefore(this.tape.start);
    return this.boundaryPlace(this.boundaries.first);
  }

  /** Whether the scenario has ended at this boundary. What follows may be an edit of what it has left. */
  hasEnded(boundary: number): boolean {
    return this.boundaries.statement(boundary) === NO_STATEMENT && !this.editSteps.has(boundary);
  }

  /** Whether no statement is left to run at this boundary, whatever edits follow. */
  isBehindAll(boundary: number): boolean {
    return this.boundaries.statement(boundary) === NO_STATEMENT;
  }

  /** Whether edits between statements lie before, or after, the current place. */
  hasEdits(direction: 'forward' | 'backward'): boolean {
    const here = this.current.boundary;
    for (const step of this.editSteps)
      if (direction === 'backward' ? step < here : step >= here) return true;
    return false;
  }

  /** Whether what follows a boundary is an edit and no statement. */
  isEditStep(boundary: number): boolean {
    return this.editSteps.has(boundary);
  }

  /** How many of the scenario's functions that were active before it the statement after a boundary has left. */
  nrLeft(boundary: number): number {
    if (this.isEditStep(boundary)) return 0;
    this.walk(boundary, {});
    return this.runner.nrLeft();
  }

  /** What the task of the statement after a boundary waits for, for which the statement was undone. Memory is at `place` afterwards. */
  waitAfter(boundary: number): BlockReason | undefined {
    if (this.isEditStep(boundary) || !this.isComplete(boundary)) return undefined;
    this.tape.seek(this.boundaries.position(boundary + 1));
    const wait = this.runner.waitsFor(this.boundaries.task(boundary));
    this.tape.seek(this.current.position);
    return wait;
  }

  /** Whether an edit wrote the entry at a position, which is in the statement after a boundary. */
  isEdit(boundary: number, position: number): boolean {
    return this.isEditStep(boundary) || this.innerEdits.wrote(boundary, position);
  }

  /** Whether what follows a boundary is that the debugger chose another task to run. */
  isSwitch(boundary: number): boolean {
    return this.switches.has(boundary);
  }

  /** Makes a task the one that runs next: a step of its own, which cuts off what lay to the right. False if it cannot run. */
  switchTo(task: number): boolean {
    if (!this.runner.canRun(task)) return false;
    const { boundary } = this.current;
    if (this.edit(() => this.runner.switchTo(task))) this.switches.add(boundary);
    return true;
  }

  /** Ends tasks where they stand, as an edit. False if none had anything left to run. */
  endTasks(tasks: readonly number[]): boolean {
    return this.edit(() => tasks.forEach((task) => this.runner.endTask(task)));
  }

  /** Active functions of a task at the current place, those of the kernel apart. */
  depthOf(task: number): number {
    return this.runner.depthOf(task);
  }

  /** Moves to a place that has been passed. */
  goTo(place: Place): void {
    this.tape.seek(place.position);
    this.current = place;
  }

  /** Runs the statement after a boundary if it has not been run. Memory may be at its end then, not at `place`. */
  complete(boundary: number): void {
    this.advance(boundary, () => false);
  }

  /**
   * The same in pieces. False where `mayRest` has said that others are to be let through: then it is to be called again, or what it has
   * done is to be abandoned, before the timeline is asked for anything else but where it stands.
   */
  advance(boundary: number, mayRest: () => boolean): boolean {
    const { underWay } = this;
    this.underWay = undefined;
    if (underWay !== undefined && underWay.boundary === boundary) {
      if (this.tape.cursor !== underWay.position)
        throw new Error('the machine was moved in the middle of a statement');
      if (!this.heedful(boundary, () => this.runner.resumeStatement(mayRest)))
        return this.suspend(boundary);
    } else {
      if (this.boundaries.last > boundary || this.hasEnded(boundary)) return true;
      this.tape.seek(this.boundaries.position(boundary));
      if (this.innerEdits.has(boundary)) this.finishEdited(boundary);
      else if (!this.heedful(boundary, () => this.runner.beginStatement(mayRest)))
        return this.suspend(boundary);
    }
    this.completed(boundary);
    return true;
  }

  /** Runs a statement, or a piece of it, that may be given up wherever it is while history holds its beginning. */
  private heedful(boundary: number, run: () => boolean): boolean {
    const start = this.boundaries.position(boundary);
    try {
      return this.heeding(run, { mayBe: () => this.tape.start <= start });
    } catch (error) {
      if (error instanceof GivenUp) this.undo(boundary);
      throw error;
    }
  }

  /** @throws GivenUp where what is under way is to be given up */
  heed(): void {
    if (this.givesUp()) throw new GivenUp();
  }

  /**
   * Does something that may be given up in the middle, and then leaves nothing behind.
   * @param mayBe whether it can be left where it is
   * @param givesUp whether it is to be, for it and for all that it does here; the motion says so where this is not given
   * @throws GivenUp
   */
  heeding<T>(
    work: () => T,
    { mayBe, givesUp }: { readonly mayBe?: () => boolean; readonly givesUp?: () => boolean } = {},
  ): T {
    const { tape } = this;
    const before = { midway: tape.midway, givesUp: this.givesUp };
    if (givesUp !== undefined) this.givesUp = givesUp;
    tape.midway = () => {
      if (mayBe?.() !== false) this.heed();
    };
    try {
      return work();
    } finally {
      tape.midway = before.midway;
      this.givesUp = before.givesUp;
    }
  }

  private undo(boundary: number): void {
    const { tape } = this;
    tape.seek(this.boundaries.position(boundary));
    tape.cut();
    tape.seek(this.current.position);
  }

  private suspend(boundary: number): false {
    this.underWay = { boundary, position: this.tape.cursor };
    return false;
  }

  /** Undoes what was run of a statement that is not at its end. False if history no longer holds its beginning. */
  abandon(): boolean {
    const { underWay, tape } = this;
    if (underWay === undefined) return true;
    if (tape.start > this.boundaries.position(underWay.boundary)) return false;
    this.underWay = undefined;
    this.undo(underWay.boundary);
    return true;
  }

  private completed(boundary: number): void {
    if (this.runner.wasCalledBack()) this.calledBack.add(boundary, this.boundaries.first);
    this.pushBoundary();
    if (this.traced?.boundary === boundary) this.traced = undefined;
    this.boundaries.forgetBefore(this.tape.start);
  }

  /** Whether the kernel called a function of the scenario in the statement after a boundary, which is complete. */
  wasCalledBack(boundary: number): boolean {
    return this.calledBack.has(boundary);
  }

  /** Whether the statement after a boundary has been run to its end. */
  isComplete(boundary: number): boolean {
    return boundary < this.boundaries.last;
  }

  /** Position up to which the statement after a boundary is on the tape. */
  endOf(boundary: number): number {
    return this.isComplete(boundary) ? this.boundaries.position(boundary + 1) : this.tape.end;
  }

  /** What happens inside the statement after a boundary, as far as it is on the tape. Memory is at `place` afterwards. */
  trace(boundary: number): StatementTrace {
    if (this.traced?.boundary === boundary) return this.traced.trace;
    const trace = new StatementTrace();
    this.walk(boundary, trace.visitor(this.tape));
    this.traced = { boundary, trace };
    return trace;
  }

  /** Replays the statement after a boundary with somebody watching. Memory is at `place` afterwards. */
  walk(boundary: number, visitor: TraceVisitor): void {
    if (this.editSteps.has(boundary) || this.hasEnded(boundary)) return;
    this.tape.seek(this.boundaries.position(boundary));
    try {
      this.heeding(() =>
        walk(
          this.tape,
          () => this.runner.runStatement('instrumented'),
          this.withEdits(boundary, this.heedfully(visitor)),
        ),
      );
    } catch (error) {
      // The tape ends where an edit cut it; a statement that undid itself (its task sleeps) left nothing to walk along.
      if (!(error instanceof ReplayDiverged)) throw error;
    } finally {
      this.tape.seek(this.current.position);
    }
  }

  /** A visitor that is left, with its walk, when that is given up. */
  private heedfully(visitor: TraceVisitor): TraceVisitor {
    return {
      ...visitor,
      after: (n, ...event) => {
        if ((n & LOOK_MASK) === LOOK_MASK) this.tape.midway?.();
        visitor.after?.(n, ...event);
      },
    };
  }

  /** The active kernel functions with their locals at the current place, innermost first. */
  captureHere(): readonly CapturedFunction[] {
    const place = this.current;
    if (!isInside(place)) return [];
    this.tape.seek(this.boundaries.position(place.boundary));
    const run = (): void => this.runner.runStatement('instrumented');
    try {
      return this.heeding(() =>
        captureAt(this.tape, run, place, (visitor) =>
          this.withEdits(place.boundary, this.heedfully(visitor)),
        ),
      );
    } finally {
      this.tape.seek(place.position);
    }
  }

  /** Lets somebody write at the current place. Cuts off what lay to the right. True if anything was written. */
  edit(write: () => void): boolean {
    const edit = this.beginEdit();
    try {
      write();
    } finally {
      edit.settle();
    }
    return edit.end();
  }

  /** As {@link edit}, of something that is written piece by piece. */
  *editing<T>(writing: Pieces<T>): Pieces<{ readonly changed: boolean; readonly value: T }> {
    const edit = this.beginEdit();
    let value: T;
    try {
      value = yield* writing;
    } finally {
      edit.settle();
    }
    return { changed: edit.end(), value };
  }

  private beginEdit(): { readonly settle: () => void; readonly end: () => boolean } {
    const { tape } = this;
    const { boundary, events, position } = this.current;
    this.beforeCut();
    const { cuts, end } = tape;
    return {
      settle: () => {
        // What a failed call has written is undone, but still lies to the right.
        if (tape.cursor === position && (tape.cuts !== cuts || tape.end !== end)) tape.cut();
        if (tape.cuts === cuts) return;
        this.boundaries.cutAfter(boundary);
        this.forgetEditsAfter(this.current);
        this.traced = undefined;
      },
      end: () => {
        const to = tape.cursor;
        if (to === position) return false;
        this.traced = undefined;
        if (!isInside(this.current)) {
          this.editSteps.add(boundary);
          this.pushBoundary();
          this.current = this.boundaryPlace(boundary + 1);
        } else {
          this.innerEdits.add(boundary, { events, from: position, to });
          this.current = { boundary, events, position: to };
        }
        return true;
      },
    };
  }

  /**
   * Sets a local of a kernel function at the current place, which is inside a statement: the rest of the statement runs with it.
   * Cuts off what lay to the right.
   */
  editLocal(local: LocalEdit): void {
    const { tape } = this;
    const { boundary, events, position } = this.current;
    this.beforeCut();
    tape.cut();
    this.boundaries.cutAfter(boundary);
    this.forgetEditsAfter(this.current);
    this.traced = undefined;
    this.innerEdits.add(boundary, { events, from: position, to: position, local });
  }

  private forgetEditsAfter(place: Place): void {
    for (const steps of [this.editSteps, this.switches])
      for (const step of steps) if (step >= place.boundary) steps.delete(step);
    this.calledBack.forgetFrom(place.boundary);
    this.innerEdits.forgetAfter(place);
  }

  /** Runs a statement that edits have cut: over the tape up to the last edit, then on. */
  private finishEdited(boundary: number): void {
    const { tape } = this;
    const { end } = tape;
    const start = this.boundaries.position(boundary);
    const last = this.innerEdits.of(boundary).at(-1);
    const run = (): void => this.runner.runStatement('instrumented');
    const visitor = this.withEdits(boundary, this.heedfully({}), (edit) => {
      if (edit === last) tape.endReplay();
    });
    try {
      this.heeding(() => walk(tape, run, visitor), { mayBe: () => tape.start <= start });
    } catch (error) {
      if (error instanceof GivenUp) {
        tape.seek(end);
        tape.cut();
        tape.seek(this.current.position);
      }
      throw error;
    }
  }

  private withEdits(
    boundary: number,
    visitor: TraceVisitor,
    applied?: (edit: EditSpan) => void,
  ): TraceVisitor {
    return this.innerEdits.during(this.tape, boundary, visitor, applied);
  }

  private pushBoundary(): void {
    const { task, statement = NO_STATEMENT, depth } = this.runner.standing();
    const { boundaries, tape } = this;
    boundaries.push({ position: tape.cursor, task, statement, depth });
    if (boundaries.sizeBytes === this.shared) return;
    this.shared = boundaries.sizeBytes;
    tape.keepAtMost(tape.maxEntries - this.shared / ENTRY_BYTES);
  }
}
