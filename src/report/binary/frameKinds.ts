/**
 * What a word of /proc/kpageflags says a frame is, as one kind. The numbers are an ABI: they do not change with the release.
 *
 * Source: Linux include/uapi/linux/kernel-page-flags.h, include/linux/kernel-page-flags.h; Documentation/admin-guide/mm/pagemap.rst.
 */
export interface KpfFlag {
  readonly bit: number;
  /** As the header has it, without KPF_. */
  readonly macro: string;
  /** As page-types calls it. */
  readonly name: string;
  /** As page-types prints it. */
  readonly letter: string;
}

const flag = (bit: number, letter: string, macro: string, name = macro.toLowerCase()): KpfFlag => ({
  bit,
  macro,
  name,
  letter,
});

/** 1 has not been set since 6.12; 34 is OWNER_2 since 6.14. */
export const KPF_FLAGS: readonly KpfFlag[] = [
  flag(0, 'L', 'LOCKED'),
  flag(1, 'E', 'ERROR'),
  flag(2, 'R', 'REFERENCED'),
  flag(3, 'U', 'UPTODATE'),
  flag(4, 'D', 'DIRTY'),
  flag(5, 'l', 'LRU'),
  flag(6, 'A', 'ACTIVE'),
  flag(7, 'S', 'SLAB'),
  flag(8, 'W', 'WRITEBACK'),
  flag(9, 'I', 'RECLAIM'),
  flag(10, 'B', 'BUDDY'),
  flag(11, 'M', 'MMAP'),
  flag(12, 'a', 'ANON', 'anonymous'),
  flag(13, 's', 'SWAPCACHE'),
  flag(14, 'b', 'SWAPBACKED'),
  flag(15, 'H', 'COMPOUND_HEAD'),
  flag(16, 'T', 'COMPOUND_TAIL'),
  flag(17, 'G', 'HUGE'),
  flag(18, 'u', 'UNEVICTABLE'),
  flag(19, 'X', 'HWPOISON'),
  flag(20, 'n', 'NOPAGE'),
  flag(21, 'x', 'KSM'),
  flag(22, 't', 'THP'),
  flag(23, 'o', 'OFFLINE'),
  flag(24, 'z', 'ZERO_PAGE'),
  flag(25, 'i', 'IDLE', 'idle_page'),
  flag(26, 'g', 'PGTABLE'),
  flag(32, 'r', 'RESERVED'),
  flag(33, 'm', 'MLOCKED'),
  flag(34, 'd', 'MAPPEDTODISK'),
  flag(35, 'P', 'PRIVATE'),
  flag(36, 'p', 'PRIVATE_2'),
  flag(37, 'O', 'OWNER_PRIVATE'),
  flag(38, 'h', 'ARCH'),
  flag(39, 'c', 'UNCACHED'),
  flag(40, 'f', 'SOFTDIRTY'),
  flag(41, 'H', 'ARCH_2'),
  flag(42, 'J', 'ARCH_3'),
];

export type FrameKindId =
  | 'hole'
  | 'poisoned'
  | 'free'
  | 'offline'
  | 'pageTable'
  | 'slab'
  | 'hugetlb'
  | 'zero'
  | 'ksm'
  | 'huge'
  | 'anonymous'
  | 'shmem'
  | 'pageCache'
  | 'mapped'
  | 'reserved'
  | 'kernel'
  | 'behind';

export interface FrameKind {
  readonly id: FrameKindId;
  readonly name: string;
  /** Of the text map. */
  readonly letter: string;
}

/** In the order in which they are looked for: the first whose bits a word has. */
const KINDS: readonly (FrameKind & { readonly low?: number; readonly high?: number })[] = [
  { id: 'hole', name: 'no struct page (hole)', letter: ' ', low: 1 << 20 },
  { id: 'poisoned', name: 'hardware poison', letter: 'X', low: 1 << 19 },
  { id: 'free', name: 'free (buddy)', letter: '.', low: 1 << 10 },
  { id: 'offline', name: 'offline or balloon', letter: 'o', low: 1 << 23 },
  { id: 'pageTable', name: 'page table', letter: 't', low: 1 << 26 },
  { id: 'slab', name: 'slab', letter: 's', low: 1 << 7 },
  { id: 'hugetlb', name: 'hugetlb', letter: 'H', low: 1 << 17 },
  { id: 'zero', name: 'zero page', letter: 'z', low: 1 << 24 },
  { id: 'ksm', name: 'KSM', letter: 'k', low: 1 << 21 },
  { id: 'huge', name: 'transparent huge', letter: 'T', low: 1 << 22 },
  { id: 'anonymous', name: 'anonymous', letter: 'a', low: 1 << 12 },
  { id: 'shmem', name: 'shmem or swap cache', letter: 'm', low: 1 << 14 },
  { id: 'pageCache', name: 'page cache', letter: 'f', low: 1 << 5 },
  { id: 'mapped', name: 'mapped, not on a list', letter: 'p', low: 1 << 11 },
  { id: 'reserved', name: 'reserved', letter: 'r', high: 1 },
];
const OTHER: FrameKind = { id: 'kernel', name: 'kernel, drivers', letter: 'K' };
/** Before 4.6 only the first frame of a free block has BUDDY: what lies behind it, as far as a block can reach, has no flags. */
const BEHIND: FrameKind = { id: 'behind', name: 'free (behind a first frame)', letter: ',' };

export const FRAME_KINDS: readonly FrameKind[] = [...KINDS, OTHER, BEHIND];

export const frameKindCode = (id: FrameKindId): number =>
  FRAME_KINDS.findIndex((kind) => kind.id === id);

/** The index in FRAME_KINDS. */
export function frameKindOf(low: number, high: number): number {
  const found = KINDS.findIndex(
    (kind) => (low & (kind.low ?? 0)) !== 0 || (high & (kind.high ?? 0)) !== 0,
  );
  return found < 0 ? KINDS.length : found;
}

export const kpfFlags = (low: number, high: number): readonly KpfFlag[] =>
  KPF_FLAGS.filter(({ bit }) => (bit < 32 ? (low >>> bit) & 1 : (high >>> (bit - 32)) & 1) !== 0);

export const kpfNames = (low: number, high: number): string[] =>
  kpfFlags(low, high).map(({ name }) => name);
