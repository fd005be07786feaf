/**
 * /proc/kpageflags, with /proc/kpagecount beside it: what each frame is, and how often it is mapped, summed up as the bytes come.
 *
 * Invariant: no number of frames makes it grow; it looks at each word once. (64 GiB are 16.8 million words; a word that is the one before it
 * costs a comparison.)
 */
import { FreeBlocks, largestOrder } from './freeBlocks.js';
import { FRAME_KINDS, frameKindCode, frameKindOf } from './frameKinds.js';
import { countOf, wordPieces } from './wordPieces.js';

/** The text map has at most so many cells. */
const MOST_CELLS = 1024;
const NONE = -1;

interface KindCount {
  readonly name: string;
  readonly letter: string;
  readonly frames: number;
  /** With kpagecount: frames that are mapped, and mapped more than once. */
  readonly mapped: number;
  readonly shared: number;
}

export interface FrameSurvey {
  readonly frames: number;
  readonly kinds: readonly KindCount[];
  /** The most frequent combinations of flags. */
  readonly words: readonly {
    readonly low: number;
    readonly high: number;
    readonly frames: number;
  }[];
  readonly hasCounts: boolean;
  readonly mostMapped: number;
  /** A letter a cell: what most of its frames are. */
  readonly cells: string;
  readonly framesPerCell: number;
  /** Only the first frame of a free block has BUDDY, as before 4.6: what lies behind it is told by where a block can end. */
  readonly onlyFirstOfFree: boolean;
}

const FREE = frameKindCode('free');
const KERNEL = frameKindCode('kernel');
const BEHIND = frameKindCode('behind');

/** @param counts the words of kpagecount for the same frames, in pieces of any size. */
export function surveyFrames(
  flags: Iterable<Uint8Array>,
  counts?: Iterable<Uint8Array>,
): FrameSurvey {
  const survey = new Survey();
  const second = counts === undefined ? undefined : new WordReader(counts);
  for (const piece of wordPieces(flags)) survey.add(piece, second);
  return survey.result(counts !== undefined);
}

class Survey {
  private readonly kindFrames = new Float64Array(FRAME_KINDS.length);
  private readonly kindMapped = new Float64Array(FRAME_KINDS.length);
  private readonly kindShared = new Float64Array(FRAME_KINDS.length);
  private readonly words = new Map<
    number,
    { low: number; high: number; kind: number; frames: number }
  >();
  private frames = 0;
  private mostMapped = 0;
  /** Frames of each kind in the cells; cells are joined in pairs as there come to be too many. */
  private cells: Uint32Array[] = [];
  private framesPerCell = 512;
  private inCell = 0;
  private readonly free = new FreeBlocks();
  /** The free frame that was seen last, and how many words of 0 followed it at once. */
  private lastFree = NONE;
  private following = 0;
  private behind = 0;

  add(piece: Uint32Array, counts: WordReader | undefined): void {
    let lastLow = -1;
    let lastHigh = -1;
    let entry = { low: 0, high: 0, kind: 0, frames: 0 };
    let cell = this.cells.at(-1) ?? this.newCell();
    for (let at = 0; at + 1 < piece.length; at += 2, this.frames++) {
      const low = piece[at] ?? 0;
      const high = piece[at + 1] ?? 0;
      if (low !== lastLow || high !== lastHigh) {
        entry = this.entryOf(low, high);
        lastLow = low;
        lastHigh = high;
      }
      entry.frames++;
      const { kind } = entry;
      if (kind === FREE) {
        this.settleFree();
        this.free.add(this.frames);
        this.lastFree = this.frames;
      } else if (this.lastFree !== NONE) {
        if (low === 0 && high === 0) this.following++;
        else this.settleFree();
      }
      if (counts) {
        const count = counts.next();
        if (count > 0) this.kindMapped[kind] = (this.kindMapped[kind] ?? 0) + 1;
        if (count > 1) this.kindShared[kind] = (this.kindShared[kind] ?? 0) + 1;
        if (count > this.mostMapped) this.mostMapped = count;
      }
      if (this.inCell === this.framesPerCell) cell = this.newCell();
      this.inCell++;
      const shown = this.following > 0 && this.canBeBehind ? BEHIND : kind;
      cell[shown] = (cell[shown] ?? 0) + 1;
    }
  }

  /** A block reaches no further than its first frame's number allows. */
  private get canBeBehind(): boolean {
    return this.following < 1 << largestOrder(this.lastFree, Infinity);
  }

  private settleFree(): void {
    if (this.following > 0)
      this.behind += (1 << largestOrder(this.lastFree, this.lastFree + this.following + 1)) - 1;
    this.following = 0;
    this.lastFree = NONE;
  }

  private newCell(): Uint32Array {
    if (this.cells.length >= MOST_CELLS) this.joinCells();
    const cell = new Uint32Array(FRAME_KINDS.length);
    this.cells.push(cell);
    this.inCell = 0;
    return cell;
  }

  private joinCells(): void {
    const joined: Uint32Array[] = [];
    for (let at = 0; at < this.cells.length; at += 2) {
      const sum = this.cells[at] ?? new Uint32Array(FRAME_KINDS.length);
      this.cells[at + 1]?.forEach((frames, kind) => (sum[kind] = (sum[kind] ?? 0) + frames));
      joined.push(sum);
    }
    this.cells = joined;
    this.framesPerCell *= 2;
  }

  private entryOf(
    low: number,
    high: number,
  ): { low: number; high: number; kind: number; frames: number } {
    const key = high * 2 ** 32 + low;
    const known = this.words.get(key);
    if (known) return known;
    const made = { low, high, kind: frameKindOf(low, high), frames: 0 };
    // A file that is not kpageflags has any number of different words.
    if (this.words.size < 100_000) this.words.set(key, made);
    else this.spill.push(made);
    return made;
  }

  private readonly spill: { kind: number; frames: number }[] = [];

  result(hasCounts: boolean): FrameSurvey {
    this.settleFree();
    const { onlyFirst } = this.free;
    for (const { kind, frames } of [...this.words.values(), ...this.spill])
      this.kindFrames[kind] = (this.kindFrames[kind] ?? 0) + frames;
    if (onlyFirst) {
      this.kindFrames[BEHIND] = this.behind;
      this.kindFrames[KERNEL] = (this.kindFrames[KERNEL] ?? 0) - this.behind;
    } else
      for (const cell of this.cells) {
        cell[KERNEL] = (cell[KERNEL] ?? 0) + (cell[BEHIND] ?? 0);
        cell[BEHIND] = 0;
      }
    return {
      frames: this.frames,
      kinds: FRAME_KINDS.map(({ name, letter }, kind) => ({
        name,
        letter,
        frames: this.kindFrames[kind] ?? 0,
        mapped: this.kindMapped[kind] ?? 0,
        shared: this.kindShared[kind] ?? 0,
      })).filter(({ frames }) => frames > 0),
      words: [...this.words.values()].toSorted((a, b) => b.frames - a.frames).slice(0, 16),
      hasCounts,
      mostMapped: this.mostMapped,
      cells: this.cells.map(letterOf).join(''),
      framesPerCell: this.framesPerCell,
      onlyFirstOfFree: onlyFirst,
    };
  }
}

function letterOf(cell: Uint32Array): string {
  let best = 0;
  for (let kind = 1; kind < cell.length; kind++)
    if ((cell[kind] ?? 0) > (cell[best] ?? 0)) best = kind;
  return FRAME_KINDS[best]?.letter ?? '?';
}

/** 64-bit little-endian words one by one, as numbers: counts are small. */
class WordReader {
  private readonly pieces: Iterator<Uint32Array, undefined>;
  private piece: Uint32Array = new Uint32Array(0);
  private at = 0;

  constructor(pieces: Iterable<Uint8Array>) {
    this.pieces = wordPieces(pieces)[Symbol.iterator]();
  }

  /** 0 past the end. */
  next(): number {
    while (this.at >= this.piece.length) {
      const next = this.pieces.next();
      if (next.done === true) return 0;
      this.piece = next.value;
      this.at = 0;
    }
    const low = this.piece[this.at] ?? 0;
    const high = this.piece[this.at + 1] ?? 0;
    this.at += 2;
    return countOf(low, high);
  }
}
