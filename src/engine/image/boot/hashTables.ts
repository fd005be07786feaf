/**
 * How large the kernel's early hash tables are: by the number of pages it expects to have.
 *
 * Source: Linux 6.1 mm/page_alloc.c: free_area_init_core(), calc_memmap_size(), alloc_large_system_hash().
 */
import { PAGE_SIZE } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { sizeofStruct } from './profileFacts.js';
import { isHighmemZone, type ZoneSpan } from './zones.js';

export interface EstimatedPages {
  /** nr_kernel_pages: of lowmem, less what the map of highmem costs. */
  readonly kernelPages: number;
  /** nr_all_pages */
  readonly allPages: number;
  /** By zone: present pages less those for its part of mem_map. */
  readonly managed: readonly number[];
}

export function estimateKernelPages(
  profile: Profile,
  zones: readonly ZoneSpan[],
  dmaReserve: number,
): EstimatedPages {
  let kernelPages = 0;
  let allPages = 0;
  const managed = zones.map((zone, index) => {
    const memmapPages = calc_memmap_size(profile, zone);
    const highmem = isHighmemZone(profile, index);
    let free = zone.present;
    if (!highmem && free >= memmapPages) free -= memmapPages;
    if (index === 0 && free > dmaReserve) free -= dmaReserve;
    if (!highmem) kernelPages += free;
    else if (kernelPages > memmapPages * 2) kernelPages -= memmapPages;
    allPages += free;
    return free;
  });
  return { kernelPages, allPages, managed };
}

/** A sparse map has no structures for large holes. */
function calc_memmap_size(profile: Profile, { spanned, present }: ZoneSpan): number {
  const sparse = profile.constant('CONFIG_SPARSEMEM') === 1;
  const pages = sparse && spanned > present + (present >> 4) ? present : spanned;
  const sizeofPage = sizeofStruct(profile, 'page');
  return Math.ceil((pages * sizeofPage) / PAGE_SIZE);
}

/** Beyond 64 GiB tables grow by half as much as memory (64 bit). */
const ADAPT_SCALE_NPAGES = 2 ** 36 / PAGE_SIZE;
const PAGES_PER_MIB = 256;

/** Bytes of a table of pointers with one bucket for each 2^scale bytes of kernel memory. */
export function largeSystemHashBytes(
  profile: Profile,
  { kernelPages, allPages }: { readonly kernelPages: number; readonly allPages: number },
  table: { readonly scale: number; readonly lowLimit: number },
): number {
  const bucketBytes = profile.pointerSize;
  const pages = Math.ceil(kernelPages / PAGES_PER_MIB) * PAGES_PER_MIB;
  let { scale } = table;
  if (profile.pointerSize === 8)
    for (let adapt = ADAPT_SCALE_NPAGES; adapt < pages; adapt *= 4) scale++;
  let entries = Math.floor((pages * PAGE_SIZE) / 2 ** scale);
  if (entries * bucketBytes < PAGE_SIZE) entries = PAGE_SIZE / bucketBytes;
  entries = 2 ** Math.ceil(Math.log2(entries));
  const most = Math.floor((allPages * PAGE_SIZE) / 16 / bucketBytes);
  entries = Math.min(Math.max(entries, table.lowLimit), most);
  return bucketBytes * 2 ** Math.floor(Math.log2(entries));
}
