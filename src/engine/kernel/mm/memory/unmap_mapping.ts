/**
 * Pages of a file leave all address spaces that map them, when the file gives them up.
 *
 * Left out: the lock of the file's areas.
 * Source: Linux 6.1 mm/memory.c: unmap_mapping_range_vma() to unmap_mapping_range().
 */
import {
  type AddressSpace,
  NULL,
  type Page,
  type ULong,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE } from '../../../memory/address.js';
import { vma_pages, vma_start_pgoff } from '../../include/linux/mm.h.js';
import type { RbRoot } from '../../include/linux/rbtree.h.js';
import { vma_interval_tree_iter_first, vma_interval_tree_iter_next } from '../interval_tree.js';
import { areasOfFile } from '../mmap/link.js';
import { zap_page_range_single, type ZapDetails } from './zap.js';

function unmap_mapping_range_tree(
  k: Kernel,
  root: RbRoot,
  first_index: ULong,
  last_index: ULong,
  details: ZapDetails,
): void {
  for (
    let vma: VmAreaStruct = vma_interval_tree_iter_first(k, root, first_index, last_index);
    vma !== NULL;
    vma = vma_interval_tree_iter_next(k, vma, first_index, last_index)
  ) {
    const vba: ULong = vma_start_pgoff(k, vma);
    const vea: ULong = vba + vma_pages(k, vma) - 1;
    const zba: ULong = Math.max(first_index, vba);
    const zea: ULong = Math.min(last_index, vea);
    const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
    const start = asVirt(vm_start + (zba - vba) * PAGE_SIZE);
    // unmap_mapping_range_vma():
    zap_page_range_single(k, vma, start, (zea - zba + 1) * PAGE_SIZE, details);
  }
}

/** One page, which its mapping still has, and which is locked: private copies stay. */
export function unmap_mapping_folio(k: Kernel, folio: Page): void {
  const mapping: AddressSpace = k.read_ptr(folio + k.page.mapping);
  const index: ULong = k.read_ulong(folio + k.page.index);
  unmap_mapping_range_tree(k, areasOfFile(k, mapping), index, index, { even_cows: false });
}

/** `nr` pages from `start` on. */
export function unmap_mapping_pages(
  k: Kernel,
  mapping: AddressSpace,
  start: ULong,
  nr: ULong,
  even_cows: boolean,
): void {
  unmap_mapping_range_tree(k, areasOfFile(k, mapping), start, start + nr - 1, { even_cows });
}
