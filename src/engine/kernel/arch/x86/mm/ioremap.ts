/**
 * ioremap(): device memory in vmalloc space, by its physical address, with the caching that is asked for.
 *
 *     PCD PWT     without PAT there are four memory types, chosen by two bits of an entry
 *      0   0      WB                       ioremap_cache()
 *      0   1      WT                       ioremap_wt()
 *      1   0      UC-                      ioremap(); ioremap_wc(), whose type has no place of its own
 *      1   1      UC                       ioremap_uc()
 *
 * Differs: the tree of resources is not looked at; memory is what has a page that is not reserved. The configurations have neither
 * PAT nor MTRRs, so nobody else's type of the same memory stands in the way.
 *
 * Source: Linux 6.1 arch/x86/mm/ioremap.c; arch/x86/mm/pat/memtype.c: memtype_reserve(); arch/x86/mm/init.c:
 * __cachemode2pte_tbl; mm/vmalloc.c: ioremap_page_range().
 */
import { type Int, NULL, type ULong, type VmStruct } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { ule } from '../../../../machine/ulong.js';
import {
  asPfn,
  asPhys,
  asVirt,
  PAGE_SHIFT,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../../memory/address.js';
import { bitsNamed } from '../../../../x86/formats.js';
import { PageReserved } from '../../../include/linux/page-flags.h.js';
import { kfree } from '../../../mm/slab_common/kmalloc.js';
import { vmap_range_noflush } from '../../../mm/vmalloc/range.js';
import {
  find_vm_area,
  free_vm_area,
  get_vm_area_caller,
  remove_vm_area,
  vm_addr,
} from '../../../mm/vmalloc/vm_struct.js';
import { PAGE_KERNEL, pgprot_nx, type PteVal } from '../include/asm/pgtable.h.js';

/** enum page_cache_mode */
export type PageCacheMode = 'WB' | 'WC' | 'UC_MINUS' | 'UC' | 'WT';

const PCD = bitsNamed('PCD');
const PWT = bitsNamed('PWT');

const cachemode2protval: Readonly<Record<PageCacheMode, PteVal>> = {
  WB: 0n,
  WC: PCD,
  UC_MINUS: PCD,
  UC: PCD | PWT,
  WT: PWT,
};

const BITS_PER_LONG = (k: Kernel): Int => k.ptr_words * 32;

/** ioremap_max_page_shift: of any size, where the architecture knows how. */
const ioremap_max_page_shift = (k: Kernel): Int =>
  k.CONFIG_HAVE_ARCH_HUGE_VMAP === 1 ? BITS_PER_LONG(k) - 1 : PAGE_SHIFT;

/** __ioremap_check_mem(): whether a whole page of the range is ordinary memory. */
function __ioremap_check_ram(k: Kernel, start: PhysAddr, size: ULong): boolean {
  const stop_pfn = Math.floor((start + size) / PAGE_SIZE);
  for (let pfn = Math.ceil(start / PAGE_SIZE); pfn < stop_pfn; pfn++) {
    if (!k.memmap.pfn_valid(asPfn(pfn))) return false;
    if (!PageReserved(k, k.pfn_to_page(pfn))) return true;
  }
  return false;
}

function ioremap_page_range(
  k: Kernel,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
): boolean {
  return vmap_range_noflush(k, addr, end, phys_addr, pgprot_nx(k, prot), ioremap_max_page_shift(k));
}

/** The address of `phys_addr`, its place in its page kept; 0: refused, or no room or memory. */
export function __ioremap_caller(
  k: Kernel,
  phys_addr: PhysAddr,
  size: ULong,
  pcm: PageCacheMode,
  caller: VirtAddr,
): VirtAddr {
  const last_addr = phys_addr + size - 1;
  if (size === 0 || last_addr < phys_addr) return asVirt(0);
  if (last_addr >= 2 ** k.machine.processor(k.cpu).features.maxPhyAddr) {
    const text = `ioremap: invalid physical address ${phys_addr.toString(16)}`;
    k.emit({ kind: 'printk', level: 4, text });
    return asVirt(0);
  }
  if (__ioremap_check_ram(k, phys_addr, size)) {
    const range = `0x${phys_addr.toString(16)} - 0x${last_addr.toString(16)}`;
    k.emit({ kind: 'warn', text: `ioremap on RAM at ${range}` });
    return asVirt(0);
  }
  const offset: ULong = phys_addr % PAGE_SIZE;
  phys_addr = asPhys(phys_addr - offset);
  size = Math.ceil((last_addr + 1) / PAGE_SIZE) * PAGE_SIZE - phys_addr;

  const prot: PteVal = PAGE_KERNEL(k) | cachemode2protval[pcm];
  const area: VmStruct = get_vm_area_caller(k, size, k.VM_IOREMAP, caller);
  if (area === NULL) return asVirt(0);
  k.write(area + k.vm_struct.phys_addr, phys_addr);
  if (k.pte_words === 2)
    k.write(area + k.vm_struct.phys_addr + 1, Math.floor(phys_addr / 0x1_0000_0000));
  const vaddr: VirtAddr = vm_addr(k, area);
  if (!ioremap_page_range(k, vaddr, asVirt(vaddr + size), phys_addr, prot)) {
    free_vm_area(k, area);
    return asVirt(0);
  }
  return asVirt(vaddr + offset);
}

/** Not cached, unless an MTRR says that writes may be combined. */
export function ioremap(k: Kernel, phys_addr: PhysAddr, size: ULong, caller: VirtAddr): VirtAddr {
  return __ioremap_caller(k, phys_addr, size, 'UC_MINUS', caller);
}

export function iounmap(k: Kernel, addr: VirtAddr): void {
  if (ule(addr, k.read_va(k.globals.high_memory))) return;
  const page: VirtAddr = asVirt(Math.floor(addr / PAGE_SIZE) * PAGE_SIZE);
  const p: VmStruct = find_vm_area(k, page);
  if (p === NULL) {
    k.emit({ kind: 'printk', level: 3, text: `iounmap: bad address ${k.hex(page)}` });
    return;
  }
  remove_vm_area(k, page);
  kfree(k, k.va_of(p));
}
