/**
 * A fault at a page of a file: the file's operations find or make the page, which is mapped as it is, or copied for an area that is
 * private. Around a page that is read, those that the file has already are mapped as well.
 *
 *     vma->vm_ops   map_pages: what is in the page cache already      fault: the page, locked
 *
 * Left out: huge pages (do_set_pmd), page_mkwrite, VM_FAULT_RETRY, hwpoison, userfaultfd.
 * Source: Linux 6.1 mm/memory.c: __do_fault(), do_set_pte(), finish_fault(), do_fault_around(), do_read_fault() to do_fault().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type ULong,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  mk_pte,
  pmd_none,
  pmd_present,
  pte_mkdirty,
  pte_none,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { pte_alloc_one, pte_free } from '../../arch/x86/mm/pgtable/pgalloc.js';
import { copy_user_highpage } from '../../include/linux/highmem.h.js';
import { vma_pages } from '../../include/linux/mm.h.js';
import { VM_FAULT_ERROR, VM_SHARED, type VmFault } from '../../include/linux/mm_types.h.js';
import { pte_offset_map } from '../../include/linux/pgtable.h.js';
import { alloc_page_vma } from '../page_alloc/api.js';
import { anon_vma_prepare } from '../rmap/anon_vma.js';
import { page_add_file_rmap, page_add_new_anon_rmap } from '../rmap/rmap.js';
import { folio_add_lru_vma } from '../swap/lru_add_drain.js';
import { put_page } from '../swap/swap.js';
import { __pte_alloc, pmd_install } from './memory.js';
import { add_mm_counter_fast, mm_counter_file } from './rss.js';
import { vmOperations, type VmOperations } from './vm_ops.js';
import { fault_dirty_shared_page, maybe_mkwrite } from './wp.js';
import { lock_page, unlock_page } from '../filemap/folio_wait.js';

/** fault_around_bytes: rounddown_pow_of_two(65536) */
const FAULT_AROUND_BYTES = 65536;

/** What ends a fault before there is a page to map. */
const hasEnded = (k: Kernel, ret: VmFault_t): boolean =>
  (ret & (VM_FAULT_ERROR(k) | k.VM_FAULT_NOPAGE | k.VM_FAULT_RETRY)) !== 0;

/** Has the file find the page, and locks it. */
function __do_fault(k: Kernel, vmf: VmFault, ops: VmOperations): VmFault_t {
  // The table first: making it may reclaim, which could wait for the page that is locked below.
  if (pmd_none(k, k.read_pte(vmf.pmd)) && vmf.prealloc_pte === NULL) {
    vmf.prealloc_pte = pte_alloc_one(k);
    if (vmf.prealloc_pte === NULL) return k.VM_FAULT_OOM;
  }
  const ret: VmFault_t = ops.fault(k, vmf);
  if (hasEnded(k, ret) || (ret & k.VM_FAULT_LOCKED) !== 0) return ret;
  // A driver's handler does not lock what it has found. One that found nothing and says it is done faults here, as in Linux.
  lock_page(k, k.deref(vmf.page, k.page.flags));
  return ret | k.VM_FAULT_LOCKED;
}

/** Maps a page at an address, whose entry is `vmf->pte`. */
export function do_set_pte(k: Kernel, vmf: VmFault, page: Page, addr: VirtAddr): void {
  const { vma } = vmf;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const write = (vmf.flags & k.FAULT_FLAG_WRITE) !== 0;
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  let entry: PteVal = mk_pte(k, page, k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot)));
  if (write) entry = maybe_mkwrite(k, pte_mkdirty(entry), vma);
  if (write && (vm_flags & VM_SHARED) === 0) {
    // A copy for this area.
    add_mm_counter_fast(k, mm, k.MM_ANONPAGES, 1);
    page_add_new_anon_rmap(k, page, vma, addr);
    folio_add_lru_vma(k, page, vma);
  } else {
    add_mm_counter_fast(k, mm, mm_counter_file(k, page), 1);
    page_add_file_rmap(k, page, vma);
  }
  set_pte(k, vmf.pte, entry);
}

/** Maps what the fault has found. */
function finish_fault(k: Kernel, vmf: VmFault): VmFault_t {
  const { vma } = vmf;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const isCopy = (vmf.flags & k.FAULT_FLAG_WRITE) !== 0 && (vm_flags & VM_SHARED) === 0;
  const page: Page = isCopy ? vmf.cow_page : vmf.page;
  if (pmd_none(k, k.read_pte(vmf.pmd))) {
    if (vmf.prealloc_pte !== NULL) {
      pmd_install(k, mm, vmf.pmd, vmf.prealloc_pte);
      vmf.prealloc_pte = NULL;
    } else if (__pte_alloc(k, mm, vmf.pmd) !== 0) {
      return k.VM_FAULT_OOM;
    }
  }
  vmf.pte = pte_offset_map(k, vmf.pmd, vmf.address);
  // Somebody else was quicker.
  if (!pte_none(k, k.read_pte(vmf.pte))) return k.VM_FAULT_NOPAGE;
  do_set_pte(k, vmf, page, vmf.address);
  return 0;
}

/** Maps up to 16 pages around the address that the file has already: within the area, and one table. */
function do_fault_around(k: Kernel, vmf: VmFault, ops: VmOperations): VmFault_t {
  const { vma } = vmf;
  const nr_pages: ULong = FAULT_AROUND_BYTES / PAGE_SIZE;
  const perTable: ULong = 2 ** (k.PMD_SHIFT - PAGE_SHIFT);
  const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  const aligned: ULong = vmf.address - (vmf.address % FAULT_AROUND_BYTES);
  const address: VirtAddr = asVirt(Math.max(aligned, vm_start));
  const off: Int = ((vmf.address - address) / PAGE_SIZE) % perTable;
  const start_pgoff: ULong = vmf.pgoff - off;
  const inTable: ULong = Math.floor(address / PAGE_SIZE) % perTable;
  const end_pgoff: ULong = Math.min(
    start_pgoff - inTable + perTable - 1,
    vma_pages(k, vma) + vm_pgoff - 1,
    start_pgoff + nr_pages - 1,
  );
  if (pmd_none(k, k.read_pte(vmf.pmd))) {
    vmf.prealloc_pte = pte_alloc_one(k);
    if (vmf.prealloc_pte === NULL) return k.VM_FAULT_OOM;
  }
  return ops.map_pages?.(k, vmf, start_pgoff, end_pgoff) ?? 0;
}

function do_read_fault(k: Kernel, vmf: VmFault, ops: VmOperations): VmFault_t {
  if (ops.map_pages !== undefined) {
    const around: VmFault_t = do_fault_around(k, vmf, ops);
    if (around !== 0) return around;
  }
  let ret: VmFault_t = __do_fault(k, vmf, ops);
  if (hasEnded(k, ret)) return ret;
  ret |= finish_fault(k, vmf);
  unlock_page(k, vmf.page);
  if (hasEnded(k, ret)) put_page(k, vmf.page);
  return ret;
}

/** A write to a page of a file that the area does not share: a copy, that nobody else has. */
function do_cow_fault(k: Kernel, vmf: VmFault, ops: VmOperations): VmFault_t {
  const { vma } = vmf;
  if (anon_vma_prepare(k, vma) !== 0) return k.VM_FAULT_OOM;
  vmf.cow_page = alloc_page_vma(k, k.GFP_HIGHUSER_MOVABLE);
  if (vmf.cow_page === NULL) return k.VM_FAULT_OOM;
  let ret: VmFault_t = __do_fault(k, vmf, ops);
  uncharge_out: {
    if (hasEnded(k, ret)) break uncharge_out;
    copy_user_highpage(k, vmf.cow_page, vmf.page);
    __set_bit(k, k.PG_uptodate, vmf.cow_page + k.page.flags);
    ret |= finish_fault(k, vmf);
    unlock_page(k, vmf.page);
    put_page(k, vmf.page);
    if (hasEnded(k, ret)) break uncharge_out;
    return ret;
  }
  // uncharge_out:
  put_page(k, vmf.cow_page);
  return ret;
}

/** A write that the file is to see. */
function do_shared_fault(k: Kernel, vmf: VmFault, ops: VmOperations): VmFault_t {
  let ret: VmFault_t = __do_fault(k, vmf, ops);
  if (hasEnded(k, ret)) return ret;
  ret |= finish_fault(k, vmf);
  if (hasEnded(k, ret)) {
    unlock_page(k, vmf.page);
    put_page(k, vmf.page);
    return ret;
  }
  return ret | fault_dirty_shared_page(k, vmf);
}

export function do_fault(k: Kernel, vmf: VmFault): VmFault_t {
  const vma: VmAreaStruct = vmf.vma;
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  const ops: VmOperations | undefined = vmOperations(k, vma);
  let ret: VmFault_t;
  // An area that was not filled when it was mapped, and has nothing to fill it with.
  if (ops === undefined)
    ret =
      pmd_present(k.read_pte(vmf.pmd)) &&
      !pte_none(k, k.read_pte(pte_offset_map(k, vmf.pmd, vmf.address)))
        ? k.VM_FAULT_NOPAGE
        : k.VM_FAULT_SIGBUS;
  else if ((vmf.flags & k.FAULT_FLAG_WRITE) === 0) ret = do_read_fault(k, vmf, ops);
  else if ((vm_flags & VM_SHARED) === 0) ret = do_cow_fault(k, vmf, ops);
  else ret = do_shared_fault(k, vmf, ops);
  // A table that was not needed after all.
  if (vmf.prealloc_pte !== NULL) {
    pte_free(k, vmf.prealloc_pte);
    vmf.prealloc_pte = NULL;
  }
  return ret;
}
