/**
 * Memory that processes share: files that live in the page cache alone (tmpfs), and areas without a file, which get one that has no name.
 *
 * Left out: swap, huge pages, limits and numbers of the file system (info->alloced), holes that are being punched, memfd's seals.
 * Source: Linux 6.1 mm/shmem.c: shmem_add_to_page_cache(), shmem_get_folio_gfp(),
 * shmem_read_mapping_page_gfp(), shmem_fault(), shmem_mmap(), shmem_zero_setup(),
 * shmem_write_begin(), shmem_write_end().
 */
import {
  type AddressSpace,
  type File,
  type Gfp,
  type Inode,
  type Int,
  NULL,
  type Page,
  type ULong,
  type VmAreaStruct,
  type VmFault_t,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { __set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { ERR_PTR } from '../../include/linux/err.h.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import { clear_highpage } from '../../include/linux/highmem.h.js';
import { file_inode } from '../../include/linux/mm.h.js';
import type { VmFault } from '../../include/linux/mm_types.h.js';
import { page_ref_inc } from '../../include/linux/page_ref.h.js';
import {
  addBlocks,
  filemap_map_pages,
  filemapPage,
  i_size_read,
  mapping_gfp_mask,
  pageIntoCache,
} from '../filemap/filemap.js';
import { linkVmOperations } from '../memory/vm_ops.js';
import { set_page_dirty } from '../memory/wp.js';
import { alloc_page_vma } from '../page_alloc/api.js';
import { folio_add_lru, folio_mark_accessed } from '../swap/batches.js';
import { put_page } from '../swap/swap.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { fput } from '../../fs/file_table/file_table.js';
import { shmemFileSetup } from './file.js';
import { folio_lock, folio_unlock, unlock_page } from '../filemap/folio_wait.js';

/** enum sgp_type: what a page is wanted for. */
type SgpType = 'SGP_CACHE' | 'SGP_WRITE';

/** 512-byte blocks in a page. */
const BLOCKS_PER_PAGE = PAGE_SIZE / 512;

/** A page becomes the file's. */
function shmem_add_to_page_cache(k: Kernel, folio: Page, mapping: AddressSpace, index: ULong): Int {
  const error: Int = pageIntoCache(k, folio, mapping, index);
  if (error !== 0) return error;
  __mod_node_page_state(k, k.NR_SHMEM, 1);
  return 0;
}

/** The page at an index, locked and with a reference; made where the file has none. An error otherwise. */
export function shmem_get_folio_gfp(
  k: Kernel,
  inode: Inode,
  index: ULong,
  sgp: SgpType,
  gfp: Gfp,
  foliop: Out<Page>,
): Int {
  const mapping: AddressSpace = k.read_ptr(k.plus(inode, k.inode.i_mapping));
  // Behind the end of the file there is nothing to fault in. A write makes the file longer.
  if (sgp !== 'SGP_WRITE' && index * PAGE_SIZE >= i_size_read(k, inode)) return -EINVAL;

  let folio: Page = filemapPage(k, mapping, index);
  if (folio !== NULL) {
    page_ref_inc(k, folio);
    folio_lock(k, folio);
    if (sgp === 'SGP_WRITE') folio_mark_accessed(k, folio);
  } else {
    // shmem_alloc_and_acct_folio():
    folio = alloc_page_vma(k, gfp);
    if (folio === NULL) return -ENOMEM;
    __set_bit(k, k.PG_locked, folio + k.page.flags);
    __set_bit(k, k.PG_swapbacked, folio + k.page.flags);
    if (sgp === 'SGP_WRITE') __set_bit(k, k.PG_referenced, folio + k.page.flags);
    const error: Int = shmem_add_to_page_cache(k, folio, mapping, index);
    if (error !== 0) {
      unlock_page(k, folio);
      put_page(k, folio);
      return error;
    }
    folio_add_lru(k, folio);
    addBlocks(k, inode, BLOCKS_PER_PAGE);
  }
  // clear:
  if (sgp !== 'SGP_WRITE' && !test_bit(k, k.PG_uptodate, folio + k.page.flags)) {
    clear_highpage(k, folio);
    __set_bit(k, k.PG_uptodate, folio + k.page.flags);
  }
  // out:
  foliop.value = folio;
  return 0;
}

/** A page of a file for a module, with a reference; made where there is none. ERR_PTR: -EINVAL behind its end, -ENOMEM. */
export function shmem_read_mapping_page_gfp(
  k: Kernel,
  mapping: AddressSpace,
  index: ULong,
  gfp: Gfp,
): Page {
  const inode: Inode = k.read_ptr(k.plus(mapping, k.address_space.host));
  const folio: Out<Page> = { value: NULL };
  const error: Int = shmem_get_folio_gfp(k, inode, index, 'SGP_CACHE', gfp, folio);
  if (error !== 0) return ERR_PTR(error);
  folio_unlock(k, folio.value);
  return folio.value;
}

function shmem_fault(k: Kernel, vmf: VmFault): VmFault_t {
  const file: File = k.read_ptr(k.plus(vmf.vma, k.vm_area_struct.vm_file));
  const inode: Inode = file_inode(k, file);
  const mapping: AddressSpace = k.read_ptr(k.plus(inode, k.inode.i_mapping));
  const folio: Out<Page> = { value: NULL };
  const gfp: Gfp = mapping_gfp_mask(k, mapping);
  const err: Int = shmem_get_folio_gfp(k, inode, vmf.pgoff, 'SGP_CACHE', gfp, folio);
  // vmf_error():
  if (err !== 0) return err === -ENOMEM ? k.VM_FAULT_OOM : k.VM_FAULT_SIGBUS;
  vmf.page = folio.value;
  return k.VM_FAULT_LOCKED;
}
linkVmOperations('shmem_vm_ops', { fault: shmem_fault, map_pages: filemap_map_pages });

/** file->f_op->mmap: the area gets the file's operations. Differs: files of tmpfs and of ramfs are told apart by their mappings' pages. */
export function fileMmap(k: Kernel, file: File, vma: VmAreaStruct): Int {
  const table: VirtAddr | undefined = k.profile.symbol('shmem_vm_ops')?.address;
  if (table === undefined || file === NULL) return -EINVAL;
  k.write_va(k.plus(vma, k.vm_area_struct.vm_ops), table);
  return 0;
}

/** A shared area without a file gets one without a name, as large as the area. */
export function shmem_zero_setup(k: Kernel, vma: VmAreaStruct): Int {
  const start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const size: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end)) - start;
  const file: File = shmemFileSetup(k, 'dev/zero', size);
  if (file === NULL) return -ENOMEM;
  // That of /dev/zero, or none.
  const before: File = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file));
  if (before !== NULL) fput(k, before);
  k.write_ptr(k.plus(vma, k.vm_area_struct.vm_file), file);
  return fileMmap(k, file, vma);
}

/**
 * write() of one page's bytes or less: the page, written and dirty, and the file as long as that.
 * Left out: the bytes themselves are the caller's to store (`fill`), who knows them.
 */
export function shmemWritePage(
  k: Kernel,
  inode: Inode,
  index: ULong,
  endByte: ULong,
  fill: (page: Page) => void,
): Int {
  const mapping: AddressSpace = k.read_ptr(k.plus(inode, k.inode.i_mapping));
  const gfp: Gfp = mapping_gfp_mask(k, mapping);
  const folio: Out<Page> = { value: NULL };
  const err: Int = shmem_get_folio_gfp(k, inode, index, 'SGP_WRITE', gfp, folio);
  if (err !== 0) return err;
  const page: Page = folio.value;
  fill(page);
  // shmem_write_end():
  if (endByte > i_size_read(k, inode)) {
    k.write(k.plus(inode, k.inode.i_size), endByte | 0);
    k.write(k.plus(inode, k.inode.i_size) + 1, Math.floor(endByte / 2 ** 32));
  }
  __set_bit(k, k.PG_uptodate, page + k.page.flags);
  set_page_dirty(k, page);
  unlock_page(k, page);
  put_page(k, page);
  return 0;
}
