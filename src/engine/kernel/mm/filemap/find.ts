/**
 * Pages of a file by their index, as a module of the kernel asks for them; and pages that it puts there itself.
 *
 * Differs: an entry of a page that was swapped out, or its shadow, is none. Left out: FGP_ENTRY, FGP_STABLE, FGP_NOFS, idle pages, large
 * folios, memory cgroups.
 * Source: Linux 6.1 mm/filemap.c: __filemap_add_folio(), filemap_add_folio(), __filemap_get_folio(); include/linux/pagemap.h: FGP_*.
 */
import {
  type AddressSpace,
  type Gfp,
  type Int,
  NULL,
  type Page,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { __clear_bit, __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { EEXIST } from '../../include/linux/errno.h.js';
import { page_ref_inc } from '../../include/linux/page_ref.h.js';
import { folio_trylock } from '../../include/linux/pagemap.h.js';
import { alloc_pages } from '../page_alloc/api.js';
import { folio_add_lru, folio_mark_accessed } from '../swap/batches.js';
import { put_page } from '../swap/swap.js';
import { filemapPage, pageIntoCache } from './filemap.js';
import { folio_lock, folio_unlock } from './folio_wait.js';

const FGP_ACCESSED = 0x1;
const FGP_LOCK = 0x2;
const FGP_CREAT = 0x4;
const FGP_NOWAIT = 0x20;
const FGP_FOR_MMAP = 0x40;

/** 0, -EEXIST or -ENOMEM. */
function __filemap_add_folio(k: Kernel, mapping: AddressSpace, folio: Page, index: ULong): Int {
  if (filemapPage(k, mapping, index) !== NULL) return -EEXIST;
  return pageIntoCache(k, folio, mapping, index);
}

/** A new folio, locked from then on, and on its way to an LRU list. 0, -EEXIST or -ENOMEM. */
export function filemap_add_folio(
  k: Kernel,
  mapping: AddressSpace,
  folio: Page,
  index: ULong,
): Int {
  __set_bit(k, k.PG_locked, folio + k.page.flags);
  const ret: Int = __filemap_add_folio(k, mapping, folio, index);
  if (ret !== 0) {
    __clear_bit(k, k.PG_locked, folio + k.page.flags);
    return ret;
  }
  k.took(folio, 'page');
  folio_add_lru(k, folio);
  return 0;
}

/** The folio at an index, with a reference; NULL: there is none, or, with FGP_NOWAIT, somebody has it locked. */
export function __filemap_get_folio(
  k: Kernel,
  mapping: AddressSpace,
  index: ULong,
  fgp_flags: Int,
  gfp: Gfp,
): Page {
  let folio: Page;
  for (;;) {
    folio = filemapPage(k, mapping, index);
    if (folio === NULL) break;
    page_ref_inc(k, folio);
    if ((fgp_flags & FGP_LOCK) === 0) break;

    if ((fgp_flags & FGP_NOWAIT) === 0) folio_lock(k, folio);
    else if (!folio_trylock(k, folio)) {
      put_page(k, folio);
      return NULL;
    }
    // Who had it locked may have taken it out of the file.
    if (k.read_ptr(folio + k.page.mapping) === mapping) break;
    folio_unlock(k, folio);
    put_page(k, folio);
  }
  if (folio !== NULL) {
    if ((fgp_flags & FGP_ACCESSED) !== 0) folio_mark_accessed(k, folio);
    return folio;
  }
  if ((fgp_flags & FGP_CREAT) === 0) return NULL;

  // no_page:
  if ((fgp_flags & FGP_NOWAIT) !== 0) gfp = (gfp & ~k.GFP_KERNEL) | k.GFP_NOWAIT | k.__GFP_NOWARN;
  folio = alloc_pages(k, gfp, 0);
  if (folio === NULL) return NULL;
  if ((fgp_flags & FGP_ACCESSED) !== 0) __set_bit(k, k.PG_referenced, folio + k.page.flags);
  if (filemap_add_folio(k, mapping, folio, index) !== 0) {
    put_page(k, folio);
    return NULL;
  }
  if ((fgp_flags & FGP_FOR_MMAP) !== 0) folio_unlock(k, folio);
  return folio;
}
