/**
 * What a word of /proc/kpageflags says a frame is, as one kind. The numbers are an ABI: they do not change with the release.
 *
 * Source: Linux include/uapi/linux/kernel-page-flags.h, include/linux/kernel-page-flags.h; Documentation/admin-guide/mm/pagemap.rst.
 */
const KPF_NAMES: Readonly<Record<number, string>> = {
  0: 'locked',
  1: 'error',
  2: 'referenced',
  3: 'uptodate',
  4: 'dirty',
  5: 'lru',
  6: 'active',
  7: 'slab',
  8: 'writeback',
  9: 'reclaim',
  10: 'buddy',
  11: 'mmap',
  12: 'anonymous',
  13: 'swapcache',
  14: 'swapbacked',
  15: 'compound_head',
  16: 'compound_tail',
  17: 'huge',
  18: 'unevictable',
  19: 'hwpoison',
  20: 'nopage',
  21: 'ksm',
  22: 'thp',
  23: 'offline',
  24: 'zero_page',
  25: 'idle_page',
  26: 'pgtable',
  32: 'reserved',
  33: 'mlocked',
  34: 'mappedtodisk',
  35: 'private',
  36: 'private_2',
  37: 'owner_private',
  38: 'arch',
  39: 'uncached',
  40: 'softdirty',
  41: 'arch_2',
};

export interface FrameKind {
  readonly name: string;
  /** Of the text map. */
  readonly letter: string;
}

/** In the order in which they are looked for: the first whose bits a word has. */
const KINDS: readonly (FrameKind & { readonly low?: number; readonly high?: number })[] = [
  { name: 'no struct page (hole)', letter: ' ', low: 1 << 20 },
  { name: 'hardware poison', letter: 'X', low: 1 << 19 },
  { name: 'free (buddy)', letter: '.', low: 1 << 10 },
  { name: 'offline or balloon', letter: 'o', low: 1 << 23 },
  { name: 'page table', letter: 't', low: 1 << 26 },
  { name: 'slab', letter: 's', low: 1 << 7 },
  { name: 'hugetlb', letter: 'H', low: 1 << 17 },
  { name: 'zero page', letter: 'z', low: 1 << 24 },
  { name: 'KSM', letter: 'k', low: 1 << 21 },
  { name: 'transparent huge', letter: 'T', low: 1 << 22 },
  { name: 'anonymous', letter: 'a', low: 1 << 12 },
  { name: 'shmem or swap cache', letter: 'm', low: 1 << 14 },
  { name: 'page cache', letter: 'f', low: 1 << 5 },
  { name: 'mapped, not on a list', letter: 'p', low: 1 << 11 },
  { name: 'reserved', letter: 'r', high: 1 },
];
const OTHER: FrameKind = { name: 'kernel, drivers', letter: 'K' };

export const FRAME_KINDS: readonly FrameKind[] = [...KINDS, OTHER];

/** The index in FRAME_KINDS. */
export function frameKindOf(low: number, high: number): number {
  const found = KINDS.findIndex(
    (kind) => (low & (kind.low ?? 0)) !== 0 || (high & (kind.high ?? 0)) !== 0,
  );
  return found < 0 ? KINDS.length : found;
}

export function kpfNames(low: number, high: number): string[] {
  return Object.entries(KPF_NAMES)
    .filter(([bit]) =>
      Number(bit) < 32 ? (low >>> Number(bit)) & 1 : (high >>> (Number(bit) - 32)) & 1,
    )
    .map(([, name]) => name);
}
