/**
 * The state byte (pageState.ts) of every frame of a machine, kept up to date from the tape.
 *
 * Frames are classified in regions of MAX_ORDER - 1: no free block crosses a region's border, so a region is classified on
 * its own. A free block covers its frames without their struct pages being looked at. After a run, the entries that the
 * tape's cursor passed tell which regions have changed; nothing else is looked at again.
 *
 * Invariant: `states` is right for every region that is not dirty, at tape position `syncedAt`. A tape that is to be cut
 * must be synced at the cut first (the entries that go would not be seen any more).
 * Source: Linux 6.1 include/linux/page-flags.h, mm/page_alloc.c (what makes a page free, on a pcp list, compound).
 */
import type { KernelImage } from '../image/kernelImage.js';
import { asPfn, asVirt, fromWords } from '../memory/address.js';
import { get_pfnblock_migratetype } from '../kernel/mm/page_alloc/pageblock.js';
import { NULL } from '../machine/ctypes.js';
import { ListPlaces } from './listPlace.js';
import { dominantState, pageKindCode, PAGE_KINDS, pageState } from './pageState.js';
import { PagePeek } from './pagePeek.js';
import { PcpPages } from './pcpPages.js';

const NR_KINDS = PAGE_KINDS.length;
/** More entries than this between two syncs: it is cheaper to classify again than to read them. */
const MAX_ENTRIES_READ = 1 << 20;

/** Of a cell whose frames are all of its kind: see {@link dominantState}. */
const FULL_SHARE = 15;

const NOT_ON_PCP = -1;

const ABSENT = pageKindCode('absent');
const UNREADABLE = pageKindCode('unreadable');
const RESERVED = pageKindCode('reserved');
const FREE = pageKindCode('free');
const FREE_CMA = pageKindCode('freeCma');
const FREE_ISOLATED = pageKindCode('freeIsolated');
const PER_CPU = pageKindCode('perCpu');
const KERNEL = pageKindCode('kernel');
const PAGE_CACHE = pageKindCode('pageCache');
const USER = pageKindCode('user');
const SLAB = pageKindCode('slab');
const TAIL = pageKindCode('compoundTail');
const HEAD = pageKindCode('compoundHead');
const PAGE_TABLE = pageKindCode('pageTable');
const LOCKED = pageKindCode('locked');
const POISONED = pageKindCode('poisoned');

export interface FreeBlock {
  readonly headPfn: number;
  readonly order: number;
}

/** Frames that a word of memory tells of. */
interface FrameSubject {
  readonly firstPfn: number;
  readonly nrPages: number;
}

export class FrameStates {
  /** One byte a frame. Only regions that were asked for are valid. */
  private readonly states: Uint8Array;
  /** Frames of each kind: NR_KINDS numbers a region. */
  private readonly histograms: Uint16Array;
  private readonly dirty: Uint8Array;
  private readonly peek: PagePeek;
  private readonly regionShift: number;
  private readonly nrRegions: number;
  private readonly hwpoison: number;
  private readonly pageTableType: number;
  private syncedAt: number;
  private readonly pcp: PcpPages;
  readonly lists: ListPlaces;
  private pcpIsRead = false;
  /** Words of pageblock types that have been looked at (SPARSEMEM): cell -> index in `mm.pageblockWords`. */
  private readonly pageblockCells = new Map<number, number>();
  private readonly knownPageblockWords: Int32Array;

  constructor(private readonly image: KernelImage) {
    const { mm, maxPfn, profile } = image;
    this.regionShift = mm.MAX_ORDER - 1;
    this.nrRegions = Math.ceil(maxPfn / (1 << this.regionShift));
    this.states = new Uint8Array(this.nrRegions << this.regionShift);
    this.histograms = new Uint16Array(this.nrRegions * NR_KINDS);
    this.dirty = new Uint8Array(this.nrRegions).fill(1);
    this.peek = new PagePeek(image);
    this.pcp = new PcpPages(image);
    this.lists = new ListPlaces(image);
    const hwpoison =
      profile.findConstant('PG_hwpoison') ?? profile.types.enumerator('PG_hwpoison')?.value;
    this.hwpoison = hwpoison === undefined ? 0 : 1 << hwpoison;
    this.pageTableType = profile.findConstant('PG_table') ?? 0;
    this.knownPageblockWords = new Int32Array(mm.pageblockWords.length);
    this.syncedAt = image.tape.cursor;
  }

  /** Frames that are classified together. */
  get regionFrames(): number {
    return 1 << this.regionShift;
  }

  /** The state of one frame. */
  stateOf(pfn: number): number {
    if (pfn < 0 || pfn >= this.image.maxPfn) return pageState(ABSENT);
    this.sync();
    // One frame alone is found sooner than its whole region is classified.
    if (this.dirty[pfn >> this.regionShift] !== 0) return this.stateAlone(pfn);
    return this.states[pfn] ?? 0;
  }

  /** Of a frame whose region is not classified: part of a free block that begins before it, or by its own struct page. */
  private stateAlone(pfn: number): number {
    for (const head of this.headsBefore(pfn)) {
      const order = this.buddyOrder(head);
      if (head + (1 << order) > pfn && order > 0) return pageState(this.freeKind(head), order);
    }
    const isBuddy = this.buddyOrder(pfn) >= 0;
    const onPcp = isBuddy ? NOT_ON_PCP : this.pcpOrderAlone(pfn);
    return onPcp < 0 ? this.classifyFrame(pfn, onPcp) : pageState(PER_CPU, onPcp);
  }

  /** The order of the block on a per-cpu list that a frame is part of; -1 when it is not. Without walking all of them. */
  private pcpOrderAlone(pfn: number): number {
    if (!this.mayBeOnPcp(pfn)) return NOT_ON_PCP;
    for (const head of [pfn, ...this.headsBefore(pfn)]) {
      if (!this.mayBeOnPcp(head)) continue;
      const place = this.lists.of(this.image.mm.pfn_to_page(asPfn(head)));
      if (place === undefined || place.kind === 'free list') continue;
      const order = place.kind === 'far' ? this.pcpNow().orderOf(head) : place.order;
      if (order >= 0 && head + (1 << order) > pfn) return order;
    }
    return NOT_ON_PCP;
  }

  /** The free blocks that a frame is part of, the smallest first: more than one where the lists are damaged. */
  freeBlocksAt(pfn: number): readonly FreeBlock[] {
    const { MAX_ORDER } = this.image.mm;
    return [pfn, ...this.headsBefore(pfn)].flatMap((head) => {
      const order = this.buddyOrder(head);
      const holds = order >= 0 && order < MAX_ORDER && head + (1 << order) > pfn;
      return holds ? [{ headPfn: head, order }] : [];
    });
  }

  /** Where blocks of order 1 and up that hold a frame begin, when they do before it. */
  private *headsBefore(pfn: number): Generator<number> {
    for (let order = 1; order < this.image.mm.MAX_ORDER; order++) {
      const head = pfn - (pfn % (1 << order));
      if (head !== pfn && head !== pfn - (pfn % (1 << (order - 1)))) yield head;
    }
  }

  /** Nobody counts on what lies on a per-cpu list, and it is in no other. */
  private mayBeOnPcp(pfn: number): boolean {
    const { mm } = this.image;
    if (!this.peek.find(pfn)) return false;
    const { words, at } = this.peek;
    const isTail =
      ((words[at + mm.encoding.tail_word] ?? 0) & mm.encoding.tail_mask) === mm.encoding.tail_bits;
    return words[at + mm.page._refcount] === 0 && !isTail;
  }

  /** The order of the free block that a frame is the first of; -1 for any other. Leaves its struct page found. */
  private buddyOrder(pfn: number): number {
    const { mm } = this.image;
    if (!this.peek.find(pfn)) return -1;
    const { words, at } = this.peek;
    const type = words[at + mm.page._mapcount] ?? 0;
    const isBuddy = (type & mm.PAGE_TYPE_BASE) === mm.PAGE_TYPE_BASE && (type & mm.PG_buddy) === 0;
    return isBuddy ? (words[at + mm.page.private] ?? 0) : -1;
  }

  /** One byte a cell of `framesPerCell` frames (a power of two), from `firstPfn` on, up to the end of the machine. */
  cells(firstPfn: number, framesPerCell: number, nrCells: number): Uint8Array {
    this.sync();
    const { maxPfn } = this.image;
    const count = Math.max(0, Math.min(nrCells, Math.ceil((maxPfn - firstPfn) / framesPerCell)));
    const out = new Uint8Array(count);
    const regionFrames = 1 << this.regionShift;
    for (let i = 0; i < count;) {
      const start = firstPfn + i * framesPerCell;
      const region = start >> this.regionShift;
      // The cells of a region that is all of one kind are all the same.
      const inRegion = Math.floor((((region + 1) << this.regionShift) - start) / framesPerCell);
      const nrAlike = framesPerCell < regionFrames ? Math.min(inRegion, count - i) : 1;
      const kind = nrAlike > 1 ? this.onlyKind(region) : -1;
      if (kind >= 0 && framesPerCell > 1) {
        out.fill(pageState(kind, FULL_SHARE), i, i + nrAlike);
        i += nrAlike;
      } else {
        out[i] = this.cell(start, Math.min(framesPerCell, maxPfn - start));
        i++;
      }
    }
    return out;
  }

  /** The kind of all frames of a region; -1 when they differ. */
  private onlyKind(region: number): number {
    this.freshen(region);
    const kind = (this.states[region << this.regionShift] ?? 0) >>> 4;
    const same = this.histograms[region * NR_KINDS + kind] === 1 << this.regionShift;
    return same && kind !== ABSENT ? kind : -1;
  }

  /** Frames of each kind in the whole machine. */
  totals(): number[] {
    this.sync();
    const totals = new Array<number>(NR_KINDS).fill(0);
    for (let region = 0; region < this.nrRegions; region++) {
      this.freshen(region);
      for (let kind = 0; kind < NR_KINDS; kind++)
        totals[kind] = (totals[kind] ?? 0) + (this.histograms[region * NR_KINDS + kind] ?? 0);
    }
    // The last region may reach past the machine.
    const beyond = (this.nrRegions << this.regionShift) - this.image.maxPfn;
    totals[ABSENT] = (totals[ABSENT] ?? 0) - beyond;
    return totals;
  }

  /** Reads which regions changed since the last sync. Cheap when nothing did. */
  sync(): void {
    const { tape } = this.image;
    const from = Math.min(this.syncedAt, tape.cursor);
    const to = Math.max(this.syncedAt, tape.cursor);
    if (from === to) return;
    this.syncedAt = tape.cursor;
    this.peek.reset();
    this.pcpIsRead = false;
    if (to - from > MAX_ENTRIES_READ || from < tape.start || to > tape.end) {
      this.dirty.fill(1);
      return;
    }
    this.learnPageblockCells();
    tape.searchForward(from, to, (cell) => {
      this.touched(cell);
      return false;
    });
  }

  /** A word changed: the region of the struct page it belongs to, or of the pageblocks whose types it holds. */
  private touched(cell: number): void {
    const subject = this.subjectIn(cell);
    if (subject !== undefined) this.dirtyRange(subject.firstPfn, subject.nrPages);
  }

  /** The frames that a word tells of: one, by its struct page, or those whose pageblock types it holds. */
  subjectOf(cell: number): FrameSubject | undefined {
    this.learnPageblockCells();
    return this.subjectIn(cell);
  }

  private subjectIn(cell: number): FrameSubject | undefined {
    const { mm, memory } = this.image;
    const frame = memory.frameOfSlot[cell >>> 10] ?? 0;
    const va = mm.memmap.vaOfFrame(frame);
    if (va === undefined) {
      if (!mm.sparsemem) return this.zoneBitmapSubject(cell);
      const word = this.pageblockCells.get(cell);
      if (word === undefined) return undefined;
      return { firstPfn: word << (mm.pageblock_order + 3), nrPages: 8 << mm.pageblock_order };
    }
    const pfn = this.peek.pfnOf(asVirt(va + ((cell & 1023) << 2)));
    return pfn === undefined ? undefined : { firstPfn: pfn, nrPages: 1 };
  }

  private learnPageblockCells(): void {
    const words = this.image.mm.pageblockWords;
    for (let index = 0; index < words.length; index++) {
      const cell = words[index] ?? 0;
      if (cell === this.knownPageblockWords[index]) continue;
      this.knownPageblockWords[index] = cell;
      this.pageblockCells.set(cell, index);
    }
  }

  /** FLATMEM: `zone->pageblock_flags`. */
  private zoneBitmapSubject(cell: number): FrameSubject | undefined {
    const { mm } = this.image;
    for (const zone of mm.zones) {
      const start = mm.read_ulong(zone + mm.zone.zone_start_pfn);
      const spanned = mm.read_ulong(zone + mm.zone.spanned_pages);
      if (spanned === 0) continue;
      const bitmap = mm.read_ptr(zone + mm.zone.pageblock_flags);
      const block = (cell - bitmap) * 8;
      const first = start - (start % mm.pageblock_nr_pages) + block * mm.pageblock_nr_pages;
      if (block >= 0 && first < start + spanned)
        return { firstPfn: first, nrPages: 8 << mm.pageblock_order };
    }
    return undefined;
  }

  private dirtyRange(firstPfn: number, nrPages: number): void {
    const last = Math.min(this.nrRegions - 1, (firstPfn + nrPages - 1) >> this.regionShift);
    for (let region = firstPfn >> this.regionShift; region <= last; region++)
      this.dirty[region] = 1;
  }

  /** The pages on per-cpu lists. Whatever comes or goes has its `lru` written, so its region is dirty already. */
  private pcpNow(): PcpPages {
    if (!this.pcpIsRead) this.pcp.read();
    this.pcpIsRead = true;
    return this.pcp;
  }

  private cell(start: number, nrFrames: number): number {
    const firstRegion = start >> this.regionShift;
    this.freshen(firstRegion);
    if (nrFrames === 1) return this.states[start] ?? 0;
    const counts = new Array<number>(NR_KINDS).fill(0);
    const regionFrames = 1 << this.regionShift;
    if (nrFrames < regionFrames) {
      for (let pfn = start; pfn < start + nrFrames; pfn++) {
        const kind = (this.states[pfn] ?? 0) >>> 4;
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
    } else {
      const lastRegion = (start + nrFrames - 1) >> this.regionShift;
      for (let region = firstRegion; region <= lastRegion; region++) {
        this.freshen(region);
        for (let kind = 0; kind < NR_KINDS; kind++)
          counts[kind] = (counts[kind] ?? 0) + (this.histograms[region * NR_KINDS + kind] ?? 0);
      }
    }
    return dominantState(counts, nrFrames);
  }

  private pcpOrderOf(pfn: number): number {
    return this.mayBeOnPcp(pfn) ? this.pcpNow().orderOf(pfn) : NOT_ON_PCP;
  }

  private freshen(region: number): void {
    if (this.dirty[region] === 0) return;
    this.dirty[region] = 0;
    this.classify(region);
  }

  private classify(region: number): void {
    const start = region << this.regionShift;
    const regionEnd = start + (1 << this.regionShift);
    const end = Math.min(regionEnd, this.image.maxPfn);
    const histogram = this.histograms.subarray(region * NR_KINDS, (region + 1) * NR_KINDS).fill(0);
    for (let pfn = start; pfn < end;) {
      const state = this.classifyFrame(pfn);
      const kind = state >>> 4;
      const isBlock =
        kind === FREE || kind === FREE_CMA || kind === FREE_ISOLATED || kind === PER_CPU;
      const nrPages = isBlock ? Math.min(1 << (state & 15), end - pfn) : 1;
      this.states.fill(state, pfn, pfn + nrPages);
      histogram[kind] = (histogram[kind] ?? 0) + nrPages;
      pfn += nrPages;
    }
    this.states.fill(pageState(ABSENT), end, regionEnd);
    histogram[ABSENT] = (histogram[ABSENT] ?? 0) + regionEnd - end;
  }

  /**
   * The first frame of a block, or any frame outside of blocks.
   * @param pcpOrder where it is known already
   */
  private classifyFrame(pfn: number, pcpOrder = this.pcpOrderOf(pfn)): number {
    const { mm } = this.image;
    const { peek } = this;
    if (!peek.find(pfn)) return pageState(peek.exists(pfn) ? UNREADABLE : ABSENT);
    const { words, at } = peek;
    const flags = words[at + mm.page.flags] ?? 0;
    const type = words[at + mm.page._mapcount] ?? 0;
    const isTyped = (type & mm.PAGE_TYPE_BASE) === mm.PAGE_TYPE_BASE;
    if (isTyped && (type & mm.PG_buddy) === 0) {
      const order = words[at + mm.page.private] ?? 0;
      return pageState(this.freeKind(pfn), order);
    }
    if (pcpOrder >= 0) return pageState(PER_CPU, pcpOrder);
    const tailWord = words[at + mm.encoding.tail_word] ?? 0;
    if ((tailWord & mm.encoding.tail_mask) === mm.encoding.tail_bits) return this.tailState(pfn);
    const isHead = (flags & mm.encoding.head_mask) === mm.encoding.head_bits;
    const order = isHead ? this.compoundOrder(pfn) : 0;
    if ((flags & this.hwpoison) !== 0) return pageState(POISONED, order);
    if ((flags & (1 << mm.PG_locked)) !== 0) return pageState(LOCKED, order);
    if (isTyped && this.pageTableType !== 0 && (type & this.pageTableType) === 0)
      return pageState(PAGE_TABLE, order);
    if ((flags & (1 << mm.PG_slab)) !== 0) return pageState(SLAB, order);
    if (isHead) return pageState(HEAD, order);
    if ((flags & (1 << mm.PG_reserved)) !== 0) return pageState(RESERVED);
    const mapping = words[at + mm.page.mapping] ?? 0;
    if ((mapping & 1) !== 0) return pageState(USER);
    // Until its batch is drained it is on no LRU list.
    if (mapping !== 0 && (mapping & 2) === 0) return pageState(PAGE_CACHE);
    return pageState(KERNEL);
  }

  /** Of a free block whose struct page has just been found. */
  private freeKind(pfn: number): number {
    const { mm } = this.image;
    // The struct page only tells which zone's bitmap to look in, where zones have their own: it may stay untouched.
    const migratetype = mm.sparsemem
      ? get_pfnblock_migratetype(mm, NULL, pfn)
      : this.migratetypeInZone(pfn);
    if (migratetype === mm.MIGRATE_CMA) return FREE_CMA;
    return migratetype === mm.MIGRATE_ISOLATE ? FREE_ISOLATED : FREE;
  }

  private migratetypeInZone(pfn: number): number {
    const { mm } = this.image;
    const { words, at } = this.peek;
    const number =
      ((words[at + mm.page.flags + (mm.ZONES_PGSHIFT >> 5)] ?? 0) >>> (mm.ZONES_PGSHIFT & 31)) &
      mm.ZONES_MASK;
    const zone = mm.zones[number];
    if (zone === undefined) return mm.MIGRATE_UNMOVABLE;
    const start = mm.read_ulong(zone + mm.zone.zone_start_pfn);
    const block = (pfn - (start - (start % mm.pageblock_nr_pages))) >> mm.pageblock_order;
    const word = mm.read_ptr_plus(zone + mm.zone.pageblock_flags, (block >> 3) * 4);
    return ((mm.words[word] ?? 0) >>> ((block & 7) * 4)) & mm.MIGRATETYPE_MASK;
  }

  /** A tail is what its head is, as far as the map tells kinds apart. */
  private tailState(pfn: number): number {
    const { mm } = this.image;
    const { peek } = this;
    // Bit 0 marks compound_head only.
    const low = (peek.words[peek.at + mm.encoding.first_page_word] ?? 0) & ~1;
    const high = mm.wide ? (peek.words[peek.at + mm.encoding.first_page_word + 1] ?? 0) : 0;
    const head = peek.pfnOf(mm.wide ? fromWords(low, high) : asVirt(low >>> 0));
    if (head === undefined || head >= pfn || !peek.find(head)) return pageState(TAIL);
    const flags = peek.words[peek.at + mm.page.flags] ?? 0;
    return pageState((flags & (1 << mm.PG_slab)) !== 0 ? SLAB : TAIL, this.compoundOrder(head));
  }

  /** compound_order of a head: kept in the first tail. */
  private compoundOrder(head: number): number {
    const { mm } = this.image;
    const { peek } = this;
    if (!peek.find(head + 1)) return 0;
    const offset = mm.page.compound_order;
    return ((peek.words[peek.at + (offset >> 2)] ?? 0) >>> ((offset & 3) * 8)) & 0xff;
  }
}
