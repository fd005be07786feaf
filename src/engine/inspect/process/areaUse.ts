/**
 * How much of an area is there, and how: what smaps counts, by walking its page tables.
 *
 * Left out: pages of DAX and device memory.
 * Source: Linux 6.1 fs/proc/task_mmu.c: smaps_account(), smaps_page_accumulate(), smaps_pte_entry(), smaps_pmd_entry(),
 * smaps_hugetlb_range(), smap_gather_stats().
 */
import { PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Inspected, Problems } from '../inspected.js';
import type { VmaView } from '../tasks.js';
import { hasAreaFlag } from './areaFlags.js';
import { isDirty, isMapped, isSpecial, isYoung, userEntries, type UserEntry } from './entries.js';
import { CountedPages, type PageCounts } from './pageCounts.js';
import { swapCount } from './swapCount.js';

/** Bytes. */
export interface AreaUse {
  readonly resident: number;
  readonly sharedClean: number;
  readonly sharedDirty: number;
  readonly privateClean: number;
  readonly privateDirty: number;
  readonly referenced: number;
  readonly anonymous: number;
  readonly ksm: number;
  readonly lazyFree: number;
  readonly anonymousThp: number;
  readonly shmemThp: number;
  readonly fileThp: number;
  readonly swap: number;
  readonly sharedHugetlb: number;
  readonly privateHugetlb: number;
  readonly pss: number;
  readonly pssDirty: number;
  readonly pssLocked: number;
  readonly swapPss: number;
}

/** A share of a page is counted in so small parts. */
const PSS_SHIFT = 12n;
/** PAGE_MAPPING_FLAGS of a page that KSM has merged. */
const KSM = 3n;

type Sums = { -readonly [name in keyof AreaUse]: number } & {
  exactPss: bigint;
  exactDirty: bigint;
  exactLocked: bigint;
  exactSwap: bigint;
};

const zeroSums = (): Sums => ({
  ...{ resident: 0, sharedClean: 0, sharedDirty: 0, privateClean: 0, privateDirty: 0 },
  ...{ referenced: 0, anonymous: 0, ksm: 0, lazyFree: 0, anonymousThp: 0, shmemThp: 0, fileThp: 0 },
  ...{ swap: 0, sharedHugetlb: 0, privateHugetlb: 0, pss: 0, pssDirty: 0, pssLocked: 0 },
  ...{ swapPss: 0, exactPss: 0n, exactDirty: 0n, exactLocked: 0n, exactSwap: 0n },
});

export function areaUse(
  k: Inspected,
  mm: VirtAddr,
  vma: VmaView,
  problems: Problems,
  counted = new CountedPages(k),
): AreaUse {
  const sums = zeroSums();
  const isHugetlb = hasAreaFlag(vma.flags, 'VM_HUGETLB');
  const isLocked = hasAreaFlag(vma.flags, 'VM_LOCKED');
  for (const entry of userEntries(k, mm, vma)) {
    const page = problems.tried('its page', () => pageOf(counted, entry), undefined);
    if (isHugetlb) {
      if (page === undefined) continue;
      if (page.mapcount >= 2) sums.sharedHugetlb += entry.sizeBytes;
      else sums.privateHugetlb += entry.sizeBytes;
    } else if (entry.state === 'swap') addSwap(k, sums, entry);
    else if (page !== undefined) {
      if (entry.sizeBytes > PAGE_SIZE) addHuge(sums, page, entry.sizeBytes);
      addPage(counted, sums, entry, page, isLocked);
    }
  }
  return {
    ...sums,
    pss: Number(sums.exactPss >> PSS_SHIFT),
    pssDirty: Number(sums.exactDirty >> PSS_SHIFT),
    pssLocked: Number(sums.exactLocked >> PSS_SHIFT),
    swapPss: Number(sums.exactSwap >> PSS_SHIFT),
  };
}

/** What vm_normal_page() gives: the page of zeros is nobody's. */
function pageOf(counted: CountedPages, entry: UserEntry): PageCounts | undefined {
  if (entry.pfn === undefined || (isMapped(entry) && isSpecial(entry))) return undefined;
  if (entry.sizeBytes > PAGE_SIZE && isHugeZero(counted, entry.pfn)) return undefined;
  return counted.of(entry.pfn);
}

/** The huge page of zeros is a compound page without a mapping. */
function isHugeZero(counted: CountedPages, pfn: number): boolean {
  const page = counted.of(pfn);
  return page !== undefined && page.head.mapping === 0n;
}

function addHuge(sums: Sums, page: PageCounts, sizeBytes: number): void {
  if (page.isAnon) sums.anonymousThp += sizeBytes;
  else if (page.isSwapBacked) sums.shmemThp += sizeBytes;
  else sums.fileThp += sizeBytes;
}

function addSwap(k: Inspected, sums: Sums, { swap }: UserEntry): void {
  sums.swap += PAGE_SIZE;
  const whole = BigInt(PAGE_SIZE) << PSS_SHIFT;
  const count = swap === undefined ? 1 : swapCount(k, swap.type, swap.offset);
  sums.exactSwap += count >= 2 ? whole / BigInt(count) : whole;
}

/** smaps_account(): a page that only one has is his at once; of a huge one that several have, each of its pages is looked at. */
function addPage(
  counted: CountedPages,
  sums: Sums,
  entry: UserEntry,
  page: PageCounts,
  isLocked: boolean,
): void {
  const { sizeBytes } = entry;
  const flags = new Set(page.flagNames);
  const dirty = isMapped(entry) && isDirty(counted.k, entry);
  if (page.isAnon) {
    sums.anonymous += sizeBytes;
    if (!page.isSwapBacked && !dirty && !flags.has('dirty')) sums.lazyFree += sizeBytes;
    if ((page.head.mapping & KSM) === KSM) sums.ksm += sizeBytes;
  }
  sums.resident += sizeBytes;
  const young = isMapped(entry) && isYoung(entry);
  if (young || flags.has('young') || flags.has('referenced')) sums.referenced += sizeBytes;
  const add = (size: number, pss: bigint, isPrivate: boolean): void => {
    sums.exactPss += pss;
    if (isLocked) sums.exactLocked += pss;
    if (dirty || flags.has('dirty')) {
      sums.exactDirty += pss;
      if (isPrivate) sums.privateDirty += size;
      else sums.sharedDirty += size;
    } else if (isPrivate) sums.privateClean += size;
    else sums.sharedClean += size;
  };
  if (page.refcount === 1 || entry.state === 'migration') {
    add(sizeBytes, BigInt(sizeBytes) << PSS_SHIFT, true);
    return;
  }
  const whole = BigInt(PAGE_SIZE) << PSS_SHIFT;
  const nr = sizeBytes / PAGE_SIZE;
  for (let i = 0; i < nr; i++) {
    const one = i === 0 ? page : counted.of(page.pfn + i);
    const mapcount = one?.mapcount ?? 1;
    add(PAGE_SIZE, mapcount >= 2 ? whole / BigInt(mapcount) : whole, mapcount < 2);
  }
}
