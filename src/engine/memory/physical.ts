/**
 * Physical memory: sparse, byte-exact, little-endian.
 *
 * Frames that were touched live in one pool of 32-bit words; a table leads from frame number to slot of the pool. A frame
 * nobody has touched costs nothing: what it holds is said by a *rule* (zeros, a fresh `struct page` for each pfn, bytes of
 * a core file) and produced at the first access. So a 64 GiB machine costs what was touched.
 *
 *     phys ──frame──> slotOfFrame[] ──slot──> words[slot * 1024 .. + 1024)
 *
 * A *placement* keeps several frames side by side in the pool, so that a structure that straddles a page border can be
 * indexed from one cell. Slot 0 is never used: cell 0 is NULL.
 *
 * Invariant: nothing outside `tape.ts` and the rules of an image under construction writes `words`; pages are filled and copied
 * here where no history is kept.
 */
import { asCell, WORDS_PER_FRAME, type Cell, type PhysAddr } from './address.js';

/** Produces the first contents of a frame. `words` from `cell` on is zero, one frame long. */
export type FillFrame = (frame: number, words: Int32Array, cell: Cell) => void;

/** What untouched frames hold. Zeros where there is no rule. */
export interface FrameRule {
  readonly startFrame: number;
  /** Exclusive. */
  readonly endFrame: number;
  readonly fill: FillFrame;
}

/** The frames to lie side by side in the pool with a frame, in order, it among them; undefined: it stands alone. */
export type Placement = (frame: number) => readonly number[] | undefined;

const INITIAL_SLOTS = 1024;

export class PhysicalMemory {
  /** The pool. Replaced when it grows: never keep it across a call that may touch a new frame. */
  words: Int32Array;
  /** What `words` shows: itself, unless somebody watches reads (readWatch.ts). */
  private pool: Int32Array;
  private view: (pool: Int32Array) => Int32Array = (pool) => pool;
  /** Hears of reads that do not go by an index of `words`. */
  heard: ((cell: Cell, nrWords: number) => void) | undefined;
  /** frame -> slot, 0 = not touched. */
  readonly slotOfFrame: Int32Array;
  /** slot -> frame; pseudo frames (machine registers, scenario variables) lie at `nrFrames` and above. */
  frameOfSlot: Int32Array;
  /**
   * slot -> how many writes the tape has made in it since `Tape.countWrites`: what was read of a slot still holds while its
   * number stands. Wraps.
   */
  generations: Int32Array;
  private nrSlots = 1;
  private nrPseudoFrames = 0;
  /** Sorted by startFrame, disjoint. */
  private rules: FrameRule[] = [];
  private isLeftOut: ((frame: number) => boolean) | undefined;
  private readonly placements: Placement[] = [];
  private readonly growListeners: ((words: Int32Array) => void)[] = [];
  private readonly placedListeners: ((slot: number, frame: number) => void)[] = [];

  /**
   * @param nrFrames frames of the physical address space, holes included: one past the highest frame
   * @param expectedFrames room for so many is set aside at once (it costs nothing until it is used), so that the pool need
   * not grow, which copies it
   */
  constructor(
    readonly nrFrames: number,
    expectedFrames = 0,
  ) {
    const nrSlots = Math.max(INITIAL_SLOTS, expectedFrames);
    this.slotOfFrame = new Int32Array(nrFrames);
    this.pool = new Int32Array(nrSlots * WORDS_PER_FRAME);
    this.words = this.pool;
    this.frameOfSlot = new Int32Array(nrSlots);
    this.generations = new Int32Array(nrSlots);
  }

  /** Called after each growth with the pool in force. */
  onGrow(listener: (words: Int32Array) => void): void {
    this.growListeners.push(listener);
  }

  /** Has everybody see the pool through something that lets indexes through; undefined: as it is. */
  showThrough(view: ((pool: Int32Array) => Int32Array) | undefined): void {
    this.view = view ?? ((pool) => pool);
    this.showPool();
  }

  private showPool(): void {
    this.words = this.view(this.pool);
    for (const listener of this.growListeners) listener(this.words);
  }

  /** Runs something of the debugger's, whose reads nobody is to hear. */
  unheard<T>(run: () => T): T {
    const { heard } = this;
    this.heard = undefined;
    try {
      return run();
    } finally {
      this.heard = heard;
    }
  }

  /** Called for each frame that gets a slot, before anybody can read it (and at once for those that have one). */
  onPlaced(listener: (slot: number, frame: number) => void): void {
    this.placedListeners.push(listener);
    for (let slot = 1; slot < this.nrSlots; slot++) listener(slot, this.frameOfSlot[slot] ?? 0);
  }

  /** Adds a rule for untouched frames. Ranges of rules must not overlap. */
  addRule(rule: FrameRule): void {
    this.rules.push(rule);
    this.rules.sort((a, b) => a.startFrame - b.startFrame);
  }

  /** Says which frames are not there, as if they lay outside of physical memory: what a dump leaves out. */
  leaveOut(isLeftOut: (frame: number) => boolean): void {
    this.isLeftOut = isLeftOut;
  }

  /** Adds a placement; the first one that answers for a frame holds. Frames touched before stay where they are. */
  addPlacement(placement: Placement): void {
    this.placements.push(placement);
  }

  /** Whether a frame has its place, or will get one together with others. */
  isPlaced(frame: number): boolean {
    return (
      this.slotOfFrame[frame] !== 0 ||
      this.placements.some((placement) => placement(frame) !== undefined)
    );
  }

  /** Frames that have been touched. */
  get nrTouchedFrames(): number {
    return this.nrSlots - 1;
  }

  /** The slot of a frame; touches it. 0 when the frame lies outside of physical memory. */
  slot(frame: number): number {
    if (frame < 0 || frame >= this.nrFrames) return 0;
    const slot = this.slotOfFrame[frame] ?? 0;
    return slot !== 0 ? slot : this.touch(frame);
  }

  /** The cell of the word that holds `phys` (rounded down to 4); 0 outside of physical memory. */
  cell(phys: PhysAddr): Cell {
    const frame = Math.floor(phys / 4096);
    const slot = this.slot(frame);
    return asCell(slot === 0 ? 0 : slot * WORDS_PER_FRAME + ((phys & 4095) >>> 2));
  }

  /** Physical address of a cell; pseudo frames lie past the end of physical memory. */
  physOf(cell: Cell): PhysAddr {
    const frame = this.frameOfSlot[cell >>> 10] ?? 0;
    return (frame * 4096 + ((cell & 1023) << 2)) as PhysAddr;
  }

  /** Fills words of one frame, of which no history is kept. @param end exclusive */
  fill(first: Cell, end: number, value: number): void {
    this.pool.fill(value, first, end);
    this.generations[first >>> 10]!++;
  }

  /** As {@link fill}: a frame with what another one holds. */
  copyFrame(to: Cell, from: Cell): void {
    this.pool.copyWithin(to, from, from + WORDS_PER_FRAME);
    this.generations[to >>> 10]!++;
  }

  /** Sets aside state words that are not memory (scenario variables, registers): whole frames past the end of RAM. */
  addPseudoFrames(nrFrames: number): Cell {
    const frames: number[] = [];
    for (let i = 0; i < nrFrames; i++) frames.push(this.nrFrames + this.nrPseudoFrames + i);
    this.nrPseudoFrames += nrFrames;
    const first = this.takeSlots(frames);
    return asCell(first * WORDS_PER_FRAME);
  }

  /** Whether nobody has touched a frame, and its rule makes zeros of it. */
  isUntouchedZero(frame: number): boolean {
    if (this.slotOfFrame[frame] !== 0) return false;
    // Most frames have no rule: nothing need be produced to be looked at.
    if (this.ruleOf(frame) === undefined || this.isLeftOut?.(frame)) return true;
    return this.firstContents(frame).every((word) => word === 0);
  }

  /**
   * Reads `size` bytes from physical memory without touching frames that only a rule describes: such a frame is
   * produced on the side, so inspection never changes what the machine costs.
   * Bytes outside of physical memory are left out: the result is shorter.
   */
  readBytes(phys: PhysAddr, size: number): Uint8Array {
    const out = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const at = phys + done;
      const frame = Math.floor(at / 4096);
      if (frame < 0 || frame >= this.nrFrames) return out.subarray(0, done);
      const offset = at & 4095;
      const chunk = Math.min(size - done, 4096 - offset);
      const slot = this.slotOfFrame[frame] ?? 0;
      if (slot === 0 && this.isLeftOut?.(frame)) return out.subarray(0, done);
      const words = slot === 0 ? this.firstContents(frame) : this.pool;
      const base = slot === 0 ? 0 : slot * WORDS_PER_FRAME;
      if (slot !== 0) this.heard?.(asCell(base + (offset >>> 2)), (chunk + 3) >>> 2);
      const bytes = new Uint8Array(words.buffer, words.byteOffset + base * 4 + offset, chunk);
      out.set(bytes, done);
      done += chunk;
    }
    return out;
  }

  /** Whether there is such a frame. */
  has(frame: number): boolean {
    return frame >= 0 && frame < this.nrFrames && !this.isLeftOut?.(frame);
  }

  /** What a frame held, or would hold, when it is touched first. */
  firstContents(frame: number): Int32Array {
    const scratch = new Int32Array(WORDS_PER_FRAME);
    this.ruleOf(frame)?.fill(frame, scratch, asCell(0));
    return scratch;
  }

  private ruleOf(frame: number): FrameRule | undefined {
    let low = 0;
    let high = this.rules.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const rule = this.rules[middle];
      if (rule === undefined) return undefined;
      if (frame < rule.startFrame) high = middle - 1;
      else if (frame >= rule.endFrame) low = middle + 1;
      else return rule;
    }
    return undefined;
  }

  /** Called when a frame is touched first: what touches many, a boot, can be ended there, by what this throws. */
  atTouch: (() => void) | undefined;

  private touch(frame: number): number {
    this.atTouch?.();
    if (this.isLeftOut?.(frame)) return 0;
    const frames = this.placementOf(frame);
    const first = this.takeSlots(frames);
    for (let i = 0; i < frames.length; i++) {
      const member = frames[i] ?? 0;
      this.ruleOf(member)?.fill(member, this.pool, asCell((first + i) * WORDS_PER_FRAME));
    }
    return this.slotOfFrame[frame] ?? 0;
  }

  private placementOf(frame: number): readonly number[] {
    for (const placement of this.placements) {
      const frames = placement(frame);
      if (frames !== undefined) return frames;
    }
    return [frame];
  }

  private takeSlots(frames: readonly number[]): number {
    const first = this.nrSlots;
    this.nrSlots += frames.length;
    if (this.nrSlots > this.frameOfSlot.length) this.grow();
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i] ?? 0;
      this.frameOfSlot[first + i] = frame;
      if (frame < this.nrFrames) this.slotOfFrame[frame] = first + i;
      for (const listener of this.placedListeners) listener(first + i, frame);
    }
    return first;
  }

  private grow(): void {
    let capacity = this.frameOfSlot.length;
    while (capacity < this.nrSlots) capacity *= 2;
    const words = new Int32Array(capacity * WORDS_PER_FRAME);
    words.set(this.pool);
    this.pool = words;
    const frameOfSlot = new Int32Array(capacity);
    frameOfSlot.set(this.frameOfSlot);
    this.frameOfSlot = frameOfSlot;
    const generations = new Int32Array(capacity);
    generations.set(this.generations);
    this.generations = generations;
    this.showPool();
  }
}
