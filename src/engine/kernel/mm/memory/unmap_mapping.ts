/**
 * Pages of a file are taken from all areas that map them: the file is about to end before them.
 *
 * Left out: the file's lock, private copies that may stay (even_cows is 1).
 * Source: Linux 6.1 mm/memory.c: unmap_mapping_range_vma(), unmap_mapping_range_tree(), unmap_mapping_pages().
 */
import { type AddressSpace, NULL, type ULong, type VmAreaStruct } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE } from '../../../memory/address.js';
import { vma_pages } from '../../include/linux/mm.h.js';
import type { RbNode } from '../../include/linux/rbtree.h.js';
import { rb_next } from '../../lib/rbtree.js';
import { zap_page_range_single } from './zap.js';

/** What one area maps of the pages from `first` on. */
function unmap_mapping_range_vma(k: Kernel, vma: VmAreaStruct, first: ULong): void {
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const skip: ULong = Math.max(0, first - vm_pgoff);
  const nr: ULong = vma_pages(k, vma) - skip;
  if (nr > 0) zap_page_range_single(k, vma, asVirt(vm_start + skip * PAGE_SIZE), nr * PAGE_SIZE);
}

/** All pages of a mapping from `first` on, in the order of the tree. */
export function unmap_mapping_pages(k: Kernel, mapping: AddressSpace, first: ULong): void {
  const leftmost = k.plus(mapping, k.address_space.i_mmap + k.rb_root_cached.rb_leftmost);
  for (let node: RbNode = k.read_ptr(leftmost); node !== NULL; node = rb_next(k, node))
    unmap_mapping_range_vma(k, asCell(k.plus(node, -k.vm_area_struct.shared_rb)), first);
}
