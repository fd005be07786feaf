/**
 * Everybody who maps a page, one after the other: the areas that its anon_vma or its file leads to, and of each the entry that maps it.
 *
 *     anonymous   page->mapping ─> anon_vma->rb_root: areas that may have it    of a file   page->mapping ─> i_mmap
 *
 * Left out: the locks of anon_vma, file and entry; KSM; huge entries.
 * Source: Linux 6.1 mm/rmap.c: rmap_walk(), rmap_walk_anon(), rmap_walk_file(); mm/page_vma_mapped.c: page_vma_mapped_walk(), check_pte();
 * mm/internal.h: vma_address(); mm/util.c: folio_anon_vma().
 */
import {
  type AddressSpace,
  type AnonVma,
  type AnonVmaChain,
  type MmStruct,
  NULL,
  type Page,
  type Pte,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { pte_none, pte_pfn, pte_present } from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { PAGE_MAPPING_ANON, PageAnon } from '../../include/linux/page-flags.h.js';
import {
  is_migration_entry,
  pfn_swap_entry_to_page,
  pte_to_swp_entry,
} from '../../include/linux/swapops.h.js';
import {
  anon_vma_interval_tree_iter_first,
  anon_vma_interval_tree_iter_next,
  vma_interval_tree_iter_first,
  vma_interval_tree_iter_next,
} from '../interval_tree.js';
import { follow_pte } from '../memory/follow_pte.js';
import { areasOfFile } from '../mmap/link.js';
import { rootOf } from '../rmap.js';

/** Where an area has the page that lies at `pgoff` of what it maps; 0: it lies outside of the area. */
function vma_address(k: Kernel, pgoff: ULong, vma: VmAreaStruct): VirtAddr {
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const address: ULong = vm_start + (pgoff - vm_pgoff) * PAGE_SIZE;
  return asVirt(address < vm_start || address >= vm_end ? 0 : address);
}

/** NULL: the page is not anonymous. */
export const folio_anon_vma = (k: Kernel, folio: Page): AnonVma =>
  PageAnon(k, folio)
    ? k.cell_at(asVirt(k.read_va(folio + k.page.mapping) - PAGE_MAPPING_ANON))
    : NULL;

/** The entry by which an area maps the page at an address; NULL: it does not. `migration`: the entry that waits for it to be migrated. */
export function page_vma_mapped_walk(
  k: Kernel,
  folio: Page,
  vma: VmAreaStruct,
  address: VirtAddr,
  migration: boolean,
): Pte {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const pte: Pte = follow_pte(k, mm, address);
  if (pte === NULL) return NULL;
  const entry: PteVal = k.read_pte(pte);
  if (pte_none(k, entry)) return NULL;
  // check_pte():
  if (migration) {
    if (pte_present(entry)) return NULL;
    const swp = pte_to_swp_entry(k, entry);
    return is_migration_entry(swp) && pfn_swap_entry_to_page(k, swp) === folio ? pte : NULL;
  }
  return pte_present(entry) && pte_pfn(k, entry) === k.page_to_pfn(folio) ? pte : NULL;
}

/** What is done in each area that may map the page, at its address there: false, and it goes no further. */
export interface RmapWalkControl {
  readonly rmap_one: (
    k: Kernel,
    folio: Page,
    vma: VmAreaStruct,
    address: VirtAddr,
    arg: Page,
  ) => boolean;
  readonly arg: Page;
  /** Whether there is nothing left to do. */
  readonly done?: (k: Kernel, folio: Page) => boolean;
}

function walkOne(k: Kernel, folio: Page, rwc: RmapWalkControl, vma: VmAreaStruct): boolean {
  const address: VirtAddr = vma_address(k, k.read_ulong(folio + k.page.index), vma);
  if (!rwc.rmap_one(k, folio, vma, address, rwc.arg)) return false;
  return rwc.done?.(k, folio) !== true;
}

function rmap_walk_anon(k: Kernel, folio: Page, rwc: RmapWalkControl): void {
  const anon_vma: AnonVma = folio_anon_vma(k, folio);
  if (anon_vma === NULL) return;
  const pgoff: ULong = k.read_ulong(folio + k.page.index);
  const root = rootOf(k, anon_vma);
  for (
    let avc: AnonVmaChain = anon_vma_interval_tree_iter_first(k, root, pgoff, pgoff);
    avc !== NULL;
    avc = anon_vma_interval_tree_iter_next(k, avc, pgoff, pgoff)
  ) {
    const vma: VmAreaStruct = k.read_ptr(avc + k.anon_vma_chain.vma);
    if (!walkOne(k, folio, rwc, vma)) break;
  }
}

function rmap_walk_file(k: Kernel, folio: Page, rwc: RmapWalkControl): void {
  const mapping: AddressSpace = k.read_ptr(folio + k.page.mapping);
  if (mapping === NULL) return;
  const pgoff: ULong = k.read_ulong(folio + k.page.index);
  const root = areasOfFile(k, mapping);
  for (
    let vma: VmAreaStruct = vma_interval_tree_iter_first(k, root, pgoff, pgoff);
    vma !== NULL;
    vma = vma_interval_tree_iter_next(k, vma, pgoff, pgoff)
  )
    if (!walkOne(k, folio, rwc, vma)) break;
}

export function rmap_walk(k: Kernel, folio: Page, rwc: RmapWalkControl): void {
  if (PageAnon(k, folio)) rmap_walk_anon(k, folio, rwc);
  else rmap_walk_file(k, folio, rwc);
}
