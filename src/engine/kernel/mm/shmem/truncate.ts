/**
 * Pages of shared memory that its file gives up: all of them at its end, or those of a hole that is punched.
 *
 * Differs: only whole pages are given up; a hole that begins or ends within a page is as large as the pages that lie in it.
 * Left out: swap entries, large folios, writeback, faults that wait for the end of a punch.
 * Source: Linux 6.1 mm/shmem.c: shmem_undo_range(), shmem_truncate_range(), shmem_fallocate(); mm/truncate.c: truncate_cleanup_folio(),
 * truncate_inode_folio(); mm/filemap.c: filemap_remove_folio(), find_lock_entries(); mm/swap.c: __pagevec_release().
 */
import {
  type AddressSpace,
  type Inode,
  NULL,
  type Page,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { page_mapcount } from '../../include/linux/mm.h.js';
import { page_ref_inc } from '../../include/linux/page_ref.h.js';
import { trylock_page } from '../../include/linux/pagemap.h.js';
import { xa_erase } from '../../lib/xarray/xarray.js';
import { addBlocks, filemapPage, i_size_read, mappingPages } from '../filemap/filemap.js';
import { unmap_mapping_folio, unmap_mapping_pages } from '../memory/unmap_mapping.js';
import { PAGEVEC_SIZE } from '../swap/batches.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { release_pages } from '../swap/release_pages.js';
import { put_page } from '../swap/swap.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { folio_lock, unlock_page } from '../filemap/folio_wait.js';

/** 512-byte blocks in a page. */
const BLOCKS_PER_PAGE = PAGE_SIZE / 512;

/** The page leaves the file, and everybody who maps it. */
function truncate_inode_folio(k: Kernel, mapping: AddressSpace, folio: Page): void {
  // truncate_cleanup_folio():
  if (page_mapcount(k, folio) > 0) unmap_mapping_folio(k, folio);
  clear_bit(k, k.PG_dirty, folio + k.page.flags);
  clear_bit(k, k.PG_mappedtodisk, folio + k.page.flags);
  // filemap_remove_folio():
  __mod_node_page_state(k, k.NR_FILE_PAGES, -1);
  // A page that a module put there is not one of shared memory.
  if (test_bit(k, k.PG_swapbacked, folio + k.page.flags)) __mod_node_page_state(k, k.NR_SHMEM, -1);
  xa_erase(k, mappingPages(k, mapping), k.read_ulong(folio + k.page.index));
  k.write_long(folio + k.page.mapping, 0);
  k.add_long(k.plus(mapping, k.address_space.nrpages), -1);
  put_page(k, folio);
}

/** The pages of [start, end): first those that nobody has locked, then the others; how many there were. */
function shmem_undo_range(k: Kernel, inode: Inode, start: ULong, end: ULong): ULong {
  return undoPass(k, inode, start, end, false) + undoPass(k, inode, start, end, true);
}

/** A batch at a time. `waits`: pages that somebody has locked are waited for, and not passed over. */
function undoPass(k: Kernel, inode: Inode, start: ULong, end: ULong, waits: boolean): ULong {
  const mapping: AddressSpace = k.read_ptr(k.plus(inode, k.inode.i_mapping));
  let nr: ULong = 0;
  for (let index: ULong = start; index < end;) {
    // find_lock_entries():
    const fbatch: Page[] = [];
    for (; index < end && fbatch.length < PAGEVEC_SIZE; index++) {
      const folio: Page = filemapPage(k, mapping, index);
      if (folio === NULL) continue;
      page_ref_inc(k, folio);
      if (waits) folio_lock(k, folio);
      if (waits || trylock_page(k, folio)) fbatch.push(folio);
      else put_page(k, folio);
    }
    for (const folio of fbatch) {
      truncate_inode_folio(k, mapping, folio);
      unlock_page(k, folio);
    }
    nr += fbatch.length;
    if (fbatch.length === 0) continue;
    // folio_batch_release(): pages that wait for their lists are put there first.
    lru_add_drain(k);
    release_pages(k, fbatch, fbatch.length);
  }
  return nr;
}

/** The pages that lie wholly in [lstart, lend] of a file; lend -1: up to its end. */
export function shmem_truncate_range(k: Kernel, inode: Inode, lstart: ULong, lend: ULong): void {
  const start: ULong = Math.ceil(lstart / PAGE_SIZE);
  const size: ULong = Math.ceil(i_size_read(k, inode) / PAGE_SIZE);
  const end: ULong = lend === -1 ? size : Math.min(size, Math.floor((lend + 1) / PAGE_SIZE));
  const nr: ULong = shmem_undo_range(k, inode, start, end);
  if (nr > 0) addBlocks(k, inode, -nr * BLOCKS_PER_PAGE);
}

/** fallocate(FALLOC_FL_PUNCH_HOLE): nobody maps the hole any more, then its pages go. Private copies stay. */
export function shmemPunchHole(k: Kernel, inode: Inode, offset: ULong, len: ULong): void {
  const mapping: AddressSpace = k.read_ptr(k.plus(inode, k.inode.i_mapping));
  const start: ULong = Math.ceil(offset / PAGE_SIZE);
  const end: ULong = Math.floor((offset + len) / PAGE_SIZE);
  if (end > start) unmap_mapping_pages(k, mapping, start, end - start, false);
  shmem_truncate_range(k, inode, offset, offset + len - 1);
}

/** shmem_setattr(): a file ends at another place from here on. Left out: what is left of the last page is not zeroed. */
export function shmemSetSize(k: Kernel, inode: Inode, newsize: ULong): void {
  const mapping: AddressSpace = k.read_ptr(k.plus(inode, k.inode.i_mapping));
  const start: ULong = Math.ceil(newsize / PAGE_SIZE);
  const end: ULong = Math.ceil(i_size_read(k, inode) / PAGE_SIZE);
  // i_size_write():
  k.write(k.plus(inode, k.inode.i_size), newsize | 0);
  k.write(k.plus(inode, k.inode.i_size) + 1, Math.floor(newsize / 2 ** 32));
  if (end <= start) return;
  // Private copies of pages beyond the end go, too.
  unmap_mapping_pages(k, mapping, start, end - start, true);
  const nr: ULong = shmem_undo_range(k, inode, start, end);
  if (nr > 0) addBlocks(k, inode, -nr * BLOCKS_PER_PAGE);
}
