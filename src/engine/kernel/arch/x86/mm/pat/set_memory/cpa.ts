/**
 * Changing the rights and the caching of pages of the kernel where they are mapped, at every address that they have: in the direct
 * map, and on 64 bit in the map of the kernel's image.
 *
 * Left out: other tables than the kernel's (EFI), arrays of addresses, cpa_lock, flushing the caches (nothing here depends on them).
 * Differs: what is mapped in the direct map ends with it (pfn_range_is_mapped()).
 * Source: Linux 6.1 arch/x86/mm/pat/set_memory.c: __cpa_addr(), cpa_flush(), __cpa_process_fault() to change_page_attr_set_clr().
 */
import {
  type Int,
  NULL,
  type Out,
  type Page,
  type Pte,
  type ULong,
} from '../../../../../../machine/ctypes.js';
import { KernelFault } from '../../../../../../machine/events.js';
import type { Kernel } from '../../../../../../machine/kernel.js';
import {
  pteAnd,
  pteAndNot,
  pteEqual,
  pteIsZero,
  pteOr,
} from '../../../../../../machine/pteWords.js';
import { ule, ult } from '../../../../../../machine/ulong.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../../../../memory/address.js';
import { WARN, WARN_ON_ONCE } from '../../../../../include/asm-generic/bug.h.js';
import { ALIGN, ALIGN_DOWN } from '../../../../../include/linux/align.h.js';
import { EFAULT } from '../../../../../include/linux/errno.h.js';
import { PageHighMem } from '../../../../../include/linux/page-flags.h.js';
import { pgd_offset_k, PMD_SIZE } from '../../../../../include/linux/pgtable.h.js';
import { __kmap_flush_unused } from '../../../../../mm/highmem/highmem.js';
import { page_address } from '../../../../../mm/highmem/page_address.js';
import { vm_unmap_aliases } from '../../../../../mm/vmalloc/vmap_block.js';
import { pfn_pte, pte_none, pte_pfn, set_pte } from '../../../include/asm/pgtable.h.js';
import {
  _PAGE_NX,
  _PAGE_PRESENT,
  PG_LEVEL_4K,
  PG_LEVEL_NONE,
  pte_flags,
  type PteVal,
} from '../../../include/asm/pgtable_types.h.js';
import { flush_tlb_all, flush_tlb_one_kernel, TLB_SINGLE_PAGE_FLUSH_CEILING } from '../../tlb.js';
import { lookup_address_in_pgd_attr } from './lookup.js';
import { CPA_PROTECT, static_protections, verify_rwx } from './protections.js';
import {
  CPA_FLUSHTLB,
  CPA_NO_CHECK_ALIAS,
  CPA_PAGES_ARRAY,
  type CpaData,
  pgprot_clear_protnone_bits,
  should_split_large_page,
  split_large_page,
} from './split.js';

function within(addr: VirtAddr, start: VirtAddr, end: VirtAddr): boolean {
  return ule(start, addr) && ult(addr, end);
}

// --- where pages are mapped ------------------------------------------------------------------------------------------------

const directMapEnd = (k: Kernel): VirtAddr =>
  asVirt(k.linear.pageOffset + k.linear.directMapEndFrame * PAGE_SIZE);

/** The map of the image goes on to the end of a large page. */
function __cpa_pfn_in_highmap(k: Kernel, pfn: ULong): boolean {
  const map = k.linear.kernelMap;
  if (map === undefined) return false;
  const end = ALIGN(map.start + (map.endFrame - map.startFrame) * PAGE_SIZE, PMD_SIZE(k));
  return pfn >= map.startFrame && pfn < map.startFrame + (end - map.start) / PAGE_SIZE;
}

/** The address of the page that it has come to; 0: it is in highmem, and not mapped. */
function __cpa_addr(k: Kernel, cpa: CpaData, idx: ULong): VirtAddr {
  if ((cpa.flags & CPA_PAGES_ARRAY) !== 0) {
    const page: Page = cpa.pages[idx]!;
    return PageHighMem(k, page) ? asVirt(0) : page_address(k, page);
  }
  return asVirt(cpa.vaddr + idx * PAGE_SIZE);
}

/** What the TLB has of the range. Left out: the caches. */
function cpa_flush(k: Kernel, cpa: CpaData): void {
  if (cpa.force_flush_all || cpa.numpages > TLB_SINGLE_PAGE_FLUSH_CEILING) {
    flush_tlb_all(k);
    return;
  }
  for (let i: ULong = 0; i < cpa.numpages; i++) flush_tlb_one_kernel(k, __cpa_addr(k, cpa, i));
}

// --- changing --------------------------------------------------------------------------------------------------------------

/** Nothing is mapped there. The direct map has holes, and its end: such pages are passed over. */
function __cpa_process_fault(k: Kernel, cpa: CpaData, vaddr: VirtAddr, primary: boolean): Int {
  if (!primary) {
    cpa.numpages = 1;
    return 0;
  }
  if (within(vaddr, k.linear.pageOffset, directMapEnd(k))) {
    cpa.numpages = 1;
    cpa.pfn = (vaddr - k.linear.pageOffset) / PAGE_SIZE;
    return 0;
  }
  if (__cpa_pfn_in_highmap(k, cpa.pfn)) return -EFAULT;
  WARN(
    k,
    true,
    `CPA: called for zero pte. vaddr = ${k.hex(vaddr)} cpa->vaddr = ${k.hex(cpa.vaddr)}`,
  );
  return -EFAULT;
}

/** One page, or as much as one large page maps: `cpa.numpages` says how much. */
function __change_page_attr(k: Kernel, cpa: CpaData, primary: boolean): Int {
  const address: VirtAddr = __cpa_addr(k, cpa, cpa.curpage);
  repeat: for (;;) {
    const level: Out<Int> = { value: PG_LEVEL_NONE };
    const nx: Out<boolean> = { value: false };
    const rw: Out<boolean> = { value: true };
    const kpte: Pte = lookup_address_in_pgd_attr(
      k,
      pgd_offset_k(k, address),
      address,
      level,
      nx,
      rw,
    );
    if (kpte === NULL) return __cpa_process_fault(k, cpa, address, primary);
    const old_pte: PteVal = k.read_pte(kpte);
    if (pte_none(k, old_pte)) return __cpa_process_fault(k, cpa, address, primary);

    if (level.value === PG_LEVEL_4K) {
      const pfn: ULong = pte_pfn(k, old_pte);
      const old_prot: PteVal = pte_flags(k, old_pte);
      let new_prot: PteVal = pteOr(pteAndNot(old_prot, cpa.mask_clr), cpa.mask_set);
      new_prot = static_protections(k, new_prot, address, pfn, 1, 0, CPA_PROTECT);
      new_prot = verify_rwx(k, old_prot, new_prot, address, pfn, 1, nx.value, rw.value);
      new_prot = pgprot_clear_protnone_bits(new_prot);
      const new_pte: PteVal = pfn_pte(k, pfn, new_prot);
      cpa.pfn = pfn;
      if (!pteEqual(old_pte, new_pte)) {
        set_pte(k, kpte, new_pte);
        cpa.flags |= CPA_FLUSHTLB;
      }
      cpa.numpages = 1;
      return 0;
    }

    const do_split: Int = should_split_large_page(
      k,
      kpte,
      address,
      level.value,
      nx.value,
      rw.value,
      cpa,
    );
    if (do_split <= 0) return do_split;
    const err: Int = split_large_page(k, cpa, kpte, address, level.value);
    if (err !== 0) return err;
    // There are small pages now.
    continue repeat;
  }
}

/** The same change at another address: `alias_cpa = *cpa`. */
const aliasOf = (cpa: CpaData, vaddr: VirtAddr): CpaData => ({
  vaddr,
  pages: cpa.pages,
  mask_set: cpa.mask_set,
  mask_clr: cpa.mask_clr,
  numpages: cpa.numpages,
  curpage: 0,
  pfn: cpa.pfn,
  flags: cpa.flags & ~CPA_PAGES_ARRAY,
  force_split: cpa.force_split,
  force_static_prot: cpa.force_static_prot,
  force_flush_all: cpa.force_flush_all,
});

/** The other addresses of the same frames. */
function cpa_process_alias(k: Kernel, cpa: CpaData): Int {
  if (cpa.pfn >= k.linear.directMapEndFrame) return 0;
  const vaddr: VirtAddr = __cpa_addr(k, cpa, cpa.curpage);
  if (!within(vaddr, k.linear.pageOffset, directMapEnd(k))) {
    cpa.force_flush_all = true;
    const laddr = asVirt(k.linear.pageOffset + cpa.pfn * PAGE_SIZE);
    const ret: Int = __change_page_attr_set_clr(k, aliasOf(cpa, laddr), false);
    if (ret !== 0) return ret;
  }
  const map = k.linear.kernelMap;
  if (map === undefined) return 0;
  const mapEnd = asVirt(map.start + (map.endFrame - map.startFrame) * PAGE_SIZE);
  if (!within(vaddr, map.start, mapEnd) && __cpa_pfn_in_highmap(k, cpa.pfn)) {
    cpa.force_flush_all = true;
    // Where that map ends is not known exactly: what comes of it does not count.
    const at = asVirt(map.start + (cpa.pfn - map.startFrame) * PAGE_SIZE);
    __change_page_attr_set_clr(k, aliasOf(cpa, at), false);
  }
  return 0;
}

function __change_page_attr_set_clr(k: Kernel, cpa: CpaData, checkalias: boolean): Int {
  const numpages: ULong = cpa.numpages;
  let rempages: ULong = numpages;
  let ret: Int = 0;
  while (rempages > 0) {
    // How much is left decides whether a large page is covered.
    cpa.numpages = (cpa.flags & CPA_PAGES_ARRAY) !== 0 ? 1 : rempages;
    ret = __change_page_attr(k, cpa, checkalias);
    if (ret !== 0) break;
    if (checkalias) {
      ret = cpa_process_alias(k, cpa);
      if (ret !== 0) break;
    }
    if (cpa.numpages > rempages || cpa.numpages === 0)
      throw new KernelFault('kernel BUG at arch/x86/mm/pat/set_memory.c!');
    rempages -= cpa.numpages;
    cpa.curpage += cpa.numpages;
  }
  cpa.numpages = numpages;
  return ret;
}

/**
 * 0 or an errno: the bits of `mask_clr` are cleared and those of `mask_set` set in the entries of pages.
 *
 * @param pages with CPA_PAGES_ARRAY, in place of `addr`
 */
export function change_page_attr_set_clr(
  k: Kernel,
  addr: VirtAddr,
  numpages: Int,
  mask_set: PteVal,
  mask_clr: PteVal,
  force_split: boolean,
  in_flag: Int,
  pages: readonly Page[],
): Int {
  // canon_pgprot(): what the processor has no bit for is not set.
  if ((mask_set.low & _PAGE_PRESENT) !== 0) mask_set = pteAnd(mask_set, k.pte_mask);
  if (pteIsZero(mask_set) && pteIsZero(mask_clr) && !force_split) return 0;
  const isUnaligned = (in_flag & CPA_PAGES_ARRAY) === 0 && ALIGN_DOWN(addr, PAGE_SIZE) !== addr;
  if (WARN_ON_ONCE(k, isUnaligned, 'set_memory: the address does not begin a page'))
    addr = asVirt(ALIGN_DOWN(addr, PAGE_SIZE));

  // Mappings that are no longer used would keep the old kind of caching.
  if (k.LAST_PKMAP > 0 && k.read_ptr(k.globals.pkmap_page_table) !== NULL) __kmap_flush_unused(k);
  vm_unmap_aliases(k);

  const cpa: CpaData = {
    vaddr: addr,
    pages,
    mask_set,
    mask_clr,
    numpages,
    curpage: 0,
    pfn: 0,
    flags: in_flag & CPA_PAGES_ARRAY,
    force_split,
    force_static_prot: false,
    force_flush_all: false,
  };
  // Where a page may be run from concerns the address, not the page.
  let checkalias = !pteEqual(pteOr(mask_set, mask_clr), _PAGE_NX);
  if ((in_flag & CPA_NO_CHECK_ALIAS) !== 0) checkalias = false;

  const ret: Int = __change_page_attr_set_clr(k, cpa, checkalias);
  if ((cpa.flags & CPA_FLUSHTLB) === 0) return ret;
  if (ret !== 0) flush_tlb_all(k);
  else cpa_flush(k, cpa);
  return ret;
}
