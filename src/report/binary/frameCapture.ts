/**
 * kpageflags, kpagecount and a process's pagemap as one picture of physical memory, frame by frame; any of them may be missing. The first
 * word of kpageflags and kpagecount is taken to be frame 0's.
 *
 * Invariant: a frame costs four bytes and those that a pagemap names one more, whatever its flags are.
 * Source: Linux fs/proc/page.c; fs/proc/task_mmu.c; Documentation/admin-guide/mm/pagemap.rst.
 */
import { FreeBlocks, largestOrder } from './freeBlocks.js';
import { frameKindCode, frameKindOf } from './frameKinds.js';
import { countOf, WordSplitter } from './wordPieces.js';
import { WordTable } from './wordTable.js';

/** Counts of a frame are kept up to this; a greater one stands in a table. */
const MOST_COUNT = 250;
/** The frames of so many entries are found again. */
const MOST_ENTRIES = 1 << 20;
const LARGEST_ORDER = 15;
const NONE = -1;
const KPF_NOPAGE = 1 << 20;

export type CaptureFile = 'kpageflags' | 'kpagecount' | 'pagemap';

export class FrameCapture {
  private readonly words = new WordTable();
  private flagsOf = new Uint16Array(0);
  private nrFlags = 0;
  private counts = new Uint8Array(0);
  private nrCounts = 0;
  private readonly largeCounts = new Map<number, number>();
  /** By blocks of frames: a damaged entry may name any frame. */
  private readonly uses = new Map<number, Uint8Array>();
  private nrUses = 0;
  private nrEntries = 0;
  private present = 0;
  private readonly entryOfFrame = new Map<number, number>();
  private readonly splitters: Readonly<Record<CaptureFile, WordSplitter>> = {
    kpageflags: new WordSplitter(),
    kpagecount: new WordSplitter(),
    pagemap: new WordSplitter(),
  };
  readonly files = new Set<CaptureFile>();

  /** The next piece of a file. */
  add(file: CaptureFile, piece: Uint8Array): void {
    this.files.add(file);
    const words = this.splitters[file].of(piece);
    if (file === 'kpageflags') this.addFlags(words);
    else if (file === 'kpagecount') this.addCounts(words);
    else this.addEntries(words);
  }

  /** One past the last frame that is told of and is not a hole. */
  get frames(): number {
    let last = Math.max(this.nrCounts, this.nrUses);
    if (this.nrFlags > 0) last = this.nrFlags;
    const isHole = (pfn: number): boolean =>
      ((this.words.low[this.flagsOf[pfn] ?? 0] ?? 0) & KPF_NOPAGE) !== 0;
    if (this.nrFlags > 0) while (last > 0 && isHole(last - 1)) last--;
    return last;
  }

  /** All frame numbers of the pagemap are 0: the reader was not allowed to see them. */
  get framesHidden(): boolean {
    return this.present > 0 && this.nrUses <= 1;
  }

  /** The word of kpageflags. */
  flags(pfn: number): { readonly low: number; readonly high: number } | undefined {
    if (pfn < 0 || pfn >= this.nrFlags) return undefined;
    const word = this.flagsOf[pfn] ?? 0;
    return { low: this.words.low[word] ?? 0, high: this.words.high[word] ?? 0 };
  }

  /** How often kpagecount says that a frame is mapped. */
  count(pfn: number): number | undefined {
    if (pfn < 0 || pfn >= this.nrCounts) return undefined;
    const count = this.counts[pfn] ?? 0;
    return count < MOST_COUNT ? count : (this.largeCounts.get(pfn) ?? count);
  }

  /** As {@link count}, up to {@link MOST_COUNT}; 0 where nothing is known. */
  clampedCount(pfn: number): number {
    return pfn < this.nrCounts ? (this.counts[pfn] ?? 0) : 0;
  }

  /** Tells of a frame whether its word has a bit. */
  having(bit: number): (pfn: number) => boolean {
    const words = bit < 32 ? this.words.low : this.words.high;
    const has = Uint8Array.from(words, (word) => (word >>> (bit % 32)) & 1);
    return (pfn) => has[this.flagsOf[pfn] ?? 0] === 1;
  }

  /** How many entries of the pagemap lead to a frame, up to {@link MOST_COUNT}. */
  mappedByProcess(pfn: number): number {
    return this.uses.get(Math.floor(pfn / BLOCK))?.[pfn % BLOCK] ?? 0;
  }

  /** The first entry of the pagemap that leads to a frame. */
  entry(pfn: number): number | undefined {
    return this.entryOfFrame.get(pfn);
  }

  /** Every different word of kpageflags. */
  *differentWords(): Generator<{ readonly low: number; readonly high: number }> {
    for (let word = 0; word < this.words.size; word++)
      yield { low: this.words.low[word] ?? 0, high: this.words.high[word] ?? 0 };
  }

  /**
   * A byte for each frame of kpageflags: the code of its kind in the upper four bits, the order of the block it belongs to in the lower four. Compound pages tell
   * theirs; free blocks are as large as they can be, as the allocator merges whatever it can.
   * @param codes by the index in FRAME_KINDS
   */
  states(codes: readonly number[]): Uint8Array {
    const { nrFlags } = this;
    const states = new Uint8Array(nrFlags);
    const kinds = this.kindsOfWords();
    const code = (pfn: number): number => codes[kinds[this.flagsOf[pfn] ?? 0] ?? 0] ?? 0;
    const has = this.wordsWith();
    const behind = this.onlyFirstOfFree ? this.words.numberOf(0, 0) : NONE;
    const freeCode = codes[frameKindCode('behind')] ?? 0;
    for (let pfn = 0; pfn < nrFlags;) {
      const word = this.flagsOf[pfn] ?? 0;
      let end = pfn + 1;
      if (has.head[word]) {
        while (end < nrFlags && has.tail[this.flagsOf[end] ?? 0]) end++;
        const order = Math.min(LARGEST_ORDER, Math.floor(Math.log2(end - pfn)));
        states.fill((code(pfn) << 4) | order, pfn, end);
      } else if (has.buddy[word] && behind !== NONE) {
        while (end < nrFlags && this.flagsOf[end] === behind) end++;
        const order = largestOrder(pfn, end);
        end = pfn + (1 << order);
        states[pfn] = (code(pfn) << 4) | order;
        states.fill((freeCode << 4) | order, pfn + 1, end);
      } else if (has.buddy[word]) {
        while (end < nrFlags && has.buddy[this.flagsOf[end] ?? 0]) end++;
        for (let start = pfn; start < end;) {
          const order = largestOrder(start, end);
          states.fill((code(pfn) << 4) | order, start, start + (1 << order));
          start += 1 << order;
        }
      } else states[pfn] = code(pfn) << 4;
      pfn = end;
    }
    return states;
  }

  /** See {@link FreeBlocks}. */
  get onlyFirstOfFree(): boolean {
    const { buddy } = this.wordsWith();
    const seen = new FreeBlocks();
    for (let pfn = 0; pfn < this.nrFlags; pfn++) if (buddy[this.flagsOf[pfn] ?? 0]) seen.add(pfn);
    return seen.onlyFirst;
  }

  private kindsOfWords(): Uint8Array {
    const { low, high } = this.words;
    return Uint8Array.from(low, (word, at) => frameKindOf(word, high[at] ?? 0));
  }

  /** By a word's number: the bits of KPF_COMPOUND_HEAD, KPF_COMPOUND_TAIL and KPF_BUDDY. */
  private wordsWith(): Readonly<Record<'head' | 'tail' | 'buddy', Uint8Array>> {
    const bit = (shift: number): Uint8Array =>
      Uint8Array.from(this.words.low, (word) => (word >>> shift) & 1);
    return { head: bit(15), tail: bit(16), buddy: bit(10) };
  }

  private addFlags(words: Uint32Array): void {
    const end = this.nrFlags + (words.length >> 1);
    if (end > this.flagsOf.length) this.flagsOf = grown(this.flagsOf, end, Uint16Array);
    let lastLow = 0;
    let lastHigh = 0;
    let number = this.words.numberOf(0, 0);
    for (let at = 0, pfn = this.nrFlags; pfn < end; at += 2, pfn++) {
      const low = words[at] ?? 0;
      const high = words[at + 1] ?? 0;
      if (low !== lastLow || high !== lastHigh) {
        number = this.words.numberOf(low, high);
        lastLow = low;
        lastHigh = high;
      }
      this.flagsOf[pfn] = number;
    }
    this.nrFlags = end;
  }

  private addCounts(words: Uint32Array): void {
    const end = this.nrCounts + (words.length >> 1);
    if (end > this.counts.length) this.counts = grown(this.counts, end, Uint8Array);
    for (let at = 0, pfn = this.nrCounts; pfn < end; at += 2, pfn++) {
      const count = countOf(words[at] ?? 0, words[at + 1] ?? 0);
      if (count === 0) continue;
      this.counts[pfn] = Math.min(count, MOST_COUNT);
      if (count >= MOST_COUNT && this.largeCounts.size < MOST_ENTRIES)
        this.largeCounts.set(pfn, count);
    }
    this.nrCounts = end;
  }

  private addEntries(words: Uint32Array): void {
    for (let at = 0; at + 1 < words.length; at += 2, this.nrEntries++) {
      const high = words[at + 1] ?? 0;
      if (high >>> 31 === 0) continue;
      this.present++;
      const pfn = (high & 0x7fffff) * 2 ** 32 + (words[at] ?? 0);
      if (pfn >= MOST_FRAMES) continue;
      if (pfn >= this.nrUses) this.nrUses = pfn + 1;
      const number = Math.floor(pfn / BLOCK);
      const block = this.uses.get(number) ?? new Uint8Array(BLOCK);
      this.uses.set(number, block);
      block[pfn % BLOCK] = Math.min(MOST_COUNT, (block[pfn % BLOCK] ?? 0) + 1);
      if (this.entryOfFrame.size < MOST_ENTRIES && !this.entryOfFrame.has(pfn))
        this.entryOfFrame.set(pfn, this.nrEntries);
    }
  }
}

/** 1 TiB: what a damaged pagemap says beyond is left out. */
const MOST_FRAMES = 1 << 28;
const BLOCK = 1 << 12;
/** With room for at least `length`. */
function grown<T extends Uint8Array | Uint16Array>(
  old: T,
  length: number,
  make: new (length: number) => T,
): T {
  const larger = new make(Math.max(length, 2 * old.length, 1 << 16));
  larger.set(old);
  return larger;
}
