/**
 * In how many pages of each size the direct map is mapped, counted in the kernel's page tables; none where a machine has no tables.
 *
 * Source: Linux 6.1 arch/x86/mm/init.c: init_memory_mapping(); arch/x86/mm/pat/set_memory.c: direct_pages_count.
 */
import {
  p4d_present,
  pgd_none,
  pmd_large,
  pmd_present,
  pte_present,
  pud_large,
  pud_present,
} from '../kernel/arch/x86/include/asm/pgtable.h.js';
import {
  p4d_offset,
  pgd_offset_k,
  PMD_SIZE,
  pmd_offset,
  PUD_SIZE,
  pud_offset,
  pte_offset_kernel,
} from '../kernel/include/linux/pgtable.h.js';
import type { Kernel } from '../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';

interface PageCounts {
  small: number;
  /** Of a PMD. */
  large: number;
  /** Of a PUD. */
  gigantic: number;
}

export function directMapPages(k: Kernel): PageCounts {
  const counts: PageCounts = { small: 0, large: 0, gigantic: 0 };
  if (!k.machine.processor(0).hasTables) return counts;
  const start = k.linear.pageOffset;
  const end = start + k.linear.directMapEndFrame * PAGE_SIZE;
  for (let va: VirtAddr = start; va < end;) va = asVirt(va + countAt(k, va, counts));
  // A split of the kernel image's own mapping is counted as one of the direct map.
  const split = splitOfKernelMap(k);
  return {
    ...counts,
    small: counts.small + (split * PMD_SIZE(k)) / PAGE_SIZE,
    large: counts.large - split,
  };
}

/** How many large pages of the kernel image's mapping have become tables; there is no such mapping on i386. */
function splitOfKernelMap(k: Kernel): number {
  const start = k.profile.symbol('_text')?.address;
  const end = k.profile.symbol('_end')?.address;
  if (!k.wide || start === undefined || end === undefined) return 0;
  let split = 0;
  for (let va = start; va < end; va = asVirt(va + PMD_SIZE(k))) {
    const pmd = pmd_offset(k, pud_offset(k, p4d_offset(k, pgd_offset_k(k, va), va), va), va);
    const value = k.read_pte(pmd);
    if (pmd_present(value) && !pmd_large(value)) split++;
  }
  return split;
}

/** Counts what maps an address; how far the next entry is. */
function countAt(k: Kernel, va: VirtAddr, counts: PageCounts): number {
  const pgd = pgd_offset_k(k, va);
  const p4d = p4d_offset(k, pgd, va);
  if (pgd_none(k, k.read_pte(pgd)) || !p4d_present(k, k.read_pte(p4d))) return PMD_SIZE(k);
  const pud = pud_offset(k, p4d, va);
  const pudval = k.read_pte(pud);
  if (!pud_present(k, pudval)) return PMD_SIZE(k);
  if (pud_large(k, pudval)) {
    counts.gigantic++;
    return PUD_SIZE(k);
  }
  const pmd = pmd_offset(k, pud, va);
  const pmdval = k.read_pte(pmd);
  if (!pmd_present(pmdval)) return PMD_SIZE(k);
  if (pmd_large(pmdval)) {
    counts.large++;
    return PMD_SIZE(k);
  }
  const pte = pte_offset_kernel(k, pmd, va);
  const nr = PMD_SIZE(k) / PAGE_SIZE;
  for (let i = 0; i < nr; i++)
    if (pte_present(k.read_pte(asCell(pte + i * k.pte_words)))) counts.small++;
  return PMD_SIZE(k);
}
