/**
 * Transparent huge pages: which areas may have them, what makes a compound page one, and the queue of those that are to be split because a
 * part of them is not mapped any more.
 *
 *     second tail->deferred_list   in pglist_data.deferred_split_queue while the page waits there
 *
 * Left out: queues of control groups, PageSwapCache, the shrinker that splits what waits (nothing reclaims here); huge pages of files.
 * Source: Linux 6.1 mm/huge_memory.c: prep_transhuge_page(), free_transhuge_page(), deferred_split_huge_page();
 * hugepage_vma_check(), maybe_pmd_mkwrite(); include/linux/huge_mm.h: page_deferred_list(); include/linux/mm.h: vma_is_temporary_stack().
 */
import type { ListHead, MmStruct, Page, VmAreaStruct, VmFlags } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { pmd_mkwrite } from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import {
  HPAGE_PMD_SIZE,
  hugepage_flags_always,
  hugepage_flags_enabled,
  transhuge_vma_suitable,
} from '../../include/linux/huge_mm.h.js';
import { INIT_LIST_HEAD, list_add_tail, list_del, list_empty } from '../../include/linux/list.h.js';
import { nth_page, set_compound_page_dtor, vma_is_anonymous } from '../../include/linux/mm.h.js';
import {
  MMF_DISABLE_THP,
  VM_GROWSDOWN,
  VM_HUGEPAGE,
  VM_NO_KHUGEPAGED,
  VM_NOHUGEPAGE,
  VM_RAND_READ,
  VM_SEQ_READ,
  VM_WRITE,
} from '../../include/linux/mm_types.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';

// --- areas ---------------------------------------------------------------------------------------------------------------

/** Of exec: the stack is where it will not stay. */
const vma_is_temporary_stack = (vm_flags: VmFlags): boolean => {
  const VM_STACK_INCOMPLETE_SETUP = VM_RAND_READ | VM_SEQ_READ;
  return (
    (vm_flags & VM_GROWSDOWN) !== 0 &&
    (vm_flags & VM_STACK_INCOMPLETE_SETUP) === VM_STACK_INCOMPLETE_SETUP
  );
};

/**
 * Whether an area may have huge pages. `in_pf`: a fault asks, which looks itself whether one fits there. `enforce_sysfs`: only where they are
 * switched on. Left out: smaps (the view asks by itself), DAX, files.
 */
export function hugepage_vma_check(
  k: Kernel,
  vma: VmAreaStruct,
  vm_flags: VmFlags,
  in_pf: boolean,
  enforce_sysfs: boolean,
): boolean {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  if ((vm_flags & VM_NOHUGEPAGE) !== 0) return false;
  if (test_bit(k, MMF_DISABLE_THP, k.plus(mm, k.mm_struct.flags))) return false;
  if ((vm_flags & VM_NO_KHUGEPAGED) !== 0) return false;
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  if (!in_pf && !transhuge_vma_suitable(k, vma, asVirt(vm_end - HPAGE_PMD_SIZE(k)))) return false;
  if (
    enforce_sysfs &&
    (!hugepage_flags_enabled(k) || ((vm_flags & VM_HUGEPAGE) === 0 && !hugepage_flags_always(k)))
  )
    return false;
  if (!vma_is_anonymous(k, vma)) return false;
  if (vma_is_temporary_stack(vm_flags)) return false;
  // Without pages of its own there is nothing to collapse.
  return in_pf || k.read_va(k.plus(vma, k.vm_area_struct.anon_vma)) !== 0;
}

/** Writable where the area is. */
export function maybe_pmd_mkwrite(k: Kernel, pmd: PteVal, vma: VmAreaStruct): PteVal {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  return (vm_flags & VM_WRITE) !== 0 ? pmd_mkwrite(pmd) : pmd;
}

// --- pages ---------------------------------------------------------------------------------------------------------------

/** In the second tail: the words of mapping and index there are used by no one. */
export const page_deferred_list = (k: Kernel, page: Page): ListHead =>
  nth_page(k, page, 2) + k.page.deferred_list;

export const splitQueueLen = (k: Kernel): number =>
  k.globals.contig_page_data +
  k.pglist_data.deferred_split_queue +
  k.deferred_split.split_queue_len;

export const splitQueue = (k: Kernel): ListHead =>
  k.globals.contig_page_data + k.pglist_data.deferred_split_queue + k.deferred_split.split_queue;

/** What a folio of order > 1 carries besides: the list of huge pages to be split. Its kind of destructor says so. */
export function prep_transhuge_page(k: Kernel, page: Page): void {
  INIT_LIST_HEAD(k, page_deferred_list(k, page));
  set_compound_page_dtor(k, page, k.TRANSHUGE_PAGE_DTOR);
}

/** Of a huge page that is freed: it waits no longer. free_compound_page() is the caller's. */
export const leaveDeferredList = (k: Kernel, page: Page): void => {
  if (list_empty(k, page_deferred_list(k, page))) return;
  k.add_long(splitQueueLen(k), -1);
  list_del(k, page_deferred_list(k, page));
};

/** A part of the page is not mapped any more, and could be freed, were it not for the rest: it waits to be split. */
export function deferred_split_huge_page(k: Kernel, page: Page): void {
  if (!list_empty(k, page_deferred_list(k, page))) return;
  __count_vm_events(k, k.THP_DEFERRED_SPLIT_PAGE, 1);
  list_add_tail(k, page_deferred_list(k, page), splitQueue(k));
  k.add_long(splitQueueLen(k), 1);
}
