/**
 * What happens inside one statement of the scenario: the events that the instrumented kernel reports while the statement
 * is replayed over its own tape. An event is a microstep (a line of a kernel function is about to run) or the leaving of a
 * function. Replays are the same run, so event n is the same in each, and a place inside the statement is "n events have
 * happened, and the tape is here".
 */
import { tables } from '../../engine/entry/instrumented.js';
import {
  listenTo,
  type LocalSetter,
  type LocalsThunk,
  type ProbeListener,
} from '../../engine/probe.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent } from '../../scenario/index.js';

/** `statementId` of an event that is the leaving of a function. */
export const LEAVE = -1;
/** A statement with more events than this is not stepped into. */
const MAX_EVENTS = 8_000_000;

/** A kernel function that is active at some event, as the probe last saw it. */
export interface ActiveFunction {
  readonly functionId: number;
  readonly statementId: number;
  readonly locals: LocalsThunk;
  readonly set: LocalSetter;
}

/** Takes part in a replay. Both see memory as it is there; `stack` is outermost first and valid during the call only. */
export interface TraceVisitor {
  /** Before event n. */
  before?(n: number, stack: readonly ActiveFunction[]): void;
  /** Before event n, which is the leaving of the innermost function on the stack. */
  leaving?(n: number, stack: readonly ActiveFunction[]): void;
  /** Right after event n: for a microstep, before its line runs. */
  after?(n: number, stack: readonly ActiveFunction[], statementId: number, isEntry: boolean): void;
  mark?(events: number, position: number, event: MachineEvent): void;
  /** An edit that was made inside the statement has been taken over: its entries. */
  edit?(from: number, to: number): void;
  /** The run leaves the tape: true when something has been done about it. */
  diverged?(): boolean;
}

interface MutableActive {
  functionId: number;
  statementId: number;
  locals: LocalsThunk;
  readonly set: LocalSetter;
}

const NO_LOCALS: LocalsThunk = () => ({});

/** Counts events, keeps the stack, and tells the visitor. */
class Walker implements ProbeListener {
  count = 0;
  private readonly stack: MutableActive[] = [];
  private entered = false;

  constructor(private readonly visitor: TraceVisitor) {}

  enter(functionId: number, set: LocalSetter): void {
    const caller = this.stack[this.stack.length - 1];
    if (caller?.statementId === LEAVE) caller.statementId = firstStatement(caller.functionId);
    this.stack.push({ functionId, statementId: LEAVE, locals: NO_LOCALS, set });
    this.entered = true;
  }

  at(statementId: number, locals: LocalsThunk): void {
    const top = this.stack[this.stack.length - 1];
    if (top === undefined) return;
    const n = this.count;
    this.visitor.before?.(n, this.stack);
    top.statementId = statementId;
    top.locals = locals;
    const isEntry = this.entered;
    this.entered = false;
    this.count = n + 1;
    this.visitor.after?.(n, this.stack, statementId, isEntry);
  }

  leave(): void {
    const n = this.count;
    this.visitor.before?.(n, this.stack);
    this.visitor.leaving?.(n, this.stack);
    this.stack.pop();
    this.entered = false;
    this.count = n + 1;
    this.visitor.after?.(n, this.stack, LEAVE, false);
  }
}

/** Where a function stands that calls another one before its first statement: in a check of CONFIG_DEBUG_VM, which is none. */
const firstStatement = (functionId: number): number => tables.statementFunction.indexOf(functionId);

/** Replays the statement that starts at the tape's cursor. */
export function walk(tape: Tape<MachineEvent>, run: () => unknown, visitor: TraceVisitor): void {
  const walker = new Walker(visitor);
  tape.replay(() => listenTo(walker, run), {
    mark: (event) => visitor.mark?.(walker.count, tape.cursor, event),
    diverged: () => visitor.diverged?.() ?? false,
  });
}

/** The events of one statement, as parallel arrays. */
export class StatementTrace {
  private positions = new Float64Array(256);
  private statements = new Int32Array(256);
  /** depth * 2 + entry */
  private depths = new Int32Array(256);
  private count = 0;
  /** By event: where the callers are of a function that was entered, if some of them had shown no line yet. */
  private readonly callers = new Map<number, readonly number[]>();
  readonly marks: {
    readonly events: number;
    readonly position: number;
    readonly event: MachineEvent;
  }[] = [];

  /** Records; to be passed on to {@link walk}, alone or with others. */
  visitor(tape: Tape<MachineEvent>): Required<Pick<TraceVisitor, 'after' | 'mark'>> {
    return {
      after: (n, stack, statementId, isEntry) => {
        if (n >= MAX_EVENTS) return;
        if (n >= this.positions.length) this.grow();
        if (isEntry && stack.length > this.depth(n - 1) + 1)
          this.callers.set(
            n,
            stack.slice(0, -1).map((caller) => caller.statementId),
          );
        this.positions[n] = tape.cursor;
        this.statements[n] = statementId;
        this.depths[n] = stack.length * 2 + (isEntry ? 1 : 0);
        this.count = n + 1;
      },
      mark: (events, position, event) => void this.marks.push({ events, position, event }),
    };
  }

  get length(): number {
    return this.count;
  }

  /** Of the tape's cursor when event n happened. */
  position(n: number): number {
    return this.positions[n] ?? 0;
  }

  /** Of a microstep; LEAVE otherwise. */
  statementId(n: number): number {
    return this.statements[n] ?? LEAVE;
  }

  isMicrostep(n: number): boolean {
    return this.statementId(n) !== LEAVE;
  }

  /** Active kernel functions after event n. */
  depth(n: number): number {
    return (this.depths[n] ?? 0) >> 1;
  }

  /** Whether event n is the first microstep of a call. */
  isEntry(n: number): boolean {
    return ((this.depths[n] ?? 0) & 1) === 1;
  }

  /** How many events had happened when the tape's entry at `position` was written. */
  eventsBeforeEntry(position: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.position(middle) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Statement ids of the active functions after `events` events, outermost first. */
  stackAfter(events: number): number[] {
    const last = Math.min(events, this.count) - 1;
    const stack: number[] = [];
    // Backwards: each activation shows its newest line, which nothing shallower follows.
    for (let n = last, depth = this.depth(last); depth > 0 && n >= 0; n--) {
      if (this.depth(n) !== depth || !this.isMicrostep(n)) continue;
      stack[--depth] = this.statementId(n);
      const callers = this.callers.get(n);
      if (callers === undefined) continue;
      callers.forEach((caller, i) => (stack[i] = caller));
      break;
    }
    return stack;
  }

  private grow(): void {
    const capacity = this.positions.length * 2;
    const positions = new Float64Array(capacity);
    positions.set(this.positions);
    this.positions = positions;
    this.statements = enlarged(this.statements, capacity);
    this.depths = enlarged(this.depths, capacity);
  }
}

/** Ends a replay early; never seen outside of this file. */
class Enough extends Error {}

/** An active function with the values of its locals. */
export interface CapturedFunction {
  readonly functionId: number;
  readonly statementId: number;
  readonly locals: Readonly<Record<string, unknown>>;
}

/**
 * Replays the statement that starts at the tape's cursor up to a place inside it: the active functions there with their
 * locals, innermost first. The cursor is left anywhere.
 */
export function captureAt(
  tape: Tape<MachineEvent>,
  run: () => unknown,
  place: { readonly events: number; readonly position: number },
  /** What else takes part in the replay. */
  together: (visitor: TraceVisitor) => TraceVisitor = (visitor) => visitor,
): readonly CapturedFunction[] {
  let captured: CapturedFunction[] | undefined;
  const take = (stack: readonly ActiveFunction[]): void => {
    // The functions that the exception unwinds report that they are left.
    if (captured !== undefined) return;
    captured = stack
      .map(({ functionId, statementId, locals }) => ({ functionId, statementId, locals: locals() }))
      .reverse();
    throw new Enough();
  };
  try {
    const taker: TraceVisitor = {
      after: (n, stack) => {
        if (n === place.events - 1 && tape.cursor === place.position) take(stack);
      },
      before: (n, stack) => {
        if (n === place.events) take(stack);
      },
    };
    walk(tape, run, together(taker));
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  return captured ?? [];
}

function enlarged(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
