/**
 * What the allocator considered, for every attempt to allocate that lies before a place: found by looking where the tape
 * shows traces of one, and recorded by repeating the statement there on the instrumented kernel. Costs nothing until
 * somebody asks.
 *
 * Calls from the debug console are not statements and cannot be repeated: they are recorded while they are made, and stand
 * where their entries stand on the tape: as a step between two statements, or in the middle of one. A call that wrote nothing
 * is nowhere on it: what it attempted is told until the machine moves.
 */
import { vmEventStates } from '../../engine/kernel/include/linux/vmstat.h.js';
import type { Attempt } from '../../engine/verdict/attempt.js';
import { listenTo } from '../../engine/probe.js';
import { attemptListener } from '../../engine/verdict/listen.js';
import { kernelCall } from '../../engine/entry/kernelCall.js';
import { AttemptRecorder } from '../../engine/verdict/recorder.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { cpu_possible, nr_cpu_ids } from '../../engine/kernel/include/linux/cpumask.h.js';
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent, Pieces } from '../../scenario/index.js';
import { isInside, samePlace, type Place } from './place.js';
import { LEAVE, type TraceVisitor } from './statementTrace.js';
import type { Timeline } from './timeline.js';

export interface FoundAttempt {
  readonly attempt: Attempt;
  /** Its statement's, in the order of time, and which of them it is. */
  readonly among: readonly Attempt[];
  readonly index: number;
  readonly boundary: number;
}

/** In place of a boundary: what the console has just called. */
const JUST_NOW = -1;
/** Statements whose attempts are kept. */
const MOST_KEPT = 64;

export class AttemptFinder {
  /** Of complete statements, by boundary, as long as nothing has been cut. */
  private kept = new Map<number, readonly Attempt[]>();
  private keptAtCuts = 0;
  /** Of calls from the console, by the boundary before. */
  private readonly ofEdits = new Map<number, readonly Attempt[]>();
  /** Of calls from the console inside a statement, by the entries that they wrote. */
  private readonly ofInnerEdits = new Map<string, readonly Attempt[]>();
  /** Of the newest call from the console, when it wrote nothing. */
  private justNow: { readonly place: Place; readonly attempts: readonly Attempt[] } | undefined;
  /** The newest attempt before a boundary, so that the tape is not searched all over at each stop. */
  private searched:
    | { readonly end: number; readonly cuts: number; readonly found: FoundAttempt | undefined }
    | undefined;
  private counters: ReadonlySet<number> | undefined;

  constructor(
    private readonly timeline: Timeline,
    private readonly tape: Tape<MachineEvent>,
    private readonly mm: Kernel,
    /** What a statement of the scenario calls that allocates more than pages, of which the tape need not tell. */
    private readonly allocates: (statement: number) => string | undefined,
  ) {}

  /** The newest attempt that has begun at the timeline's place. */
  last(): FoundAttempt | undefined {
    const { place } = this.timeline;
    const { justNow } = this;
    if (justNow !== undefined && samePlace(justNow.place, place)) {
      const found = newestOf(justNow.attempts, JUST_NOW);
      if (found !== undefined) return found;
    }
    return this.lastOfRun();
  }

  before({ boundary, among, index }: FoundAttempt): FoundAttempt | undefined {
    const found = newestOf(among.slice(0, index), boundary);
    if (found !== undefined) return found;
    return boundary === JUST_NOW ? this.lastOfRun() : this.lastBefore(boundary);
  }

  private lastOfRun(): FoundAttempt | undefined {
    const { place } = this.timeline;
    const { boundary } = place;
    if (!isInside(place)) return this.lastBefore(boundary);
    return newestOf(this.record(boundary, place), boundary) ?? this.lastBefore(boundary);
  }

  /** Lets the console call the instrumented kernel, piece by piece, and keeps what it attempts. */
  /** @param called what of the kernel that allocates is called */
  *duringEdit<T>(calling: Pieces<T>, called?: string): Pieces<T> {
    const recorder = new AttemptRecorder(this.mm);
    const listener = attemptListener(recorder);
    const { place } = this.timeline;
    try {
      for (;;) {
        const step = listenTo(listener, () => calling.next());
        if (step.done === true) return step.value;
        yield step.value;
      }
    } finally {
      calling.return(undefined as T);
      recorder.end();
      const { attempts } = recorder;
      const nothing = attempts.length === 0 && called !== undefined;
      this.keep(place, nothing ? [askedNothing(called)] : attempts);
    }
  }

  private keep(place: Place, attempts: readonly Attempt[]): void {
    const { cursor } = this.tape;
    this.justNow = cursor === place.position ? { place, attempts } : undefined;
    this.kept.delete(place.boundary);
    if (!isInside(place)) this.ofEdits.set(place.boundary, attempts);
    else if (cursor !== place.position)
      this.ofInnerEdits.set(entriesKey(place.position, cursor), attempts);
  }

  // --- searching -----------------------------------------------------------------------------------------------------

  private lastBefore(end: number): FoundAttempt | undefined {
    const { searched, tape } = this;
    const known = searched?.cuts === tape.cuts && searched.end <= end ? searched : undefined;
    const first = Math.max(this.timeline.firstPlace.boundary, known?.end ?? 0);
    const found = this.search(end, first) ?? known?.found;
    this.searched = { end, cuts: tape.cuts, found };
    return found;
  }

  private search(end: number, first: number): FoundAttempt | undefined {
    // A failure that nobody was to be told of leaves no trace: the newest statement is looked at in any case.
    for (let boundary = end - 1; boundary >= first; boundary = this.traceBefore(boundary, first)) {
      const found = newestOf(this.attemptsOf(boundary), boundary);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The newest boundary before `end` after which an allocation has left a trace; -1: there is none. */
  private traceBefore(end: number, first: number): number {
    const { timeline, tape } = this;
    const from = timeline.boundaries.position(first);
    const to = timeline.boundaries.position(end);
    const counters = (this.counters ??= allocationCounters(this.mm));
    const isCounter = (cell: number, _before: number, _after: number, at: number): boolean => {
      tape.passed(at);
      return counters.has(cell);
    };
    const counted = tape.searchBackward(from, to, isCounter) ?? -1;
    const told = tape.marksBetween(from, to).findLast(({ event }) => TRACES.has(event.kind));
    const position = Math.max(counted, told?.position ?? -1);
    const edit = [...this.ofEdits.keys()].filter((at) => at < end && timeline.isEditStep(at));
    let newest = Math.max(-1, ...edit);
    for (let boundary = end - 1; boundary >= Math.max(first, newest + 1); boundary--) {
      const asks =
        this.allocates(timeline.boundaries.statement(boundary)) !== undefined ||
        timeline.wasCalledBack(boundary) ||
        // The last one at or before what the tape has.
        timeline.boundaries.position(boundary) <= position;
      if (asks) newest = boundary;
    }
    return newest;
  }

  // --- recording -----------------------------------------------------------------------------------------------------

  private attemptsOf(boundary: number): readonly Attempt[] {
    if (this.timeline.isEditStep(boundary)) return this.ofEdits.get(boundary) ?? [];
    if (this.keptAtCuts !== this.tape.cuts || this.kept.size >= MOST_KEPT) this.kept.clear();
    this.keptAtCuts = this.tape.cuts;
    const known = this.kept.get(boundary);
    if (known !== undefined) return known;
    const recorded = this.record(boundary, undefined);
    const called = this.allocates(this.timeline.boundaries.statement(boundary));
    // Else the newest attempt would be that of another statement.
    const attempts =
      recorded.length === 0 && called !== undefined ? [askedNothing(called)] : recorded;
    this.kept.set(boundary, attempts);
    return attempts;
  }

  /** Those of the statement after a boundary, as far as they have come at a place inside it. */
  private record(boundary: number, upTo: Place | undefined): readonly Attempt[] {
    const recorder = new AttemptRecorder(this.mm);
    const { attempts } = recorder;
    const made: { readonly at: number; readonly attempts: readonly Attempt[] }[] = [];
    this.timeline.walk(boundary, {
      ...visitorOf(recorder, upTo?.events ?? Infinity),
      edit: (from, to) => {
        const byConsole = this.ofInnerEdits.get(entriesKey(from, to));
        if (byConsole !== undefined && to <= (upTo?.position ?? Infinity))
          made.push({ at: attempts.length, attempts: byConsole });
      },
    });
    if (upTo === undefined) recorder.end();
    // Behind those that had begun by then.
    return made.reduceRight<readonly Attempt[]>(
      (all, { at, attempts: more }) => all.toSpliced(at, 0, ...more),
      attempts,
    );
  }
}

/** A call that has refused its arguments, or had nothing to ask for. */
const askedNothing = (called: string): Attempt => ({
  order: 0,
  gfp: 0,
  what: `${called}()`,
  passes: [],
  notes: [],
  outcome: { kind: 'nothing' },
});

const entriesKey = (from: number, to: number): string => `${from}-${to}`;

/** Lets the recorder hear the first `nrEvents` events. */
function visitorOf(recorder: AttemptRecorder, nrEvents: number): TraceVisitor {
  return {
    after: (n, stack, statementId, isEntry) => {
      if (n >= nrEvents) return;
      const top = stack[stack.length - 1];
      if (statementId === LEAVE) {
        if (recorder.depth > stack.length) recorder.left();
      } else if (isEntry && top !== undefined)
        recorder.entered(kernelCall(top.functionId, () => top.locals()));
      if (n === nrEvents - 1) recorder.end();
    },
  };
}

const newestOf = (among: readonly Attempt[], boundary: number): FoundAttempt | undefined => {
  const attempt = among.at(-1);
  return attempt === undefined ? undefined : { attempt, among, index: among.length - 1, boundary };
};

/** Events that an allocation which gave nothing may have left. */
const TRACES: ReadonlySet<MachineEvent['kind']> = new Set([
  'allocation-failed',
  'range-failed',
  'warn',
  'bug',
]);

/** PGALLOC_* of every CPU and zone, which each block that is handed out counts in, and those of cma_alloc(). */
function allocationCounters(k: Kernel): ReadonlySet<number> {
  const cells = new Set<number>();
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    for (let zid = 0; zid < k.MAX_NR_ZONES; zid++)
      cells.add(vmEventStates(k, cpu) + (k.PGALLOC_NORMAL - k.ZONE_NORMAL + zid) * k.ptr_words);
    for (const item of [k.CMA_ALLOC_SUCCESS, k.CMA_ALLOC_FAIL])
      cells.add(vmEventStates(k, cpu) + item * k.ptr_words);
  }
  return cells;
}
