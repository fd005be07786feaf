/**
 * Pageblocks: for each block of `pageblock_nr_pages` pages four bits, three of type and one for compaction.
 *
 *     bits of a block   3 PB_migrate_skip   2:0 migratetype          eight blocks a 32-bit word, lowest block in bits 3:0
 *
 * FLATMEM keeps them in `zone->pageblock_flags`, counted from the zone's start rounded down to a block: a block that two
 * zones share has an entry in each. SPARSEMEM keeps them in the section's `mem_section_usage`.
 * Source: Linux 6.1 mm/page_alloc.c: get_pfnblock_flags_mask(), set_pfnblock_flags_mask(); include/linux/mmzone.h,
 * include/linux/pageblock-flags.h.
 */
import type { Migratetype, Page, Pfn, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';
import { page_zone } from '../../include/linux/mm.h.js';
import { __pfn_to_section, section_to_usemap } from '../../include/linux/mmzone.h.js';
import { pageblock_start_pfn } from '../../include/linux/pageblock-flags.h.js';

const NR_PAGEBLOCK_BITS = 4;

/**
 * Word `word` of the bitmap that has the bits of `pfn`: of its section, or of its zone. Differs: the bitmap may straddle frames, so it
 * is not returned whole but looked up for a word.
 */
function get_pageblock_bitmap(k: Kernel, page: Page, pfn: Pfn, word: UInt): Cell {
  if (!k.sparsemem) return k.read_ptr_plus(page_zone(k, page) + k.zone.pageblock_flags, word * 4);
  // Three pointers lead there and none of them ever changes: looked up once for eight blocks.
  const index: UInt = pfn >> (k.pageblock_order + 3);
  const known = k.pageblockWords[index];
  // A wild page has a number that no section has.
  if (known && pfn === (pfn | 0)) return asCell(known);
  const cell = section_to_usemap(k, __pfn_to_section(k, pfn), word);
  k.pageblockWords[index] = cell;
  return cell;
}

/** Where the bits of the block of `pfn` begin in its bitmap. */
function pfn_to_bitidx(k: Kernel, page: Page, pfn: Pfn): UInt {
  // A section begins with a pageblock. A zone need not, so that its first block may be one in part.
  if (k.sparsemem) pfn &= k.PAGES_PER_SECTION - 1;
  else pfn -= pageblock_start_pfn(k, k.read_ulong(page_zone(k, page) + k.zone.zone_start_pfn));
  return (pfn >> k.pageblock_order) * NR_PAGEBLOCK_BITS;
}

/** The bits of `mask` (of the four) for the block of `pfn`. No lock: the word is read once, so its bits belong together. */
export function get_pfnblock_flags_mask(k: Kernel, page: Page, pfn: Pfn, mask: UInt): UInt {
  const bitidx: UInt = pfn_to_bitidx(k, page, pfn);
  const word: Cell = get_pageblock_bitmap(k, page, pfn, bitidx >> 5);
  return (k.words[word]! >>> (bitidx & 31)) & mask;
}

/** The type of the block that `pfn` lies in. */
export function get_pfnblock_migratetype(k: Kernel, page: Page, pfn: Pfn): Migratetype {
  return get_pfnblock_flags_mask(k, page, pfn, k.MIGRATETYPE_MASK);
}

/** As get_pfnblock_migratetype(), where only the page is at hand. */
export function get_pageblock_migratetype(k: Kernel, page: Page): Migratetype {
  return get_pfnblock_migratetype(k, page, k.page_to_pfn(page));
}

/** Gives the block of `pfn` other bits: `flags`, for those of the four that `mask` has. */
export function set_pfnblock_flags_mask(
  k: Kernel,
  page: Page,
  flags: UInt,
  pfn: Pfn,
  mask: UInt,
): void {
  let bitidx: UInt = pfn_to_bitidx(k, page, pfn);
  const word: Cell = get_pageblock_bitmap(k, page, pfn, bitidx >> 5);
  bitidx &= 31;
  // Other blocks share the word: cmpxchg until none of them has changed meanwhile. One CPU runs at a time here.
  k.write(word, (k.words[word]! & ~(mask << bitidx)) | (flags << bitidx));
}

/** Changes the type only: the block's free pages stay on the lists that they are on until somebody moves them. */
export function set_pageblock_migratetype(k: Kernel, page: Page, migratetype: Migratetype): void {
  // Too little memory for blocks of each type: all are unmovable. HIGHATOMIC, CMA and ISOLATE are more than a grouping,
  // and stay.
  if (k.words[k.globals.page_group_by_mobility_disabled] !== 0 && migratetype < k.MIGRATE_PCPTYPES)
    migratetype = k.MIGRATE_UNMOVABLE;
  set_pfnblock_flags_mask(k, page, migratetype, k.page_to_pfn(page), k.MIGRATETYPE_MASK);
}

/** Compaction found nothing to take in the block: it looks elsewhere next time. A macro of pageblock-flags.h. */
export const set_pageblock_skip = (k: Kernel, page: Page): void => {
  const skip = 1 << k.PB_migrate_skip;
  set_pfnblock_flags_mask(k, page, skip, k.page_to_pfn(page), skip);
};

// --- the type a page goes back to --------------------------------------------------------------------------------------

/** page->index of a page on a per-CPU list: the type of the list it will be freed to, which is not looked up again then. */
export function get_pcppage_migratetype(k: Kernel, page: Page): Migratetype {
  return k.words[page + k.page.index]!;
}

/** A free page is in no mapping, so that page->index is not needed for its place in one. */
export function set_pcppage_migratetype(k: Kernel, page: Page, migratetype: Migratetype): void {
  k.write_long(page + k.page.index, migratetype);
}
