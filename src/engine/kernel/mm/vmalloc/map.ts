/**
 * Mapping physically contiguous memory in the kernel's tables, in the largest pages that fit. Tables are made as they are missing, and
 * stay.
 *
 * Left out: huge ptes (arch_vmap_pte_range_map_size: x86 has none), p4d leaves (vmap_try_huge_p4d: no processor has them).
 *
 * Source: Linux 6.1 mm/vmalloc.c: vmap_pte_range() to ioremap_page_range().
 */
import {
  type Int,
  NULL,
  type P4d,
  type Pfn,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  asCell,
  asPhys,
  asVirt,
  PAGE_SHIFT,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../memory/address.js';
import {
  pfn_pte,
  pmd_present,
  pud_present,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import { pgprot_nx, type PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import {
  arch_vmap_pmd_supported,
  arch_vmap_pud_supported,
} from '../../arch/x86/include/asm/vmalloc.h.js';
import {
  ARCH_PAGE_TABLE_SYNC_MASK,
  arch_sync_kernel_mappings,
} from '../../arch/x86/mm/fault/fault.js';
import {
  pmd_free_pte_page,
  pmd_set_huge,
  pud_free_pmd_page,
  pud_set_huge,
} from '../../arch/x86/mm/pgtable/huge_vmap.js';
import { IS_ALIGNED } from '../../include/linux/align.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import {
  p4d_addr_end,
  pgd_addr_end,
  pgd_offset_k,
  PGTBL_PMD_MODIFIED,
  PGTBL_PTE_MODIFIED,
  PGTBL_PUD_MODIFIED,
  pmd_addr_end,
  PMD_SIZE,
  pud_addr_end,
  PUD_SIZE,
} from '../../include/linux/pgtable.h.js';
import {
  p4d_alloc_track,
  pmd_alloc_track,
  pte_alloc_kernel_track,
  pud_alloc_track,
} from './track.js';
import { mmap_read_trylock, mmap_read_unlock } from '../../kernel/locking/rwsem/mmap_lock.js';

/**
 * Single pages, at the lowest level. Each level calls the one below for the part that one of its entries covers.
 *
 * @param mask PGTBL_*_MODIFIED: on which levels entries are new, gathered over the whole range
 */
function vmap_pte_range(
  k: Kernel,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  mask: Out<Int>,
): Int {
  let pfn: Pfn = phys_addr / PAGE_SIZE;
  let pte: Pte = pte_alloc_kernel_track(k, pmd, addr, mask);
  if (pte === NULL) return -ENOMEM;
  for (; addr !== end; pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE)) {
    set_pte(k, pte, pfn_pte(k, pfn, prot));
    pfn++;
  }
  mask.value |= PGTBL_PTE_MODIFIED;
  return 0;
}

/** 1: one entry maps it all. 0: it must be mapped in smaller pages, for its size, its place or what is there already. */
function vmap_try_huge_pmd(
  k: Kernel,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
): Int {
  if (max_page_shift < k.PMD_SHIFT) return 0;
  if (!arch_vmap_pmd_supported(k)) return 0;
  // A leaf maps all that its entry covers, from an aligned address to aligned memory.
  if (end - addr !== PMD_SIZE(k)) return 0;
  if (!IS_ALIGNED(addr, PMD_SIZE(k))) return 0;
  if (!IS_ALIGNED(phys_addr, PMD_SIZE(k))) return 0;
  if (!pmd_present(k.read_pte(pmd))) return pmd_set_huge(k, pmd, phys_addr, prot);

  // The table that is there goes. Who walks the kernel's tables holds the lock for writing.
  if (!mmap_read_trylock(k, k.globals.init_mm)) return 0;
  const freed = pmd_free_pte_page(k, pmd, addr) !== 0;
  mmap_read_unlock(k, k.globals.init_mm);
  if (!freed) return 0;
  return pmd_set_huge(k, pmd, phys_addr, prot);
}

/** What lies in one pud's reach: a huge leaf where it can be, else a table of ptes. */
function vmap_pmd_range(
  k: Kernel,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
  mask: Out<Int>,
): Int {
  let next: VirtAddr;
  let pmd: Pmd = pmd_alloc_track(k, k.globals.init_mm, pud, addr, mask);
  if (pmd === NULL) return -ENOMEM;
  for (
    ;
    addr !== end;
    pmd = asCell(pmd + k.pte_words), phys_addr = asPhys(phys_addr + (next - addr)), addr = next
  ) {
    next = pmd_addr_end(k, addr, end);
    // What comes before the first boundary and after the last does not fill an entry: it takes small pages.
    if (vmap_try_huge_pmd(k, pmd, addr, next, phys_addr, prot, max_page_shift) !== 0) {
      mask.value |= PGTBL_PMD_MODIFIED;
      continue;
    }
    if (vmap_pte_range(k, pmd, addr, next, phys_addr, prot, mask) !== 0) return -ENOMEM;
  }
  return 0;
}

/** As vmap_try_huge_pmd() a level higher: 1 GiB, where the processor has such pages. */
function vmap_try_huge_pud(
  k: Kernel,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
): Int {
  if (max_page_shift < k.PUD_SHIFT) return 0;
  if (!arch_vmap_pud_supported(k)) return 0;
  if (end - addr !== PUD_SIZE(k)) return 0;
  if (!IS_ALIGNED(addr, PUD_SIZE(k))) return 0;
  if (!IS_ALIGNED(phys_addr, PUD_SIZE(k))) return 0;
  if (!pud_present(k, k.read_pte(pud))) return pud_set_huge(k, pud, phys_addr, prot);

  // As in vmap_try_huge_pmd().
  if (!mmap_read_trylock(k, k.globals.init_mm)) return 0;
  const freed = pud_free_pmd_page(k, pud, addr) !== 0;
  mmap_read_unlock(k, k.globals.init_mm);
  if (!freed) return 0;
  return pud_set_huge(k, pud, phys_addr, prot);
}

/** What lies in one p4d's reach: a leaf of 1 GiB, else a table of pmds, which may hold huge leaves itself. */
function vmap_pud_range(
  k: Kernel,
  p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
  mask: Out<Int>,
): Int {
  let next: VirtAddr;
  let pud: Pud = pud_alloc_track(k, k.globals.init_mm, p4d, addr, mask);
  if (pud === NULL) return -ENOMEM;
  for (
    ;
    addr !== end;
    pud = asCell(pud + k.pte_words), phys_addr = asPhys(phys_addr + (next - addr)), addr = next
  ) {
    next = pud_addr_end(k, addr, end);
    if (vmap_try_huge_pud(k, pud, addr, next, phys_addr, prot, max_page_shift) !== 0) {
      mask.value |= PGTBL_PUD_MODIFIED;
      continue;
    }
    if (vmap_pmd_range(k, pud, addr, next, phys_addr, prot, max_page_shift, mask) !== 0)
      return -ENOMEM;
  }
  return 0;
}

/** Without a fifth level the p4d is the pgd's entry itself, and the loop turns once. */
function vmap_p4d_range(
  k: Kernel,
  pgd: Pgd,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
  mask: Out<Int>,
): Int {
  let next: VirtAddr;
  let p4d: P4d = p4d_alloc_track(k, k.globals.init_mm, pgd, addr);
  for (
    ;
    addr !== end;
    p4d = asCell(p4d + k.pte_words), phys_addr = asPhys(phys_addr + (next - addr)), addr = next
  ) {
    next = p4d_addr_end(k, addr, end);
    if (vmap_pud_range(k, p4d, addr, next, phys_addr, prot, max_page_shift, mask) !== 0)
      return -ENOMEM;
  }
  return 0;
}

/**
 * Maps `[addr, end)` to the memory from `phys_addr` on, in no larger pages than `max_page_shift` says.
 * -ENOMEM: no memory for a table. What is mapped until then stays mapped.
 */
export function vmap_range_noflush(
  k: Kernel,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
): Int {
  let next: VirtAddr;
  let err: Int = 0;
  const mask: Out<Int> = { value: 0 };
  const start: VirtAddr = addr;
  let pgd: Pgd = pgd_offset_k(k, addr);
  for (
    ;
    addr !== end;
    pgd = asCell(pgd + k.pte_words), phys_addr = asPhys(phys_addr + (next - addr)), addr = next
  ) {
    next = pgd_addr_end(k, addr, end);
    err = vmap_p4d_range(k, pgd, addr, next, phys_addr, prot, max_page_shift, mask);
    if (err !== 0) break;
  }
  // Once for the whole range, and after a failure as well: what was entered until then is new, too.
  if ((mask.value & ARCH_PAGE_TABLE_SYNC_MASK(k)) !== 0) arch_sync_kernel_mappings(k, start);
  return err;
}

/** Of device memory: pages of any size, where the architecture knows how. Left out: flush_cache_vmap, kmsan. */
export function ioremap_page_range(
  k: Kernel,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
): Int {
  // ioremap_max_page_shift: the architecture sets the limit, not the caller. Without huge leaves it is a page.
  const max_page_shift: Int =
    k.CONFIG_HAVE_ARCH_HUGE_VMAP === 1 ? k.ptr_words * 32 - 1 : PAGE_SHIFT;
  // Code is never run from a device's memory.
  return vmap_range_noflush(k, addr, end, phys_addr, pgprot_nx(k, prot), max_page_shift);
}
