/**
 * kmap_local: short-lived mappings of a task, in fixmap slots, taken and released as a stack.
 *
 * Source: Linux 6.1 mm/highmem.c: __kmap_local_pfn_prot(), kunmap_local_indexed().
 */
import { type Int, NULL, type Page, type Pte, type Pfn } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { current, task_member } from '../../arch/x86/include/asm/current.h.js';
import {
  pfn_pte,
  pte_none,
  ptep_get,
  type PteVal,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import { virt_to_kpte } from '../../arch/x86/mm/pat/set_memory.js';
import { flush_tlb_one_kernel } from '../../arch/x86/mm/tlb.js';
import { PageHighMem } from '../../include/linux/page-flags.h.js';
import { kmap_prot } from './highmem.js';
import { page_address } from './page_address.js';

export const has_highmem = (k: Kernel): boolean => k.profile.constant('CONFIG_HIGHMEM') === 1;

// --- fixmap slots --------------------------------------------------------------------------------------------------------

export const __fix_to_virt = (k: Kernel, idx: Int): VirtAddr =>
  asVirt(k.FIXADDR_TOP - idx * PAGE_SIZE);

export function kmap_local_page(k: Kernel, page: Page): VirtAddr {
  return __kmap_local_page_prot(k, page, kmap_prot(k));
}

export function kmap_atomic(k: Kernel, page: Page): VirtAddr {
  return kmap_atomic_prot(k, page, kmap_prot(k));
}

export function kmap_atomic_prot(k: Kernel, page: Page, prot: PteVal): VirtAddr {
  pagefault_disabled_add(k, 1);
  return __kmap_local_page_prot(k, page, prot);
}

export function kunmap_local(k: Kernel, vaddr: VirtAddr): void {
  kunmap_local_indexed(k, vaddr);
}

export function kunmap_atomic(k: Kernel, vaddr: VirtAddr): void {
  kunmap_local_indexed(k, vaddr);
  pagefault_disabled_add(k, -1);
}

export function __kmap_local_page_prot(k: Kernel, page: Page, prot: PteVal): VirtAddr {
  if (!PageHighMem(k, page)) return page_address(k, page);
  return __kmap_local_pfn_prot(k, k.page_to_pfn(page), prot);
}

export function __kmap_local_pfn_prot(k: Kernel, pfn: Pfn, prot: PteVal): VirtAddr {
  const idx: Int = kmap_local_map_idx(k, kmap_local_idx_push(k));
  const vaddr: VirtAddr = __fix_to_virt(k, k.FIX_KMAP_BEGIN + idx);
  const kmap_pte: Pte = kmap_get_pte(k, idx);
  if (!pte_none(ptep_get(k, kmap_pte)))
    k.emit({ kind: 'bug', text: '__kmap_local_pfn_prot: the slot is taken' });
  const pteval = pfn_pte(k, pfn, prot);
  set_pte(k, kmap_pte, pteval);
  set_pte(k, kmap_ctrl_pteval(k, kmap_local_idx(k)), pteval);
  return vaddr;
}

export function kunmap_local_indexed(k: Kernel, vaddr: VirtAddr): void {
  const addr = asVirt(vaddr - (vaddr & (PAGE_SIZE - 1)));
  if (!has_highmem(k)) return;
  if (addr < __fix_to_virt(k, k.FIX_KMAP_END) || addr > __fix_to_virt(k, k.FIX_KMAP_BEGIN)) return;
  const idx: Int = kmap_local_map_idx(k, kmap_local_idx(k));
  if (addr !== __fix_to_virt(k, k.FIX_KMAP_BEGIN + idx))
    k.emit({ kind: 'warn', text: 'kunmap_local: not the last address that was mapped' });
  set_pte(k, kmap_get_pte(k, idx), 0n);
  flush_tlb_one_kernel(k, addr);
  set_pte(k, kmap_ctrl_pteval(k, kmap_local_idx(k)), 0n);
  kmap_local_idx_pop(k);
}

/** arch_kmap_local_map_idx(): each CPU has KM_MAX_IDX slots. */
const kmap_local_map_idx = (k: Kernel, idx: Int): Int => idx + k.KM_MAX_IDX * k.cpu;

/** The ptes of the slots lie in one table, and go down as the slots go up. */
function kmap_get_pte(k: Kernel, idx: Int): Pte {
  const __kmap_pte = k.globals.__kmap_pte;
  if (k.read_ptr(__kmap_pte) === NULL)
    k.write_ptr(__kmap_pte, virt_to_kpte(k, __fix_to_virt(k, k.FIX_KMAP_BEGIN)));
  return asCell(k.read_ptr(__kmap_pte) - idx * k.pte_words);
}

// --- what the task keeps ---------------------------------------------------------------------------------------------------

const kmap_ctrl_idx = (k: Kernel): Cell => task_member(k, current(k), k.task_struct.kmap_ctrl_idx);

/** &current->kmap_ctrl.pteval[idx]: what a switch to another task takes away, and one back restores. */
const kmap_ctrl_pteval = (k: Kernel, idx: Int): Cell =>
  task_member(k, current(k), k.task_struct.kmap_ctrl_pteval + idx * k.pte_words);

export const kmap_local_idx = (k: Kernel): Int => k.words[kmap_ctrl_idx(k)]! - 1;

function kmap_local_idx_push(k: Kernel): Int {
  k.write(kmap_ctrl_idx(k), k.words[kmap_ctrl_idx(k)]! + 1);
  if (k.words[kmap_ctrl_idx(k)]! >= k.KM_MAX_IDX)
    k.emit({ kind: 'bug', text: 'kmap_local_page: nested too deeply' });
  return kmap_local_idx(k);
}

function kmap_local_idx_pop(k: Kernel): void {
  k.write(kmap_ctrl_idx(k), k.words[kmap_ctrl_idx(k)]! - 1);
}

/** pagefault_disable(), pagefault_enable() */
function pagefault_disabled_add(k: Kernel, val: Int): void {
  const count = task_member(k, current(k), k.task_struct.pagefault_disabled);
  k.write(count, k.words[count]! + val);
}
