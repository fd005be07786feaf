/**
 * ioremap(): device memory in vmalloc space, by its physical address, with the caching that is asked for.
 *
 * Left out: MTRRs and the memory types of PAT (memtype_reserve: nobody else's type of the same memory stands in the way), encrypted
 * memory, mmiotrace, early_ioremap.
 * Differs: the tree of resources is not looked at; memory is what has a page that is not reserved.
 *
 * Source: Linux 6.1 arch/x86/mm/ioremap.c: __ioremap_check_mem() to iounmap().
 */
import { type Int, NULL, type ULong, type VmStruct } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { ule } from '../../../../machine/ulong.js';
import {
  asPfn,
  asPhys,
  asVirt,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../../memory/address.js';
import { ALIGN_DOWN } from '../../../include/linux/align.h.js';
import { PageReserved } from '../../../include/linux/page-flags.h.js';
import { kfree } from '../../../mm/slab_common/kmalloc.js';
import { ioremap_page_range } from '../../../mm/vmalloc/map.js';
import {
  find_vm_area,
  free_vm_area,
  get_vm_area_caller,
  remove_vm_area,
} from '../../../mm/vmalloc/vm_struct.js';
import { pte_set_flags } from '../include/asm/pgtable.h.js';
import {
  _PAGE_CACHE_MODE_UC_MINUS,
  PAGE_KERNEL,
  type PteVal,
} from '../include/asm/pgtable_types.h.js';
import { cachemode2protval } from './init.js';

/** Whether a whole page of the range is ordinary memory. */
function __ioremap_check_ram(k: Kernel, start: PhysAddr, size: ULong): boolean {
  const stop_pfn = Math.floor((start + size) / PAGE_SIZE);
  for (let pfn = Math.ceil(start / PAGE_SIZE); pfn < stop_pfn; pfn++) {
    if (!k.memmap.pfn_valid(asPfn(pfn))) return false;
    if (!PageReserved(k, k.pfn_to_page(pfn))) return true;
  }
  return false;
}

/**
 * The address of `phys_addr`, its place in its page kept; 0: refused, or no room or memory.
 *
 * @param pcm enum page_cache_mode
 */
export function __ioremap_caller(
  k: Kernel,
  phys_addr: PhysAddr,
  size: ULong,
  pcm: Int,
  caller: VirtAddr,
): VirtAddr {
  const last_addr = phys_addr + size - 1;
  if (size === 0 || last_addr < phys_addr) return asVirt(0);
  // phys_addr_valid()
  if (last_addr >= 2 ** k.machine.processor(k.cpu).features.maxPhyAddr) {
    const text = `ioremap: invalid physical address ${phys_addr.toString(16)}`;
    k.emit({ kind: 'printk', level: 4, text });
    return asVirt(0);
  }

  // The kernel maps its own memory cached: a second mapping of another kind would make the processor's caches lie.
  if (__ioremap_check_ram(k, phys_addr, size)) {
    const range = `0x${phys_addr.toString(16)} - 0x${last_addr.toString(16)}`;
    k.emit({ kind: 'warn', text: `ioremap on RAM at ${range}` });
    return asVirt(0);
  }

  // Whole pages are mapped; what is returned has the offset again.
  const offset: ULong = phys_addr % PAGE_SIZE;
  phys_addr = asPhys(phys_addr - offset);
  size = Math.ceil((last_addr + 1) / PAGE_SIZE) * PAGE_SIZE - phys_addr;

  const prot: PteVal = pte_set_flags(PAGE_KERNEL(k), cachemode2protval(pcm));
  const area: VmStruct = get_vm_area_caller(k, size, k.VM_IOREMAP, caller);
  if (area === NULL) return asVirt(0);
  // For /proc/vmallocinfo: where it is mapped, the tables say.
  k.write(area + k.vm_struct.phys_addr, phys_addr);
  if (k.pte_words === 2)
    k.write(area + k.vm_struct.phys_addr + 1, Math.floor(phys_addr / 0x1_0000_0000));
  const vaddr: VirtAddr = k.read_va(area + k.vm_struct.addr);
  if (ioremap_page_range(k, vaddr, asVirt(vaddr + size), phys_addr, prot) !== 0) {
    // err_free_area:
    free_vm_area(k, area);
    return asVirt(0);
  }
  return asVirt(vaddr + offset);
}

/** Not cached, unless an MTRR says that writes may be combined. */
export function ioremap(k: Kernel, phys_addr: PhysAddr, size: ULong, caller: VirtAddr): VirtAddr {
  return __ioremap_caller(k, phys_addr, size, _PAGE_CACHE_MODE_UC_MINUS, caller);
}

/** Left out: memtype_free; what ioremap() gave without a mapping, as the first megabyte. */
export function iounmap(k: Kernel, addr: VirtAddr): void {
  if (ule(addr, k.read_va(k.globals.high_memory))) return;
  addr = asVirt(ALIGN_DOWN(addr, PAGE_SIZE));
  // The vm_struct is looked up before remove_vm_area() cuts it loose, to be freed last.
  const p: VmStruct = find_vm_area(k, addr);
  if (p === NULL) {
    k.emit({ kind: 'printk', level: 3, text: `iounmap: bad address ${k.hex(addr)}` });
    return;
  }
  remove_vm_area(k, addr);
  kfree(k, k.va_of(p));
}
