/**
 * What a page frame is used for, as one byte: the vocabulary that the adapter, the map, its legend and its colours share.
 *
 *      7      4 3      0
 *     +--------+--------+      kind:   row of PAGE_KINDS
 *     |  kind  | detail |      detail: of one frame, the order of the block it belongs to (0 when it stands alone);
 *     +--------+--------+              of a cell of several frames, the share of them that are of this kind, in 15ths
 *
 * A buddy block, a compound page and a slab start at a frame number that is a multiple of their size, so one code says
 * which block a frame belongs to: `pfn & ~((1 << order) - 1)`.
 *
 * Source: Linux 6.1 include/linux/page-flags.h (what a page can be), mm/page_alloc.c (free, pcp, compound).
 */

/** One row of the vocabulary. The row's number is the kind's code, and its rank: see {@link dominantState}. */
export interface PageKind {
  readonly name: PageKindName;
  /** For legends. */
  readonly label: string;
  /** The sentence a hover shows. */
  readonly meaning: string;
  /** The colour contributed to VS Code's themes; `--vscode-mmscope-free` in a webview. */
  readonly colorId: `mmscope.${PageKindName}`;
}

export type PageKindName =
  | 'absent'
  | 'unreadable'
  | 'reserved'
  | 'free'
  | 'freeCma'
  | 'freeIsolated'
  | 'perCpu'
  | 'kernel'
  | 'pageCache'
  | 'user'
  | 'slab'
  | 'compoundTail'
  | 'compoundHead'
  | 'pageTable'
  | 'locked'
  | 'poisoned';

const kind = (name: PageKindName, label: string, meaning: string): PageKind => ({
  name,
  label,
  meaning,
  colorId: `mmscope.${name}`,
});

/** Sixteen kinds, the first ones giving way to the later ones. */
export const PAGE_KINDS: readonly PageKind[] = [
  kind('absent', 'No memory', 'No RAM here: a hole of the physical address space.'),
  kind('unreadable', 'Not in the dump', 'The dump does not hold this frame’s struct page.'),
  kind('reserved', 'Reserved', 'PG_reserved: the kernel’s own image, firmware, early boot memory.'),
  kind('free', 'Free', 'In a free list of the buddy allocator (PageBuddy).'),
  kind(
    'freeCma',
    'Free, CMA',
    'Free in a MIGRATE_CMA pageblock: only movable allocations can use it.',
  ),
  kind(
    'freeIsolated',
    'Free, isolated',
    'Free in a MIGRATE_ISOLATE pageblock: no allocation can use it.',
  ),
  kind('perCpu', 'Per-CPU list', 'Free, but cached on a CPU’s page list (struct per_cpu_pages).'),
  kind('kernel', 'Allocated', 'In use by the kernel: _refcount > 0, no type, on no LRU list.'),
  kind('pageCache', 'Page cache', 'Belongs to a file’s address_space.'),
  kind('user', 'Anonymous', 'Anonymous memory of a process (PAGE_MAPPING_ANON).'),
  kind('slab', 'Slab', 'PG_slab: cut into objects of one kmem_cache.'),
  kind('compoundTail', 'Compound tail', 'A tail page of a compound page: points to its head.'),
  kind('compoundHead', 'Compound head', 'The first page of a compound page (PG_head).'),
  kind('pageTable', 'Page table', 'PageTable: holds page-table entries.'),
  kind('locked', 'Locked', 'PG_locked: the page lock is held.'),
  kind('poisoned', 'Bad', 'PG_hwpoison, or the kernel found its state wrong (bad_page).'),
];

const KIND_CODES = new Map(PAGE_KINDS.map((row, code) => [row.name, code]));

/** The code of a kind: its row. */
export function pageKindCode(name: PageKindName): number {
  return KIND_CODES.get(name) ?? 0;
}

/** A frame's byte. Orders above 15 do not exist in Linux 6.1 (MAX_ORDER is 11). */
export const pageState = (kindCode: number, order = 0): number =>
  (kindCode << 4) | Math.min(order, 15);

export const kindOfState = (state: number): number => state >>> 4;
export const detailOfState = (state: number): number => state & 15;

/** First frame of the block that a frame of this state belongs to. */
export const firstPfnOfBlock = (pfn: number, state: number): number => {
  const nrPages = 1 << detailOfState(state);
  return pfn - (pfn % nrPages);
};

/** Share of a cell, of 1, that its kind has. */
export const shareOfState = (state: number): number => detailOfState(state) / 15;

/**
 * The byte of a cell of `nrFrames` frames, given how many of them are of each kind: the most frequent kind, the later row
 * of the table where two are equally frequent, with its share. Holes count only where there is nothing else.
 */
export function dominantState(counts: ArrayLike<number>, nrFrames: number): number {
  let best = 0;
  let most = 0;
  for (let code = 1; code < PAGE_KINDS.length; code++) {
    const count = counts[code] ?? 0;
    if (count > 0 && count >= most) {
      most = count;
      best = code;
    }
  }
  return pageState(best, Math.max(best === 0 ? 0 : 1, Math.round((15 * most) / nrFrames)));
}
