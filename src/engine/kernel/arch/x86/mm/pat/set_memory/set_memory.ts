/**
 * set_memory_ro() and its like: what pages of the kernel may be used for, and how they are cached.
 *
 * Left out: memtype_reserve and memtype_free (without PAT they decide nothing), encrypted memory.
 * Source: Linux 6.1 arch/x86/mm/pat/set_memory.c: change_page_attr_set() to set_memory_global(), set_pages_uc() to set_pages_rw().
 */
import type { Int, Page } from '../../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../../machine/kernel.js';
import { NO_PTE, pteAnd, pteIsZero, pteOf } from '../../../../../../machine/pteWords.js';
import { asVirt, type VirtAddr } from '../../../../../../memory/address.js';
import { page_address } from '../../../../../mm/highmem/page_address.js';
import {
  _PAGE_CACHE_MODE_UC_MINUS,
  _PAGE_CACHE_MODE_WC,
  _PAGE_CACHE_MODE_WT,
  _PAGE_GLOBAL,
  _PAGE_NX,
  _PAGE_PCD,
  _PAGE_PRESENT,
  _PAGE_PWT,
  _PAGE_RW,
  PAGE_KERNEL,
  type PteVal,
} from '../../../include/asm/pgtable_types.h.js';
import { cachemode2protval } from '../../init.js';
import { change_page_attr_set_clr } from './cpa.js';
import { CPA_NO_CHECK_ALIAS, CPA_PAGES_ARRAY } from './split.js';

/** Without PAT. */
const _PAGE_CACHE_MASK: PteVal = pteOf(_PAGE_PWT | _PAGE_PCD);

/** Whether the processor has the bit. */
const hasNx = (k: Kernel): boolean => !pteIsZero(pteAnd(PAGE_KERNEL(k), _PAGE_NX));

function change_page_attr_set(k: Kernel, addr: VirtAddr, numpages: Int, mask: PteVal): Int {
  return change_page_attr_set_clr(k, addr, numpages, mask, NO_PTE, false, 0, []);
}

function change_page_attr_clear(k: Kernel, addr: VirtAddr, numpages: Int, mask: PteVal): Int {
  return change_page_attr_set_clr(k, addr, numpages, NO_PTE, mask, false, 0, []);
}

// --- caching ---------------------------------------------------------------------------------------------------------------

export function set_memory_uc(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_set(
    k,
    addr,
    numpages,
    pteOf(cachemode2protval(_PAGE_CACHE_MODE_UC_MINUS)),
  );
}

/** Not cached first: no page goes from one kind of caching to another at once. */
export function set_memory_wc(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  const ret: Int = set_memory_uc(k, addr, numpages);
  if (ret !== 0) return ret;
  const wc: PteVal = pteOf(cachemode2protval(_PAGE_CACHE_MODE_WC));
  return change_page_attr_set_clr(k, addr, numpages, wc, _PAGE_CACHE_MASK, false, 0, []);
}

export function _set_memory_wt(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_set(k, addr, numpages, pteOf(cachemode2protval(_PAGE_CACHE_MODE_WT)));
}

/** Write-back is what no bit stands for. */
export function set_memory_wb(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_clear(k, addr, numpages, _PAGE_CACHE_MASK);
}

// --- rights ----------------------------------------------------------------------------------------------------------------

export function set_memory_x(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return hasNx(k) ? change_page_attr_clear(k, addr, numpages, _PAGE_NX) : 0;
}

export function set_memory_nx(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return hasNx(k) ? change_page_attr_set(k, addr, numpages, _PAGE_NX) : 0;
}

export function set_memory_ro(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_clear(k, addr, numpages, pteOf(_PAGE_RW));
}

export function set_memory_rw(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_set(k, addr, numpages, pteOf(_PAGE_RW));
}

export function set_memory_np(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_clear(k, addr, numpages, pteOf(_PAGE_PRESENT));
}

export function set_memory_np_noalias(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_set_clr(
    k,
    addr,
    numpages,
    NO_PTE,
    pteOf(_PAGE_PRESENT),
    false,
    CPA_NO_CHECK_ALIAS,
    [],
  );
}

/** Small pages, with the rights that they have. */
export function set_memory_4k(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_set_clr(k, addr, numpages, NO_PTE, NO_PTE, true, 0, []);
}

export function set_memory_nonglobal(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_clear(k, addr, numpages, pteOf(_PAGE_GLOBAL));
}

export function set_memory_global(k: Kernel, addr: VirtAddr, numpages: Int): Int {
  return change_page_attr_set(k, addr, numpages, pteOf(_PAGE_GLOBAL));
}

// --- by page ---------------------------------------------------------------------------------------------------------------

export function set_pages_uc(k: Kernel, page: Page, numpages: Int): Int {
  return set_memory_uc(k, page_address(k, page), numpages);
}

export function set_pages_wb(k: Kernel, page: Page, numpages: Int): Int {
  return set_memory_wb(k, page_address(k, page), numpages);
}

export function set_pages_ro(k: Kernel, page: Page, numpages: Int): Int {
  return set_memory_ro(k, page_address(k, page), numpages);
}

export function set_pages_rw(k: Kernel, page: Page, numpages: Int): Int {
  return set_memory_rw(k, page_address(k, page), numpages);
}

/** Of pages that need not lie side by side, one by one: those in highmem have no address to change. */
const setPagesArray = (k: Kernel, pages: readonly Page[], set: PteVal, clear: PteVal): Int =>
  change_page_attr_set_clr(k, asVirt(0), pages.length, set, clear, false, CPA_PAGES_ARRAY, pages);

export function set_pages_array_uc(k: Kernel, pages: readonly Page[]): Int {
  return setPagesArray(k, pages, pteOf(cachemode2protval(_PAGE_CACHE_MODE_UC_MINUS)), NO_PTE);
}

export function set_pages_array_wc(k: Kernel, pages: readonly Page[]): Int {
  const ret: Int = set_pages_array_uc(k, pages);
  if (ret !== 0) return ret;
  return setPagesArray(k, pages, pteOf(cachemode2protval(_PAGE_CACHE_MODE_WC)), _PAGE_CACHE_MASK);
}

export function set_pages_array_wb(k: Kernel, pages: readonly Page[]): Int {
  return setPagesArray(k, pages, NO_PTE, _PAGE_CACHE_MASK);
}
