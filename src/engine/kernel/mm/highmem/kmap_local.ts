/**
 * kmap_local: short-lived mappings of a task, in fixmap slots of its CPU, taken and released as a stack. The task keeps what it has
 * mapped: a switch to another one takes the mappings away, and one back restores them.
 *
 *     current->kmap_ctrl    idx     how many are mapped            pteval[]    their entries
 *
 * Left out: preempt_disable, migrate_disable; KM_INCR's guard slots (CONFIG_DEBUG_KMAP_LOCAL); arch_kmap_local_high_get (none on x86).
 *
 * Source: Linux 6.1 mm/highmem.c: kmap_local_idx_push() to kunmap_local_indexed(); include/linux/highmem-internal.h: kmap_local_page()
 * to kunmap_atomic(); include/linux/uaccess.h: pagefault_disable(); include/asm-generic/fixmap.h: __fix_to_virt.
 */
import { type Int, NULL, type Page, type Pfn, type Pte } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import {
  pfn_pte,
  pte_clear,
  pte_none,
  pte_page,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import { PAGE_KERNEL, type PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_one_kernel } from '../../arch/x86/mm/tlb.js';
import { ALIGN_DOWN } from '../../include/linux/align.h.js';
import { PageHighMem } from '../../include/linux/page-flags.h.js';
import { virt_to_kpte } from '../../include/linux/pgtable.h.js';
import { PKMAP_ADDR, PKMAP_NR } from './highmem.js';
import { page_address } from './page_address.js';

export const __fix_to_virt = (k: Kernel, x: Int): VirtAddr => asVirt(k.FIXADDR_TOP - x * PAGE_SIZE);

// --- the task's stack of mappings ----------------------------------------------------------------------------------------

/** Takes the next index of the task's stack. */
function kmap_local_idx_push(k: Kernel): Int {
  const idx = k.plus(current(k), k.task_struct.kmap_ctrl_idx);
  k.write(idx, k.words[idx]! + 1);
  if (k.words[idx]! >= k.KM_MAX_IDX)
    k.emit({ kind: 'bug', text: 'kmap_local_page: nested too deeply' });
  return k.words[idx]! - 1;
}

export function kmap_local_idx(k: Kernel): Int {
  return k.read_int(k.plus(current(k), k.task_struct.kmap_ctrl_idx)) - 1;
}

function kmap_local_idx_pop(k: Kernel): void {
  const idx = k.plus(current(k), k.task_struct.kmap_ctrl_idx);
  k.write(idx, k.words[idx]! - 1);
}

/** Each CPU has KM_MAX_IDX slots. */
const arch_kmap_local_map_idx = (k: Kernel, idx: Int): Int => idx + k.KM_MAX_IDX * k.cpu;

/** The ptes of the slots lie in one table, and go down as the slots go up. */
function kmap_get_pte(k: Kernel, idx: Int): Pte {
  // Looked up once: the fixmap's table is there from boot and stays.
  if (k.read_ptr(k.globals.__kmap_pte) === NULL)
    k.write_ptr(k.globals.__kmap_pte, virt_to_kpte(k, __fix_to_virt(k, k.FIX_KMAP_BEGIN)));
  return asCell(k.read_ptr(k.globals.__kmap_pte) - idx * k.pte_words);
}

/** Maps a frame in the CPU's next slot. It cannot fail: the slots are there, and nesting has a limit. */
export function __kmap_local_pfn_prot(k: Kernel, pfn: Pfn, prot: PteVal): VirtAddr {
  const idx: Int = arch_kmap_local_map_idx(k, kmap_local_idx_push(k));
  const vaddr: VirtAddr = __fix_to_virt(k, k.FIX_KMAP_BEGIN + idx);
  const kmap_pte: Pte = kmap_get_pte(k, idx);
  if (!pte_none(k, k.read_pte(kmap_pte)))
    k.emit({ kind: 'bug', text: '__kmap_local_pfn_prot: the slot is taken' });
  const pteval: PteVal = pfn_pte(k, pfn, prot);
  set_pte(k, kmap_pte, pteval);
  // For the switch back to this task.
  set_pte(
    k,
    k.plus(current(k), k.task_struct.kmap_ctrl_pteval + kmap_local_idx(k) * k.pte_words),
    pteval,
  );
  return vaddr;
}

/** Only a highmem page takes a slot. */
export function __kmap_local_page_prot(k: Kernel, page: Page, prot: PteVal): VirtAddr {
  if (!PageHighMem(k, page)) return page_address(k, page);
  return __kmap_local_pfn_prot(k, k.page_to_pfn(page), prot);
}

export function kunmap_local_indexed(k: Kernel, vaddr: VirtAddr): void {
  const addr: VirtAddr = asVirt(ALIGN_DOWN(vaddr, PAGE_SIZE));
  // A build without highmem has no slots.
  if (k.FIX_KMAP_BEGIN < 0) return;
  // Another address is the page's own: it was never mapped.
  if (addr < __fix_to_virt(k, k.FIX_KMAP_END) || addr > __fix_to_virt(k, k.FIX_KMAP_BEGIN)) return;

  const idx: Int = arch_kmap_local_map_idx(k, kmap_local_idx(k));
  if (addr !== __fix_to_virt(k, k.FIX_KMAP_BEGIN + idx))
    k.emit({ kind: 'warn', text: 'kunmap_local: not the last address that was mapped' });
  const kmap_pte: Pte = kmap_get_pte(k, idx);
  pte_clear(k, kmap_pte);
  // This CPU alone: nobody else has used the slot.
  flush_tlb_one_kernel(k, addr);
  pte_clear(
    k,
    k.plus(current(k), k.task_struct.kmap_ctrl_pteval + kmap_local_idx(k) * k.pte_words),
  );
  // Last: until here the index said which entries are meant.
  kmap_local_idx_pop(k);
}

// --- what callers use ----------------------------------------------------------------------------------------------------

export function kmap_local_page(k: Kernel, page: Page): VirtAddr {
  return __kmap_local_page_prot(k, page, PAGE_KERNEL(k));
}

export const kunmap_local = (k: Kernel, vaddr: VirtAddr): void => kunmap_local_indexed(k, vaddr);

/** For a frame that need not have a struct page, and may have an address of its own. */
export function kmap_local_pfn(k: Kernel, pfn: Pfn): VirtAddr {
  // A build without slots has every frame in its direct map.
  if (k.FIX_KMAP_BEGIN < 0) return page_address(k, k.pfn_to_page(pfn));
  return __kmap_local_pfn_prot(k, pfn, PAGE_KERNEL(k));
}

/** The page that is mapped at an address: of kmap(), of kmap_local_page(), or by its place in the direct map. */
export function __kmap_to_page(k: Kernel, vaddr: VirtAddr): Page {
  if (k.LAST_PKMAP > 0 && vaddr >= PKMAP_ADDR(k, 0) && vaddr < PKMAP_ADDR(k, k.LAST_PKMAP))
    return pte_page(
      k,
      k.read_pte(k.read_ptr(k.globals.pkmap_page_table) + PKMAP_NR(k, vaddr) * k.pte_words),
    );
  const base: VirtAddr = asVirt(ALIGN_DOWN(vaddr, PAGE_SIZE));
  if (k.FIX_KMAP_BEGIN >= 0)
    for (let i: Int = 0; i <= kmap_local_idx(k); i++)
      if (__fix_to_virt(k, k.FIX_KMAP_BEGIN + arch_kmap_local_map_idx(k, i)) === base)
        return pte_page(
          k,
          k.read_pte(k.plus(current(k), k.task_struct.kmap_ctrl_pteval + i * k.pte_words)),
        );
  return virt_to_page(k, vaddr);
}

/** From here on a fault is not served by sleeping: the access fails instead. */
function pagefault_disable(k: Kernel): void {
  const count = k.plus(current(k), k.task_struct.pagefault_disabled);
  k.write(count, k.words[count]! + 1);
}

function pagefault_enable(k: Kernel): void {
  const count = k.plus(current(k), k.task_struct.pagefault_disabled);
  k.write(count, k.words[count]! - 1);
}

/** As kmap_local, with page faults off until kunmap_atomic(). */
export function kmap_atomic_prot(k: Kernel, page: Page, prot: PteVal): VirtAddr {
  pagefault_disable(k);
  return __kmap_local_page_prot(k, page, prot);
}

export function kmap_atomic(k: Kernel, page: Page): VirtAddr {
  return kmap_atomic_prot(k, page, PAGE_KERNEL(k));
}

export const kunmap_atomic = (k: Kernel, vaddr: VirtAddr): void => {
  kunmap_local_indexed(k, vaddr);
  pagefault_enable(k);
};
