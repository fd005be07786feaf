/**
 * Pageblocks: for each block of `pageblock_nr_pages` pages four bits, three of type and one for compaction.
 *
 *     bits of a block   3 PB_migrate_skip   2:0 migratetype          eight blocks a 32-bit word, lowest block in bits 3:0
 *
 * FLATMEM keeps them in `zone->pageblock_flags`, counted from the zone's start rounded down to a block: a block that two
 * zones share has an entry in each. SPARSEMEM keeps them in the section's `mem_section_usage`.
 * Source: Linux 6.1 mm/page_alloc.c: get_pfnblock_flags_mask(), set_pfnblock_flags_mask(); include/linux/mmzone.h.
 */
import type { Migratetype, Page, Zone, Pfn } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';
import { page_zone } from '../../include/linux/mm.h.js';
import { pageblock_start_pfn } from '../../include/linux/pageblock-flags.h.js';

/** The word that holds the bits of the block of `pfn`. */
function pageblock_word(k: Kernel, page: Page, pfn: Pfn): Cell {
  if (!k.sparsemem) {
    const zone: Zone = page_zone(k, page);
    return k.read_ptr_plus(zone + k.zone.pageblock_flags, (pageblock_nr(k, page, pfn) >> 3) * 4);
  }
  // Three pointers lead there and none of them ever changes: looked up once for eight blocks.
  const index = pfn >> (k.pageblock_order + 3);
  const known = k.pageblockWords[index]!;
  if (known !== 0) return asCell(known);
  const cell = section_pageblock_word(k, pfn);
  k.pageblockWords[index] = cell;
  return cell;
}

/** The number of the block in its bitmap. */
function pageblock_nr(k: Kernel, page: Page, pfn: Pfn): number {
  if (k.sparsemem) return (pfn & (k.PAGES_PER_SECTION - 1)) >> k.pageblock_order;
  const start = k.read_ulong(page_zone(k, page) + k.zone.zone_start_pfn);
  return (pfn - pageblock_start_pfn(k, start)) >> k.pageblock_order;
}

/** mem_section[root][nr].usage->pageblock_flags[], CONFIG_SPARSEMEM_EXTREME. */
function section_pageblock_word(k: Kernel, pfn: Pfn): Cell {
  const sections_per_root = Math.floor(1024 / k.stride.mem_section);
  const nr = Math.floor(pfn / k.PAGES_PER_SECTION);
  const roots = k.globals.mem_section;
  const root = Math.floor(nr / sections_per_root);
  const root_at = k.read_ptr_plus(roots, root * k.ptr_words * 4);
  const in_root = (nr % sections_per_root) * k.stride.mem_section;
  const section = k.read_ptr_plus(root_at, in_root * 4);
  const bits = k.mem_section_usage.pageblock_flags * 4 + (pageblock_nr(k, asCell(0), pfn) >> 3) * 4;
  return k.read_ptr_plus(section + k.mem_section.usage, bits);
}

/** The bits of `mask` (of the four) for the block of `pfn`. */
export function get_pfnblock_flags_mask(k: Kernel, page: Page, pfn: Pfn, mask: number): number {
  const word = pageblock_word(k, page, pfn);
  const shift = (pageblock_nr(k, page, pfn) & 7) * 4;
  return (k.words[word]! >>> shift) & mask;
}

export function get_pfnblock_migratetype(k: Kernel, page: Page, pfn: Pfn): Migratetype {
  return get_pfnblock_flags_mask(k, page, pfn, k.MIGRATETYPE_MASK);
}

export function get_pageblock_migratetype(k: Kernel, page: Page): Migratetype {
  return get_pfnblock_migratetype(k, page, k.page_to_pfn(page));
}

export function set_pfnblock_flags_mask(
  k: Kernel,
  page: Page,
  flags: number,
  pfn: Pfn,
  mask: number,
): void {
  const word = pageblock_word(k, page, pfn);
  const shift = (pageblock_nr(k, page, pfn) & 7) * 4;
  k.write(word, (k.words[word]! & ~(mask << shift)) | (flags << shift));
}

export function set_pageblock_migratetype(k: Kernel, page: Page, migratetype: Migratetype): void {
  if (k.words[k.globals.page_group_by_mobility_disabled] !== 0 && migratetype < k.MIGRATE_PCPTYPES)
    migratetype = k.MIGRATE_UNMOVABLE;
  set_pfnblock_flags_mask(k, page, migratetype, k.page_to_pfn(page), k.MIGRATETYPE_MASK);
}

/** Compaction found nothing to take in the block: it looks elsewhere next time. */
export function set_pageblock_skip(k: Kernel, page: Page): void {
  const skip = 1 << k.PB_migrate_skip;
  set_pfnblock_flags_mask(k, page, skip, k.page_to_pfn(page), skip);
}
