/**
 * The tape: the only door through which state is written, and the only mechanism for time.
 *
 * Every change of a 32-bit word is one entry (cell, before, after). Execution extends the tape at its right end; the
 * debugger moves a cursor on it, and memory always is what it was at the cursor. Going left writes `before`, going right
 * writes `after`. A write of the value that is there already makes no entry.
 *
 *     start ......... cursor ......... end          positions are absolute and never reused by older history
 *       |   undone by seek  |  redone by seek
 *
 * *Marks* hang at positions: kernel events (an allocation failed, a block was split), statements, output.
 * The state hash (stateHash.ts) is carried along the tape when somebody asks, so the hot path pays nothing for it.
 *
 * Invariant: the hash after n entries forward and n back is the hash before.
 */
import type { Cell } from './address.js';
import { Marks, type Mark } from './marks.js';
import type { PhysicalMemory } from './physical.js';
import { ReplayDiverged } from './runEnds.js';
import { StateHash } from './stateHash.js';

const ENTRIES_PER_SEGMENT = 1 << 16;
/** cell, before, after. */
const STRIDE = 3;
const SEGMENT_WORDS = ENTRIES_PER_SEGMENT * STRIDE;

/** Most that {@link Tape.hold} keeps beyond what the tape may have: 96 MiB. */
const SEGMENTS_HELD = 128;

const OFF = 0;
const RECORDING = 1;
/** The cursor is left of the end: the next write must cut first. */
const BEHIND = 2;
/** The cursor is left of the end, and a run repeats what lies to the right: see {@link Tape.replay}. */
const REPLAYING = 3;

/** Entries that lie side by side. */
export interface Stretch {
  /** Of the first one. */
  readonly position: number;
  readonly words: Int32Array;
}

/** What takes part in a replay. */
export interface ReplayHooks<Event> {
  /** A mark that the run hangs again. */
  readonly mark?: (event: Event) => void;
  /** The run is about to leave the tape. True: the cursor has been moved, and the write is to be tried again. */
  readonly diverged?: () => boolean;
}

export interface TapeOptions {
  /** Most entries kept; the oldest whole segment is forgotten beyond it. */
  readonly maxEntries?: number;
}

export class Tape<Event = unknown> {
  private mode = RECORDING;
  /** Words of the segment that entries may simply be appended to: all of them, or none unless the mode is RECORDING. */
  private room = SEGMENT_WORDS;
  private counting = false;
  /** Segments from `firstSegment` on. */
  private segments: Int32Array[] = [new Int32Array(SEGMENT_WORDS)];
  private firstSegment = 0;
  /** The segment under the cursor and the index of the next entry's first word in it. */
  private segment: Int32Array;
  private segmentNumber = 0;
  private next = 0;
  /** Valid only while the cursor is behind or a run is replayed. */
  private endWhileBehind = 0;
  private hooks: ReplayHooks<Event> = {};
  private nrCuts = 0;
  private readonly marks = new Marks<Event>();
  private readonly stateHash: StateHash;
  /** Most entries kept, as the tape was made. */
  readonly maxEntries: number;
  private maxSegments = 0;
  private heldFrom = Number.POSITIVE_INFINITY;

  constructor(
    readonly memory: PhysicalMemory,
    options: TapeOptions = {},
  ) {
    this.segment = this.segments[0] as Int32Array;
    this.stateHash = new StateHash(memory);
    this.maxEntries = options.maxEntries ?? 1 << 24;
    this.keepAtMost(this.maxEntries);
  }

  /**
   * Fewer or more entries are kept from now on: what else history needs, who keeps it knows. The segments never have room for more than
   * these, the newest one included, but they are two at least; what is too much goes when the next one is opened.
   */
  keepAtMost(maxEntries: number): void {
    this.maxSegments = Math.max(2, Math.floor(maxEntries / ENTRIES_PER_SEGMENT));
  }

  /**
   * From now on, and until it is called again, nothing behind the cursor is dropped: whoever runs something that may have to be undone
   * calls it first. What takes more than 8 million entries beyond the room that there is loses its beginning all the same.
   */
  hold(): void {
    this.heldFrom = this.cursor;
  }

  /** Writes one word of state. */
  write(cell: Cell, value: number): void {
    this.writeIn(this.memory.words, cell, value);
  }

  /**
   * As {@link write}; the only function that writes.
   * @param words the pool in force, for a caller that has read in it just now: V8 need not look for it again, nor for its bounds
   */
  writeIn(words: Int32Array, cell: Cell, value: number): void {
    const before = words[cell]!;
    if (before === value) return;
    const at = this.next;
    // Below 1024 is the first frame that there is: NULL's. Literals, because a bundled constant is a variable to V8.
    if (at < this.room && cell >= 1024) {
      const { segment } = this;
      segment[at] = cell;
      segment[at + 1] = before;
      segment[at + 2] = value;
      this.next = at + 3;
    } else if (this.mode !== 0) this.record(cell, before, value);
    words[cell] = value;
    if (this.counting) this.memory.generations[cell >>> 10]!++;
  }

  /** An entry for which the segment has no room, or that is not simply the next one. */
  private record(cell: Cell, before: number, value: number): void {
    if (cell < 1024) this.nullWritten(cell);
    if (this.mode !== RECORDING) this.leftOfEnd(cell, value);
    if (this.mode !== RECORDING) return;
    if (this.next === SEGMENT_WORDS) this.openSegment();
    const { segment, next } = this;
    segment[next] = cell;
    segment[next + 1] = before;
    segment[next + 2] = value;
    this.next = next + STRIDE;
  }

  private setMode(mode: number): void {
    this.mode = mode;
    this.room = mode === RECORDING ? SEGMENT_WORDS : 0;
  }

  /**
   * Called every few milliseconds of what takes long: before entries are recorded (each 65,536), and by whoever runs, reads or searches
   * much without writing. Nothing outside knows how far it is; it can be ended there, by what this throws.
   */
  midway: (() => void) | undefined;

  /** Calls it now and then while positions are passed one by one. */
  passed(position: number): void {
    if (position % ENTRIES_PER_SEGMENT === 0) this.midway?.();
  }

  /** What a write through NULL is: that of a kernel faults. Only a tape that records looks for it. */
  nullWritten: (cell: Cell) => void = (cell) => {
    throw new Error(`nothing is at cell ${cell}`);
  };

  /** Keeps `PhysicalMemory.generations` from now on: a machine of which nobody asks for them need not. */
  countWrites(): void {
    this.counting = true;
  }

  /** A write with history to the right: that is cut off, or it is what the write repeats. */
  private leftOfEnd(cell: Cell, value: number): void {
    if (this.mode === BEHIND) this.cut();
    else this.retrace(cell, value);
  }

  /** Writes the bits of `mask` in one word. */
  writeBits(cell: Cell, mask: number, bits: number): void {
    const before = this.memory.words[cell] as number;
    this.write(cell, (before & ~mask) | (bits & mask));
  }

  /** Position of the oldest state that can still be reached. */
  get start(): number {
    return this.firstSegment * ENTRIES_PER_SEGMENT;
  }

  /** Where memory is. */
  get cursor(): number {
    return this.segmentNumber * ENTRIES_PER_SEGMENT + this.next / STRIDE;
  }

  /** Position past the last entry. */
  get end(): number {
    return this.mode >= BEHIND ? this.endWhileBehind : this.cursor;
  }

  /** How often history has been cut. */
  get cuts(): number {
    return this.nrCuts;
  }

  get recording(): boolean {
    return this.mode !== OFF;
  }

  /**
   * Turns history off (fast, nothing can be undone) or on again from here. The hash stands still meanwhile, as long as no
   * history was forgotten: made from contents, it would have what was written.
   */
  setRecording(on: boolean): void {
    if (this.mode === BEHIND) this.cut();
    this.setMode(on ? RECORDING : OFF);
  }

  /** Moves memory to the state at `position`, clamped to [start, end]. Returns where it got. */
  seek(position: number): number {
    const end = this.end;
    const target = Math.max(this.start, Math.min(position, end));
    const from = this.cursor;
    if (target < from) this.undo(target, from);
    else this.redo(from, target);
    this.place(target);
    // A statement that undoes itself does so in a replay, too.
    if (this.mode !== OFF && this.mode !== REPLAYING) {
      this.setMode(target < end ? BEHIND : RECORDING);
      this.endWhileBehind = end;
    }
    return target;
  }

  /**
   * Repeats a run that the tape holds from the cursor on: each write must be the recorded one and moves the cursor over
   * it, marks are shown to the hook instead of being hung again. Nothing is cut. Throws {@link ReplayDiverged} where the
   * run does something else. Afterwards the cursor is behind the last write that `run` made.
   */
  replay<T>(run: () => T, hooks: ReplayHooks<Event> = {}): T {
    if (this.mode === OFF || this.mode === REPLAYING) throw new Error('there is nothing to replay');
    this.endWhileBehind = this.end;
    this.setMode(REPLAYING);
    this.hooks = hooks;
    try {
      return run();
    } finally {
      this.hooks = {};
      // Unless the run went on recording by `endReplay`.
      if (this.mode === REPLAYING)
        this.setMode(this.cursor < this.endWhileBehind ? BEHIND : RECORDING);
    }
  }

  /** Inside a replayed run: takes over entries that the run does not make itself (edits), up to `position`. */
  replayEntriesTo(position: number): void {
    if (this.mode !== REPLAYING) throw new Error('no run is replayed');
    const target = Math.min(position, this.endWhileBehind);
    this.redo(this.cursor, target);
    this.place(target);
  }

  /** Inside a replayed run that has come to the end of the tape: what follows is recorded. */
  endReplay(): void {
    if (this.mode !== REPLAYING || this.cursor !== this.endWhileBehind)
      throw new Error('the replayed run is not at the end of the tape');
    this.setMode(RECORDING);
  }

  /** Forgets everything to the right of the cursor. */
  cut(): void {
    if (this.mode !== BEHIND) return;
    this.nrCuts++;
    const here = this.cursor;
    if (this.stateHash.position > here) this.carryHash(here);
    this.marks.dropFrom(here);
    this.segments.length = this.segmentNumber - this.firstSegment + 1;
    this.setMode(RECORDING);
  }

  /** Hangs an event at the cursor. */
  mark(event: Event): void {
    if (this.mode === REPLAYING) {
      this.hooks.mark?.(event);
      return;
    }
    if (this.mode === BEHIND) this.cut();
    this.marks.hang(this.cursor, event);
  }

  /** The marks with from <= position < to, oldest first. */
  marksBetween(from: number, to: number): readonly Mark<Event>[] {
    return this.marks.between(from, to);
  }

  /** Visits the entries of [from, to), left to right. Return true to stop; the position of that entry is the result. */
  searchForward(
    from: number,
    to: number,
    visit: (cell: Cell, before: number, after: number, position: number) => boolean,
  ): number | undefined {
    for (let at = Math.max(from, this.start); at < Math.min(to, this.end); at++) {
      const segment = this.segmentAt(at);
      const i = (at % ENTRIES_PER_SEGMENT) * STRIDE;
      if (visit(segment[i] as Cell, segment[i + 1] as number, segment[i + 2] as number, at))
        return at;
    }
    return undefined;
  }

  /** As {@link searchForward}, right to left. */
  searchBackward(
    from: number,
    to: number,
    visit: (cell: Cell, before: number, after: number, position: number) => boolean,
  ): number | undefined {
    for (let at = Math.min(to, this.end) - 1; at >= Math.max(from, this.start); at--) {
      const segment = this.segmentAt(at);
      const i = (at % ENTRIES_PER_SEGMENT) * STRIDE;
      if (visit(segment[i] as Cell, segment[i + 1] as number, segment[i + 2] as number, at))
        return at;
    }
    return undefined;
  }

  /**
   * The entries of [from, to) as they lie, for searches that look at many: stretches of (cell, before, after) in three words
   * each, oldest first. Views of the tape: not to be kept across a write.
   */
  stretches(from: number, to: number): readonly Stretch[] {
    return this.piecesOf(Math.max(from, this.start), Math.min(to, this.end));
  }

  /** 64-bit hash of the state at the cursor, as 16 hex digits, relative to the image as opened. */
  hash(): string {
    // Left of the start since history was forgotten: what changed in between is known from contents alone.
    if (this.stateHash.position < this.start) this.stateHash.remake(this.cursor);
    else this.carryHash(this.cursor);
    return this.stateHash.text();
  }

  /** One write of a replayed run. False when it is to be tried again. */
  private retrace(cell: Cell, value: number): boolean {
    const at = this.cursor;
    if (at < this.endWhileBehind) {
      const segment = this.segmentAt(at);
      const index = (at % ENTRIES_PER_SEGMENT) * STRIDE;
      if (segment[index] === cell && segment[index + 2] === value) {
        this.place(at + 1);
        return true;
      }
    }
    if (this.hooks.diverged?.() === true) return false;
    throw new ReplayDiverged(at);
  }

  private carryHash(target: number): void {
    const { position } = this.stateHash;
    const sign = target < position ? -1 : 1;
    for (const { words } of this.piecesOf(Math.min(position, target), Math.max(position, target)))
      this.stateHash.add(words, sign);
    this.stateHash.position = target;
  }

  /** [from, to), which the tape has, cut where segments end. */
  private piecesOf(from: number, to: number): Stretch[] {
    const found: Stretch[] = [];
    for (let position = from; position < to;) {
      const first = position % ENTRIES_PER_SEGMENT;
      const nrEntries = Math.min(ENTRIES_PER_SEGMENT - first, to - position);
      const words = this.segmentAt(position).subarray(first * STRIDE, (first + nrEntries) * STRIDE);
      found.push({ position, words });
      position += nrEntries;
    }
    return found;
  }

  private segmentAt(position: number): Int32Array {
    const index = Math.floor(position / ENTRIES_PER_SEGMENT) - this.firstSegment;
    return this.segments[index] as Int32Array;
  }

  /** Writes `before` of each entry of [from, to), the last one first: stretch by stretch, for they may be tens of millions. */
  private undo(from: number, to: number): void {
    const { words, generations } = this.memory;
    for (const { words: entries } of this.piecesOf(from, to).reverse())
      for (let at = entries.length - STRIDE; at >= 0; at -= STRIDE) {
        const cell = entries[at]!;
        words[cell] = entries[at + 1]!;
        generations[cell >>> 10]!++;
      }
  }

  /** Writes `after` of each entry of [from, to). */
  private redo(from: number, to: number): void {
    const { words, generations } = this.memory;
    for (const { words: entries } of this.piecesOf(from, to))
      for (let at = 0; at < entries.length; at += STRIDE) {
        const cell = entries[at]!;
        words[cell] = entries[at + 2]!;
        generations[cell >>> 10]!++;
      }
  }

  /** Puts the cursor at `position` without touching memory. */
  private place(position: number): void {
    let number = Math.floor(position / ENTRIES_PER_SEGMENT);
    let offset = position % ENTRIES_PER_SEGMENT;
    if (number - this.firstSegment >= this.segments.length) {
      number--;
      offset = ENTRIES_PER_SEGMENT;
    }
    this.segmentNumber = number;
    this.segment = this.segments[number - this.firstSegment] as Int32Array;
    this.next = offset * STRIDE;
  }

  private openSegment(): void {
    this.midway?.();
    const nrDropped = this.nrToDrop();
    if (nrDropped > 0) {
      const newStart = (this.firstSegment + nrDropped) * ENTRIES_PER_SEGMENT;
      if (!this.stateHash.canRemake) {
        this.carryHash(this.cursor);
        this.stateHash.noteOpened();
      }
      this.segments.splice(0, nrDropped - 1);
      const recycled = this.segments.shift() as Int32Array;
      this.firstSegment += nrDropped;
      this.marks.dropBefore(newStart);
      this.segments.push(recycled);
    } else {
      this.segments.push(new Int32Array(SEGMENT_WORDS));
    }
    this.segmentNumber++;
    this.segment = this.segments[this.segments.length - 1] as Int32Array;
    this.next = 0;
  }

  /** Segments that go when another one is opened. */
  private nrToDrop(): number {
    const tooMany = this.segments.length + 1 - this.maxSegments;
    const notHeld = Math.floor(this.heldFrom / ENTRIES_PER_SEGMENT) - this.firstSegment;
    const canHold = notHeld >= 0 && tooMany <= SEGMENTS_HELD;
    return canHold ? Math.min(tooMany, notHeld) : tooMany;
  }
}
