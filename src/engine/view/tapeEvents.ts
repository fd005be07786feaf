/**
 * What the allocator did, read off the entries of the tape: counters that moved, flags that were set. The kernel reports none of it,
 * and nothing is repeated to find it: a look at each entry, once, as far as the tape has come.
 *
 *     free_area[o].nr_free   down at o, then up at o-1      a block was split, once for each step down
 *                            down at o, then up at o+1      buddies merged, once for each step up
 *     NR_FREE_PAGES down, then pcp->count up                a per-CPU list was refilled
 *     pcp->count down, then NR_FREE_PAGES up                it was drained
 *     PGFAULT of vm_event_states up                         a process faulted
 *     THP_FAULT_ALLOC, THP_SPLIT_PAGE, ... up               a huge page was made, or split
 *     NR_FOLL_PIN_ACQUIRED up                               a page was pinned (pinCounter.ts)
 *     an entry of a page table: present and read-only,      a page was copied because somebody wrote; a fault between the two
 *     then 0, then writable and of another frame            would make them two mappings that have nothing to do with each other
 *
 * Source: Linux 6.1 mm/page_alloc.c: expand(), __free_one_page(), rmqueue_bulk(), free_pcppages_bulk(); mm/memory.c:
 * wp_page_copy().
 */
import type { KernelImage } from '../image/kernelImage.js';
import { vmEventStates } from '../kernel/include/linux/vmstat.h.js';
import type { FrameStates } from './frameStates.js';
import { PinCounter, pinCellsOf } from './pinCounter.js';
import { NO_EVENT, TIMELINE_CODES } from './timelineCodes.js';
import { freeArea, zonePcp } from './zoneLists.js';
import { populatedZones } from './zones.js';

const { split, merge, fallback, refill, drain, lock, pin, hugePage, pageFault, cow } =
  TIMELINE_CODES;

/** What a cell counts: a zone's free pages, blocks of an order, pages on a per-CPU list; or which CPU runs. */
type Counter =
  | { readonly what: 'free'; readonly zone: number }
  | { readonly what: 'order'; readonly zone: number; readonly order: number }
  | { readonly what: 'pcp'; readonly zone: number }
  /** A byte of the word: what a CPU holds back of the node's counter. */
  | { readonly what: 'pinByte'; readonly shift: number }
  | { readonly what: 'held' | 'failed' | 'cpu' | 'pgfault' | 'huge' | 'pins' };

/** Cells of the debugger's own counters. */
export interface CountedCells {
  readonly held: number | undefined;
  readonly failed: number | undefined;
}

export interface TapeVisitor {
  event(position: number, kind: number): void;
  free(position: number, zone: number, pages: number): void;
  expect(position: number, held: boolean): void;
  cpu(position: number, cpu: number, before: number): void;
}

/** What is under way in a zone. */
interface ZoneUnderWay {
  /** Order of the list that a block was taken from last; -1: the block has gone where it went. */
  taken: number;
  freeFell: boolean;
  pcpFell: boolean;
}

const STRIDE = 3;

/** Flags of an entry of a page table of a process: present and of user mode; and writable, too. */
const READ_ONLY = 0x5;
const WRITABLE = 0x7;
const FRAME = 0xfffff000 | 0;

/** Those that this build counts. */
const hugePageEvents = (mm: KernelImage['mm']): readonly number[] =>
  [
    mm.THP_FAULT_ALLOC,
    mm.THP_COLLAPSE_ALLOC,
    mm.THP_SPLIT_PAGE,
    mm.THP_SPLIT_PMD,
    mm.HTLB_BUDDY_PGALLOC,
  ].filter((item) => item > 0);

export class TapeEvents {
  private readonly counters = new Map<number, Counter>();
  private readonly zones: ZoneUnderWay[];
  /** Entries that were present and read-only, by their cells, since the newest fault: what they were. */
  private readonly unmapped = new Map<number, number>();
  private readonly pins = new PinCounter();

  constructor(
    private readonly image: KernelImage,
    private readonly states: FrameStates,
    cells: CountedCells,
  ) {
    const { mm, nrCpus } = image;
    const populated = populatedZones(image);
    this.zones = populated.map(() => ({ taken: -1, freeFell: false, pcpFell: false }));
    populated.forEach(({ zone }, index) => {
      const free = zone + mm.zone.vm_stat + mm.NR_FREE_PAGES * mm.ptr_words;
      this.counters.set(free, { what: 'free', zone: index });
      for (let order = 0; order < mm.MAX_ORDER; order++) {
        const at = freeArea(mm, zone, order) + mm.free_area.nr_free;
        this.counters.set(at, { what: 'order', zone: index, order });
      }
      for (let cpu = 0; cpu < nrCpus; cpu++)
        this.counters.set(zonePcp(mm, zone, cpu) + mm.per_cpu_pages.count, {
          what: 'pcp',
          zone: index,
        });
    });
    this.counters.set(mm.machine.register('cpu'), { what: 'cpu' });
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      const states = vmEventStates(mm, cpu);
      this.counters.set(states + mm.PGFAULT * mm.ptr_words, { what: 'pgfault' });
      for (const item of hugePageEvents(mm))
        this.counters.set(states + item * mm.ptr_words, { what: 'huge' });
    }
    const pinCells = pinCellsOf(image);
    if (pinCells.node !== undefined) this.counters.set(pinCells.node, { what: 'pins' });
    for (const { cell, shift } of pinCells.held)
      this.counters.set(cell, { what: 'pinByte', shift });
    if (cells.held !== undefined) this.counters.set(cells.held, { what: 'held' });
    if (cells.failed !== undefined) this.counters.set(cells.failed, { what: 'failed' });
  }

  /** Entries of [from, to), oldest first. */
  scan(from: number, to: number, visitor: TapeVisitor): void {
    for (const { position, words } of this.image.tape.stretches(from, to))
      for (let at = 0; at < words.length; at += STRIDE) {
        const cell = words[at] as number;
        const counter = this.counters.get(cell);
        const here = position + at / STRIDE;
        const before = words[at + 1] as number;
        const after = words[at + 2] as number;
        if (counter !== undefined) this.counted(counter, here, before, after, visitor);
        else if (!this.isCopy(cell, before, after))
          this.flagged(cell, here, before, after, visitor);
        else visitor.event(here, cow);
      }
  }

  private counted(
    counter: Counter,
    at: number,
    before: number,
    after: number,
    visitor: TapeVisitor,
  ): void {
    switch (counter.what) {
      case 'held':
      case 'failed':
        if (after > before) visitor.expect(at, counter.what === 'held');
        return;
      case 'cpu':
        visitor.cpu(at, after, before);
        return;
      case 'pgfault':
        if (after > before) visitor.event(at, pageFault);
        this.unmapped.clear();
        return;
      case 'huge':
        if (after > before) visitor.event(at, hugePage);
        return;
      case 'pins':
        if (this.pins.node(after - before)) visitor.event(at, pin);
        return;
      case 'pinByte':
        if (this.pins.held(before, after, counter.shift)) visitor.event(at, pin);
        return;
      case 'free': {
        const zone = this.zones[counter.zone];
        visitor.free(at, counter.zone, after);
        if (zone === undefined) return;
        if (after > before && zone.pcpFell) visitor.event(at, drain);
        zone.freeFell = after < before;
        zone.pcpFell = false;
        // What was taken has been counted: what comes next is another block's story.
        zone.taken = -1;
        return;
      }
      case 'pcp': {
        const zone = this.zones[counter.zone];
        if (zone === undefined) return;
        if (after > before && zone.freeFell) visitor.event(at, refill);
        zone.freeFell = false;
        zone.pcpFell = after < before;
        return;
      }
      case 'order':
        this.listed(counter.zone, counter.order, after > before, at, visitor);
    }
  }

  /** Whether the entry is the end of a copy on write. Its low word has all that is looked at. */
  private isCopy(cell: number, before: number, after: number): boolean {
    if (after === 0) {
      if ((before & WRITABLE) === READ_ONLY) this.unmapped.set(cell, before);
      return false;
    }
    if (before !== 0 || (after & WRITABLE) !== WRITABLE || this.unmapped.size === 0) return false;
    const old = this.unmapped.get(cell);
    return old !== undefined && ((old ^ after) & FRAME) !== 0;
  }

  /** A block came to a list of the buddy allocator, or left it. */
  private listed(
    index: number,
    order: number,
    came: boolean,
    at: number,
    visitor: TapeVisitor,
  ): void {
    const zone = this.zones[index];
    if (zone === undefined) return;
    const { taken } = zone;
    let kind: number = NO_EVENT;
    if (came) {
      if (taken >= 0 && order === taken - 1) kind = split;
      else if (taken >= 0 && order === taken + 1) kind = merge;
      // A split goes on below the half that was put back.
      zone.taken = kind === split ? order : -1;
    } else {
      // Of a merge, the larger buddy is taken next.
      if (taken >= 0 && order === taken + 1) kind = merge;
      zone.taken = order;
    }
    if (kind !== NO_EVENT) visitor.event(at, kind);
  }

  /** Flags of struct pages, and the types of pageblocks. */
  private flagged(
    cell: number,
    at: number,
    before: number,
    after: number,
    visitor: TapeVisitor,
  ): void {
    const subject = this.states.subjectOf(cell);
    if (subject === undefined) return;
    const { mm } = this.image;
    if (subject.nrPages > 1) visitor.event(at, fallback);
    else if (
      (~before & after & (1 << mm.PG_locked)) !== 0 &&
      cell === mm.pfn_to_page(subject.firstPfn) + mm.page.flags
    )
      visitor.event(at, lock);
  }
}
