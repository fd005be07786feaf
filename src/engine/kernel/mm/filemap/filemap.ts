/**
 * The page cache: the pages of a file, by their index, in the file's mapping.
 *
 *     mapping->i_pages[index] ─> page      page->mapping = mapping, page->index = index, one reference
 *
 * Left out: reading from a disk, read-ahead (every file here lives in its page cache), shadow entries, large folios, the tree's lock.
 * Source: Linux 6.1 mm/filemap.c: filemap_fault(), filemap_map_pages(), next_uptodate_page(), __filemap_add_folio(),
 * __filemap_get_folio();
 * include/linux/pagemap.h: mapping_gfp_mask(); include/linux/fs.h: i_size_read(); mm/internal.h: maybe_unlock_mmap_for_io().
 */
import {
  type AddressSpace,
  type File,
  type Gfp,
  type Inode,
  type Int,
  type MmStruct,
  NULL,
  type Out,
  type Page,
  type ULong,
  type VmFault_t,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { pmd_none, pte_none } from '../../arch/x86/include/asm/pgtable.h.js';
import { file_inode } from '../../include/linux/mm.h.js';
import type { VmFault } from '../../include/linux/mm_types.h.js';
import { page_ref_add, page_ref_inc } from '../../include/linux/page_ref.h.js';
import { folio_trylock, trylock_page } from '../../include/linux/pagemap.h.js';
import { pte_offset_map } from '../../include/linux/pgtable.h.js';
import { xa_load, xa_store, type XArray } from '../../lib/xarray/xarray.js';
import { do_set_pte } from '../memory/file_fault.js';
import { pmd_install } from '../memory/memory.js';
import { linkVmOperations } from '../memory/vm_ops.js';
import { put_page } from '../swap/swap.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { __folio_lock_killable, unlock_page } from './folio_wait.js';
import { mmap_read_unlock } from '../../kernel/locking/rwsem/mmap_lock.js';
import { fput, get_file } from '../../fs/file_table/file_table.js';

export const mappingPages = (k: Kernel, mapping: AddressSpace): XArray =>
  k.plus(mapping, k.address_space.i_pages);

export const mapping_gfp_mask = (k: Kernel, mapping: AddressSpace): Gfp =>
  k.read_int(k.plus(mapping, k.address_space.gfp_mask));

export const i_size_read = (k: Kernel, inode: Inode): ULong => {
  const at = k.plus(inode, k.inode.i_size);
  return k.read_int(at + 1) * 2 ** 32 + (k.read_int(at) >>> 0);
};

/** inode->i_blocks: a u64, of which nothing here needs the upper half. */
export const addBlocks = (k: Kernel, inode: Inode, delta: Int): void => {
  k.write(k.plus(inode, k.inode.i_blocks), k.read_int(k.plus(inode, k.inode.i_blocks)) + delta);
};

/** The page at an index; NULL where the cache has none. Takes no reference. */
export function filemapPage(k: Kernel, mapping: AddressSpace, index: ULong): Page {
  const entry: VirtAddr = xa_load(k, mappingPages(k, mapping), index);
  // The low bit marks a value: swapped out, or a shadow of what was there.
  return entry === 0 || (entry & 1) !== 0 ? NULL : k.cell_at(entry);
}

/**
 * A page becomes the file's, with a reference of the cache: what __filemap_add_folio() and shmem_add_to_page_cache() both do. 0 or -ENOMEM.
 */
export function pageIntoCache(k: Kernel, folio: Page, mapping: AddressSpace, index: ULong): Int {
  page_ref_inc(k, folio);
  k.write_ptr(folio + k.page.mapping, mapping);
  k.write_long(folio + k.page.index, index);
  const error: Int = xa_store(k, mappingPages(k, mapping), index, folio);
  if (error !== 0) {
    // error: page->index stays, as nobody can look it up.
    k.write_long(folio + k.page.mapping, 0);
    page_ref_add(k, folio, -1);
    return error;
  }
  k.add_long(k.plus(mapping, k.address_space.nrpages), 1);
  __mod_node_page_state(k, k.NR_FILE_PAGES, 1);
  return 0;
}

/** The next page that can be mapped as it is, locked and with a reference, from `index` on; NULL: none up to `end`. */
function next_uptodate_page(
  k: Kernel,
  mapping: AddressSpace,
  index: ULong,
  end: ULong,
  max_idx: ULong,
): Page {
  for (let at: ULong = index; at <= end; at++) {
    const page: Page = filemapPage(k, mapping, at);
    if (page === NULL || at >= max_idx) continue;
    if (test_bit(k, k.PG_locked, page + k.page.flags)) continue;
    if (!test_bit(k, k.PG_uptodate, page + k.page.flags)) continue;
    page_ref_inc(k, page);
    trylock_page(k, page);
    return page;
  }
  return NULL;
}

/** Maps what the cache has of [start_pgoff, end_pgoff]. Left out: file->f_ra.mmap_miss, huge pages. */
export function filemap_map_pages(
  k: Kernel,
  vmf: VmFault,
  start_pgoff: ULong,
  end_pgoff: ULong,
): VmFault_t {
  const { vma } = vmf;
  const file: File = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file));
  const mapping: AddressSpace = k.read_ptr(k.plus(file, k.file.f_mapping));
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const max_idx: ULong = Math.ceil(i_size_read(k, file_inode(k, file)) / PAGE_SIZE);
  let ret: VmFault_t = 0;
  let page: Page = next_uptodate_page(k, mapping, start_pgoff, end_pgoff, max_idx);
  if (page === NULL) return ret;

  // filemap_map_pmd():
  if (pmd_none(k, k.read_pte(vmf.pmd))) {
    pmd_install(k, mm, vmf.pmd, vmf.prealloc_pte);
    vmf.prealloc_pte = NULL;
  }
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  do {
    const index: ULong = k.read_ulong(page + k.page.index);
    const addr: VirtAddr = asVirt(vm_start + (index - vm_pgoff) * PAGE_SIZE);
    vmf.pte = pte_offset_map(k, vmf.pmd, addr);
    if (pte_none(k, k.read_pte(vmf.pte))) {
      // The page that the fault was for.
      if (vmf.address === addr) ret = k.VM_FAULT_NOPAGE;
      do_set_pte(k, vmf, page, addr);
      unlock_page(k, page);
    } else {
      // unlock:
      unlock_page(k, page);
      put_page(k, page);
    }
    page = next_uptodate_page(k, mapping, index + 1, end_pgoff, max_idx);
  } while (page !== NULL);
  return ret;
}

/** Whoever may be long gives the lock of the address space back: the file, and with it the page, is kept by a reference. */
function maybe_unlock_mmap_for_io(k: Kernel, vmf: VmFault, fpin: Out<File>): void {
  const mayRetry =
    (vmf.flags & k.FAULT_FLAG_ALLOW_RETRY) !== 0 && (vmf.flags & k.FAULT_FLAG_TRIED) === 0;
  if (!mayRetry) return;
  fpin.value = get_file(k, k.read_ptr(k.plus(vmf.vma, k.vm_area_struct.vm_file)));
  mmap_read_unlock(k, k.read_ptr(k.plus(vmf.vma, k.vm_area_struct.vm_mm)));
}

/** Locks the page: if that takes a while, without the address space. Left out: FAULT_FLAG_RETRY_NOWAIT, signals. */
function lock_folio_maybe_drop_mmap(k: Kernel, vmf: VmFault, folio: Page, fpin: Out<File>): void {
  if (folio_trylock(k, folio)) return;
  maybe_unlock_mmap_for_io(k, vmf, fpin);
  __folio_lock_killable(k, folio);
}

/** The page that a fault asks for, locked and with a reference. Left out: what is not in the cache would have to be read. */
function filemap_fault(k: Kernel, vmf: VmFault): VmFault_t {
  const file: File = k.read_ptr(k.plus(vmf.vma, k.vm_area_struct.vm_file));
  const mapping: AddressSpace = k.read_ptr(k.plus(file, k.file.f_mapping));
  // Behind the end of the file there is nothing.
  const max_idx: ULong = Math.ceil(i_size_read(k, file_inode(k, file)) / PAGE_SIZE);
  if (vmf.pgoff >= max_idx) return k.VM_FAULT_SIGBUS;
  const page: Page = filemapPage(k, mapping, vmf.pgoff);
  if (page === NULL) return k.VM_FAULT_SIGBUS;
  page_ref_inc(k, page);
  const fpin: Out<File> = { value: NULL };
  lock_folio_maybe_drop_mmap(k, vmf, page, fpin);
  if (fpin.value !== NULL) {
    // out_retry: the areas may be others by now.
    unlock_page(k, page);
    put_page(k, page);
    fput(k, fpin.value);
    return k.VM_FAULT_RETRY;
  }
  vmf.page = page;
  return k.VM_FAULT_LOCKED;
}
linkVmOperations('generic_file_vm_ops', { fault: filemap_fault, map_pages: filemap_map_pages });
