/**
 * memremap(): memory by its physical address. Of ordinary memory the direct map's address, of anything else a mapping.
 *
 * Left out: encrypted memory.
 * Differs: the tree of resources is not looked at; memory is what has a page that is not reserved (as in ioremap()).
 * Source: Linux 6.1 kernel/iomem.c; include/linux/io.h: MEMREMAP_WB; mm/ioremap.c: is_ioremap_addr(); kernel/resource.c: region_intersects().
 */
import type { Int, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asPfn, asVirt, PAGE_SIZE, type PhysAddr, type VirtAddr } from '../../memory/address.js';
import {
  _PAGE_CACHE_MODE_WB,
  _PAGE_CACHE_MODE_WC,
  _PAGE_CACHE_MODE_WT,
} from '../arch/x86/include/asm/pgtable_types.h.js';
import { __ioremap_caller, iounmap } from '../arch/x86/mm/ioremap.js';
import { WARN_ONCE } from '../include/asm-generic/bug.h.js';
import { PageHighMem, PageReserved } from '../include/linux/page-flags.h.js';
import { is_vmalloc_addr } from '../mm/vmalloc/vm_struct.js';

export const MEMREMAP_WB = 1;
const MEMREMAP_WT = 2;
const MEMREMAP_WC = 4;

const REGION_INTERSECTS = 0;
const REGION_DISJOINT = 1;
const REGION_MIXED = 2;

const isRam = (k: Kernel, pfn: number): boolean =>
  k.memmap.pfn_valid(asPfn(pfn)) && !PageReserved(k, k.pfn_to_page(pfn));

/** How much of a range is ordinary memory. */
function region_intersects(k: Kernel, start: PhysAddr, size: ULong): Int {
  const end = Math.ceil((start + size) / PAGE_SIZE);
  let ram = 0;
  let other = 0;
  for (let pfn = Math.floor(start / PAGE_SIZE); pfn < end && (ram === 0 || other === 0); pfn++)
    if (isRam(k, pfn)) ram++;
    else other++;
  if (ram === 0) return REGION_DISJOINT;
  return other === 0 ? REGION_INTERSECTS : REGION_MIXED;
}

function try_ram_remap(k: Kernel, offset: PhysAddr): VirtAddr {
  const pfn = Math.floor(offset / PAGE_SIZE);
  if (k.memmap.pfn_valid(asPfn(pfn)) && !PageHighMem(k, k.pfn_to_page(pfn)))
    return asVirt(k.linear.pageOffset + offset);
  return asVirt(0);
}

/** 0: refused, or no room or memory. @param flags which kinds of mapping will do, tried in turn */
export function memremap(
  k: Kernel,
  offset: PhysAddr,
  size: ULong,
  flags: ULong,
  caller: VirtAddr,
): VirtAddr {
  const is_ram: Int = region_intersects(k, offset, size);
  let addr = asVirt(0);
  if (flags === 0) return addr;
  const what = `0x${offset.toString(16)} size: 0x${size.toString(16)}`;
  if (WARN_ONCE(k, is_ram === REGION_MIXED, `memremap attempted on mixed range ${what}`))
    return addr;

  if ((flags & MEMREMAP_WB) !== 0) {
    if (is_ram === REGION_INTERSECTS) addr = try_ram_remap(k, offset);
    if (addr === 0) addr = __ioremap_caller(k, offset, size, _PAGE_CACHE_MODE_WB, caller);
  }
  // Memory has one kind of caching: a second mapping must not have another.
  const aliases = addr === 0 && is_ram === REGION_INTERSECTS && flags !== MEMREMAP_WB;
  if (WARN_ONCE(k, aliases, `memremap attempted on ram ${what}`)) return addr;
  if (addr === 0 && (flags & MEMREMAP_WT) !== 0)
    addr = __ioremap_caller(k, offset, size, _PAGE_CACHE_MODE_WT, caller);
  if (addr === 0 && (flags & MEMREMAP_WC) !== 0)
    addr = __ioremap_caller(k, offset, size, _PAGE_CACHE_MODE_WC, caller);
  return addr;
}

/** What the direct map has stays. */
export function memunmap(k: Kernel, addr: VirtAddr): void {
  if (is_vmalloc_addr(k, addr)) iounmap(k, addr);
}
