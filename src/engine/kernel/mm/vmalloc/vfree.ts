/**
 * Giving virtually contiguous memory back, mapping a caller's pages side by side, and finding the page behind an address.
 *
 * Source: Linux 6.1 mm/vmalloc.c: vmalloc_to_page(), __vunmap() to vmap(); mm/util.c: kvfree().
 */
import {
  type Int,
  NULL,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
  type VmStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  asVirt,
  type Cell,
  PAGE_SHIFT,
  PAGE_SIZE,
  type VirtAddr,
} from '../../../memory/address.js';
import { __va } from '../../arch/x86/include/asm/page.h.js';
import {
  p4d_none,
  pgd_none,
  pmd_large,
  pmd_none,
  pmd_page,
  pte_page,
  pte_present,
  pud_large,
  pud_none,
  pud_page,
} from '../../arch/x86/include/asm/pgtable.h.js';
import { pgprot_nx, type PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { slow_virt_to_phys } from '../../arch/x86/mm/pat/set_memory/lookup.js';
import { ALIGN_DOWN, IS_ALIGNED } from '../../include/linux/align.h.js';
import { totalram_pages } from '../../include/linux/mm.h.js';
import {
  p4d_offset,
  pgd_offset_k,
  PMD_SIZE,
  pmd_offset,
  pte_offset_map,
  PUD_SIZE,
  pud_offset,
} from '../../include/linux/pgtable.h.js';
import { linkKvfree } from '../../kernel/rcu/tiny.js';
import { cond_resched } from '../../kernel/sched/core/core.js';
import { __free_pages } from '../page_alloc/api.js';
import { kfree } from '../slab_common/kmalloc.js';
import { vmap_pages_range } from './map_pages.js';
import {
  find_vm_area,
  get_vm_area_caller,
  is_vmalloc_addr,
  remove_vm_area,
  VM_MAP_PUT_PAGES,
} from './vm_struct.js';

/** &area->pages[i]. The array may lie in vmalloc space itself: then the tables say where. */
export const areaPages = (k: Kernel, area: VmStruct, i: Int): Cell => {
  const at: VirtAddr = asVirt(k.read_va(area + k.vm_struct.pages) + i * k.ptr_words * 4);
  if (!is_vmalloc_addr(k, at)) return k.cell_of(at);
  const phys = slow_virt_to_phys(k, at);
  return phys === undefined ? NULL : __va(k, phys);
};

/** The page behind an address of vmalloc space; NULL where nothing is mapped. Left out: entries that are bad. */
export function vmalloc_to_page(k: Kernel, vmalloc_addr: VirtAddr): Page {
  const addr: VirtAddr = vmalloc_addr;
  const pgd: Pgd = pgd_offset_k(k, addr);
  if (pgd_none(k, k.read_pte(pgd))) return NULL;

  const p4d: P4d = p4d_offset(k, pgd, addr);
  if (p4d_none(k, k.read_pte(p4d))) return NULL;

  const pud: Pud = pud_offset(k, p4d, addr);
  if (pud_none(k, k.read_pte(pud))) return NULL;
  // A leaf ends the walk. Its page is the first of many: the address says which one of them is meant.
  if (pud_large(k, k.read_pte(pud)))
    return pageBehind(k, pud_page(k, k.read_pte(pud)), addr, PUD_SIZE(k));

  const pmd: Pmd = pmd_offset(k, pud, addr);
  if (pmd_none(k, k.read_pte(pmd))) return NULL;
  if (pmd_large(k.read_pte(pmd)))
    return pageBehind(k, pmd_page(k, k.read_pte(pmd)), addr, PMD_SIZE(k));

  const ptep: Pte = pte_offset_map(k, pmd, addr);
  const pte: PteVal = k.read_pte(ptep);
  return pte_present(pte) ? pte_page(k, pte) : NULL;
}

/** The page of a leaf's that an address lies in. */
const pageBehind = (k: Kernel, page: Page, addr: VirtAddr, size: ULong): Page =>
  k.pfn_to_page(k.page_to_pfn(page) + Math.floor((addr - ALIGN_DOWN(addr, size)) / PAGE_SIZE));

// --- freeing -----------------------------------------------------------------------------------------------------------------

/**
 * Unmaps an area and frees what describes it.
 *
 * @param deallocate_pages its pages too: those of vmalloc() are the area's own, those of vmap() its caller's
 *
 * Left out: debug_check_no_locks_freed, debug_check_no_obj_freed, kasan, memcg, vm_remove_mappings for
 * VM_FLUSH_RESET_PERMS.
 */
function __vunmap(k: Kernel, addr: VirtAddr, deallocate_pages: boolean): void {
  if (addr === 0) return;
  if (!IS_ALIGNED(addr, PAGE_SIZE)) {
    k.emit({ kind: 'warn', text: `Trying to vfree() bad address (${k.hex(addr)})` });
    return;
  }
  const area: VmStruct = find_vm_area(k, addr);
  if (area === NULL) {
    k.emit({ kind: 'warn', text: `Trying to vfree() nonexistent vm area (${k.hex(addr)})` });
    return;
  }
  // vm_remove_mappings(): first the mappings, then what is mapped.
  remove_vm_area(k, k.read_va(area + k.vm_struct.addr));
  if (deallocate_pages) {
    // nr_pages is what the area got, which is less than its size where an allocation failed halfway.
    for (let i: Int = 0; i < k.words[area + k.vm_struct.nr_pages]!; i++) {
      const page: Page = k.read_ptr(areaPages(k, area, i));
      // Huge pages were split when they were got: each page is freed by itself.
      __free_pages(k, page, 0);
      cond_resched(k);
    }
    // With the flag they came from vmap(), and were never counted as vmalloc()'s.
    if ((k.words[area + k.vm_struct.flags]! & VM_MAP_PUT_PAGES) === 0)
      k.add_long(k.globals.nr_vmalloc_pages, -k.words[area + k.vm_struct.nr_pages]!);
    // The array may be an area itself: then this leads back to __vunmap().
    kvfree(k, k.read_va(area + k.vm_struct.pages));
  }
  // Last: until here pages and nr_pages were read from it.
  kfree(k, k.va_of(area));
}

/** Left out: kmemleak, __vfree_deferred (nobody frees in an interrupt). */
export function vfree(k: Kernel, addr: VirtAddr): void {
  if (addr === 0) return;
  __vunmap(k, addr, true);
}

/** Undoes vmap(): the pages stay with their owner. */
export function vunmap(k: Kernel, addr: VirtAddr): void {
  if (addr !== 0) __vunmap(k, addr, false);
}

/** Frees what came from either kmalloc() or vmalloc(): the address tells. */
export function kvfree(k: Kernel, addr: VirtAddr): void {
  if (is_vmalloc_addr(k, addr)) vfree(k, addr);
  else kfree(k, addr);
}
linkKvfree(kvfree);

// --- vmap --------------------------------------------------------------------------------------------------------------------

/** Maps pages side by side; 0: no room or no memory. Left out: WARN_ON_ONCE of VM_NO_GUARD, VM_MAP_PUT_PAGES. */
export function vmap(
  k: Kernel,
  pages: readonly Page[],
  count: Int,
  flags: ULong,
  prot: PteVal,
  caller: VirtAddr,
): VirtAddr {
  // More pages than the machine has must be a mistake.
  if (count > totalram_pages(k)) return asVirt(0);
  const size: ULong = count * PAGE_SIZE;
  const area: VmStruct = get_vm_area_caller(k, size, flags, caller);
  if (area === NULL) return asVirt(0);

  const addr: VirtAddr = k.read_va(area + k.vm_struct.addr);
  // vunmap() clears what was mapped before it failed, and frees the area.
  if (vmap_pages_range(k, addr, asVirt(addr + size), pgprot_nx(k, prot), pages, PAGE_SHIFT) < 0) {
    vunmap(k, addr);
    return asVirt(0);
  }
  return addr;
}
