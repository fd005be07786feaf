/**
 * The guest's program of the families `huge` and `thp`: pools of huge pages, then transparent ones (oracle/guests/huge.h). What it
 * chose at random is known by the seed; whether a child was killed, for no huge page was left, the trace tells.
 */
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Span } from '../program/spans.js';
import { PREALLOCATED_PMDS } from '../program/keptTables.js';
import type { Action } from '../program/processes.js';
import { Acts, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_RW } from './acts.js';
import type { Guest } from './guest.js';
import { GuestRandom } from './random.js';

const PRIVATE = 0x20000000;
const SHARED = 0x24000000;
const BEYOND = 0x28000000;
const THP = 0x30000000;
const MOVED = 0x3c000000;
const MOVED_PART = 0x3e000000;
/** Pages of the area of transparent ones, in huge pages. */
const THP_NR = 8;

/** MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED */
const HUGETLB_FIXED = 0x40030;
const MREMAP_MAYMOVE_FIXED = 3;
const MADV_DONTNEED = 4;
const MADV_HUGEPAGE = 14;
const MADV_NOHUGEPAGE = 15;
const MADV_COLLAPSE = 25;

/** @param spans what the recorder printed from the trace's first state on */
export function hugeProgram(guest: Guest, spans: readonly Span[], seed: number): Action[] {
  return new Huge(guest, spans, seed).run();
}

class Huge {
  private readonly acts: Acts;
  private readonly random: GuestRandom;
  /** The next operation. */
  private at = 0;
  /** Of a huge page. */
  private readonly bytes: number;

  constructor(
    private readonly guest: Guest,
    private readonly spans: readonly Span[],
    seed: number,
  ) {
    this.acts = new Acts(guest);
    this.random = GuestRandom.ofSeed(seed);
    // A private map of three huge pages is the first thing that it shows.
    const shown = spans.map(({ text }) => /^upts 0x20000000 0x([0-9a-f]+)/.exec(text)?.[1]);
    const end = shown.find((text) => text !== undefined);
    this.bytes = end === undefined ? 2 << 20 : (parseInt(end, 16) + 1 - PRIVATE) / 3;
  }

  run(): Action[] {
    // It has chosen how many huge pages it wants.
    this.random.below(3);
    this.pools();
    this.transparent();
    while (this.at < this.spans.length) this.op();
    return this.acts.list;
  }

  // --- what the program is made of ---------------------------------------------------------------------------------------

  private get text(): string {
    return this.spans[this.at]?.text ?? '';
  }

  private op(nr = 1): void {
    this.acts.op(nr);
    this.at += nr;
  }

  private note(): void {
    this.acts.note();
    this.at++;
  }

  private readonly state = (): void => {
    // Events off, and four dumps.
    this.op(5);
  };

  /** The pool's numbers, with the events off meanwhile. */
  private readonly pool = (): void => {
    this.op();
    for (let i = 0; i < 5; i++) this.note();
    this.op();
  };

  private set(name: 'nr_hugepages' | 'nr_overcommit_hugepages'): void {
    const count = Number(/:= (\d+)$/.exec(this.text)?.[1] ?? 0);
    this.acts.own('deepest');
    this.note();
    this.acts.call(name, count);
    this.pool();
  }

  private map(va: number, nr: number, flags: number): void {
    this.acts.call('mmap', va, nr * this.bytes, PROT_RW, flags | HUGETLB_FIXED, -1 >>> 0, 0);
  }

  private unmap(va: number, nr: number): void {
    this.acts.call('munmap', va, nr * this.bytes);
  }

  /** Entries, the first pages of each huge page that is there, and the numbers of the process. */
  private show(): void {
    this.op(2);
    while (this.text.startsWith('dump pages ')) this.op();
    this.op(2);
  }

  /**
   * A child does `act` and ends; false: it was killed in the middle.
   * When its structure goes, its tables that always are there do: khugepaged may have it still.
   */
  private child(act: () => boolean): void {
    const { acts } = this;
    // The call is behind what was printed last.
    const start = this.at - 1;
    const pid = acts.split();
    acts.act('rcu');
    acts.as(pid, () => {
      for (const va of this.guest.childText) acts.read(va);
      acts.own('child');
      if (act()) acts.act('exit');
    });
    const spans = this.spans.slice(start, this.at);
    const events = spans.at(-1)?.events ?? [];
    const stack = events.findLastIndex((event) => /^pf \S+ o=[12]$/.test(event));
    // A thread that ran between the two had the address space meanwhile.
    const isLate = stack >= 0 && events.slice(stack).some((event) => /^pf \S+ o=0$/.test(event));
    if (isLate) acts.act('stack');
    if (topTables(spans).every((pfn) => events.includes(`pf ${pfn} o=0`))) acts.act('mmdrop');
    if (!isLate) acts.act('stack');
    acts.own('waited');
  }

  // --- pools -------------------------------------------------------------------------------------------------------------

  private pools(): void {
    const { acts, bytes } = this;
    this.op(4);
    this.set('nr_hugepages');
    this.state();
    this.op();
    this.note();
    this.map(PRIVATE, 3, MAP_PRIVATE);
    this.pool();
    acts.write(PRIVATE);
    this.pool();
    acts.write(PRIVATE + bytes + 3 * PAGE_SIZE);
    this.pool();
    this.show();
    this.note();
    this.map(SHARED, 2, MAP_SHARED);
    acts.write(SHARED);
    acts.read(SHARED + bytes);
    this.pool();
    this.show();
    this.note();
    this.op(2);
    this.show();
    this.child(() => this.copies());
    this.pool();
    this.show();
    this.op(2);
    this.show();
    this.note();
    this.set('nr_hugepages');
    this.note();
    this.unmap(PRIVATE, 3);
    this.pool();
    this.set('nr_overcommit_hugepages');
    this.beyond();
    this.note();
    this.map(BEYOND, 64, MAP_PRIVATE);
    if (this.text.startsWith('hugetlb map')) this.note();
    this.pool();
    this.unmap(SHARED, 2);
    this.set('nr_overcommit_hugepages');
    this.set('nr_hugepages');
    this.state();
    this.op();
  }

  /** The child of the pools; false: there was no huge page left for it. */
  private copies(): boolean {
    this.acts.read(PRIVATE);
    this.show();
    this.note();
    this.acts.write(PRIVATE);
    if (!this.spans.some(({ text }) => text === 'and writes the shared map')) return false;
    this.pool();
    this.show();
    this.note();
    this.acts.write(SHARED + 1);
    this.show();
    return true;
  }

  /** More than the pool has. */
  private beyond(): void {
    const { acts, bytes } = this;
    this.note();
    this.map(BEYOND, 2, MAP_PRIVATE);
    if (this.text.startsWith('hugetlb map')) {
      this.note();
      this.pool();
      return;
    }
    this.pool();
    for (let i = 0; i < 2; i++) acts.write(BEYOND + i * bytes);
    this.pool();
    this.show();
    this.note();
    acts.call('madvise', BEYOND + bytes, bytes, MADV_DONTNEED);
    this.pool();
    acts.write(BEYOND + bytes);
    this.pool();
    this.unmap(BEYOND, 2);
    this.pool();
  }

  // --- transparent huge pages --------------------------------------------------------------------------------------------

  private transparent(): void {
    const { acts, bytes } = this;
    const huge = (nr: number): number => THP + nr * bytes;
    this.note();
    acts.mapAnonymous(THP, (THP_NR * bytes) / PAGE_SIZE, MAP_PRIVATE);
    acts.askForHuge(THP, THP_NR * bytes);
    for (let i = 0; i < 4; i++) {
      acts.own('random');
      acts.write(huge(i) + PAGE_SIZE * this.random.below(64));
    }
    this.show();
    acts.read(huge(4) + 5 * PAGE_SIZE);
    acts.own('sink');
    this.show();
    acts.write(huge(4) + 7 * PAGE_SIZE);
    this.show();
    acts.own('random');
    const dropped = THP + (1 + this.random.below(100)) * PAGE_SIZE;
    this.note();
    acts.call('madvise', dropped, PAGE_SIZE, MADV_DONTNEED);
    this.show();
    this.note();
    acts.write(dropped);
    this.show();
    this.note();
    acts.call('mprotect', huge(1) + 3 * PAGE_SIZE, 7 * PAGE_SIZE, PROT_READ);
    this.show();
    acts.call('mprotect', huge(1) + 3 * PAGE_SIZE, 7 * PAGE_SIZE, PROT_RW);
    acts.write(huge(1) + 4 * PAGE_SIZE);
    this.note();
    this.op(2);
    this.show();
    acts.call('munmap', huge(2) + bytes / 2, bytes / 2);
    this.show();
    this.op(2);
    this.show();
    this.note();
    acts.own('flush');
    this.child(() => {
      acts.read(huge(3));
      acts.own('sink');
      this.show();
      acts.write(huge(3) + 11 * PAGE_SIZE);
      this.show();
      acts.call('munmap', huge(3) + 12 * PAGE_SIZE, bytes - 12 * PAGE_SIZE);
      this.show();
      return true;
    });
    this.show();
    acts.write(huge(3) + 20 * PAGE_SIZE);
    this.show();
    this.moves(huge(4));
    this.collapses(huge);
  }

  private moves(from: number): void {
    const { acts, bytes } = this;
    this.note();
    acts.call('mremap', from, bytes, bytes, MREMAP_MAYMOVE_FIXED, MOVED);
    this.show();
    const part = 8 * PAGE_SIZE;
    acts.call('mremap', MOVED + 2 * part, part, part, MREMAP_MAYMOVE_FIXED, MOVED_PART);
    this.show();
    this.op();
  }

  private collapses(huge: (nr: number) => number): void {
    const { acts, bytes } = this;
    this.note();
    acts.call('madvise', huge(6), bytes, MADV_NOHUGEPAGE);
    for (let i = 0; i < 5; i++) acts.write(huge(6) + ((i * 37) % 500) * PAGE_SIZE);
    this.op();
    acts.call('madvise', huge(6), bytes, MADV_HUGEPAGE);
    acts.call('madvise', huge(6), bytes, MADV_COLLAPSE);
    if (this.text.startsWith('failed')) this.note();
    this.show();
    // What it prints is whether this worked.
    acts.call('madvise', huge(1), bytes, MADV_COLLAPSE);
    this.note();
    this.show();
    this.note();
    acts.call('split_huge_pages', 1);
    for (let i = 0; i < 5; i++) this.show();
    this.state();
    this.op();
    this.note();
    this.unmap(THP, THP_NR);
    this.unmap(MOVED, 1);
    acts.call('munmap', MOVED_PART, 8 * PAGE_SIZE);
    this.op();
    this.note();
  }
}

/** Page numbers of the tables that a child's address space keeps to its end, as the spans of its life tell them. */
function topTables(spans: readonly Span[]): string[] {
  const umm = spans.find(({ op }) => op?.name === 'umm');
  const [, pgd = ''] = /^pgd=([0-9a-f]+) /.exec(umm?.op?.result ?? '') ?? [];
  if (pgd === '') return [];
  if (pgd.endsWith('000')) return [pgd.slice(0, -3)];
  const taken = (spans[0]?.events ?? []).flatMap(
    (event) => /^pa (\S+) o=0 mt=0 gfp=400dc0$/.exec(event)?.[1] ?? [],
  );
  return taken.slice(0, PREALLOCATED_PMDS);
}
