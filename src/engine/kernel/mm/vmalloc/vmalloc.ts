/**
 * Virtually contiguous memory of single pages: vmalloc() with pages of its own, vmap() of the caller's.
 *
 *     vm_struct ─> pages[] ─> page, page, ...            addr ─> │ page │ page │ ... │ guard │
 *
 * An area needs: a vm_struct, a vmap_area, the array of pages (by kmalloc(), or if it is larger than a page by vmalloc()), the
 * pages, and tables as they are missing; in this order.
 *
 * Source: Linux 6.1 mm/vmalloc.c: __vunmap() to vmalloc_huge(); mm/util.c: kvfree().
 */
import {
  type Gfp,
  type Int,
  NULL,
  type Order,
  type Page,
  type ULong,
  type VmStruct,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  asVirt,
  type Cell,
  PAGE_SHIFT,
  PAGE_SIZE,
  type VirtAddr,
} from '../../../memory/address.js';
import { PAGE_KERNEL, pgprot_nx, type PteVal } from '../../arch/x86/include/asm/pgtable.h.js';
import { slow_virt_to_phys } from '../../arch/x86/mm/pat/set_memory.js';
import { totalram_pages } from '../../include/linux/mm.h.js';
import { level_shift } from '../../include/linux/pgtable.h.js';
import { GFP_RECLAIM_MASK } from '../internal.h.js';
import { cond_resched } from '../../kernel/sched/core.js';
import {
  __free_pages,
  alloc_pages,
  alloc_pages_bulk_array,
  split_page,
} from '../page_alloc/api.js';
import { warn_alloc } from '../page_alloc/warn_alloc.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { vmap_pages_range } from './range.js';
import {
  __get_vm_area_node,
  find_vm_area,
  free_vm_area,
  get_vm_area_caller,
  get_vm_area_size,
  is_vmalloc_addr,
  remove_vm_area,
  vm_addr,
  VM_ALLOW_HUGE_VMAP,
  vm_caller,
  vm_flags,
  VM_MAP_PUT_PAGES,
  vm_nr_pages,
  vm_pages,
  VM_UNINITIALIZED,
} from './vm_struct.js';

/** Pages asked of the bulk allocator at once. */
const BULK = 100;

// --- the array of pages ----------------------------------------------------------------------------------------------------

/** &pages[i] */
export function page_slot_at(k: Kernel, pages: VirtAddr, i: Int): Cell {
  const at: VirtAddr = asVirt(pages + i * k.ptr_words * 4);
  if (!is_vmalloc_addr(k, at)) return k.cell_of(at);
  const phys = slow_virt_to_phys(k, at);
  return phys === undefined ? NULL : k.memory.cell(phys);
}

function kvfree(k: Kernel, addr: VirtAddr): void {
  if (is_vmalloc_addr(k, addr)) vfree(k, addr);
  else kfree(k, addr);
}

// --- freeing -----------------------------------------------------------------------------------------------------------------

export function vfree(k: Kernel, addr: VirtAddr): void {
  if (addr !== 0) __vunmap(k, addr, true);
}

export function vunmap(k: Kernel, addr: VirtAddr): void {
  if (addr !== 0) __vunmap(k, addr, false);
}

function __vunmap(k: Kernel, addr: VirtAddr, deallocate_pages: boolean): void {
  if ((addr & (PAGE_SIZE - 1)) !== 0) {
    k.emit({ kind: 'warn', text: `Trying to vfree() bad address (${k.hex(addr)})` });
    return;
  }
  const area: VmStruct = find_vm_area(k, addr);
  if (area === NULL) {
    k.emit({ kind: 'warn', text: `Trying to vfree() nonexistent vm area (${k.hex(addr)})` });
    return;
  }
  remove_vm_area(k, vm_addr(k, area));
  if (deallocate_pages) {
    const nr_pages: Int = vm_nr_pages(k, area);
    const pages: VirtAddr = vm_pages(k, area);
    for (let i = 0; i < nr_pages; i++) {
      const page: Page = k.read_ptr(page_slot_at(k, pages, i));
      // Huge pages were split: each is freed by itself.
      __free_pages(k, page, 0);
      cond_resched(k);
    }
    if ((vm_flags(k, area) & VM_MAP_PUT_PAGES) === 0)
      k.add_long(k.globals.nr_vmalloc_pages, -nr_pages);
    if (pages !== 0) kvfree(k, pages);
  }
  kfree(k, k.va_of(area));
}

// --- vmap --------------------------------------------------------------------------------------------------------------------

/** Maps pages side by side; 0: no room or no memory. */
export function vmap(
  k: Kernel,
  pages: readonly Page[],
  count: Int,
  flags: ULong,
  prot: PteVal,
  caller: VirtAddr,
): VirtAddr {
  if (count > totalram_pages(k)) return asVirt(0);
  const size: ULong = count * PAGE_SIZE;
  const area: VmStruct = get_vm_area_caller(k, size, flags, caller);
  if (area === NULL) return asVirt(0);
  const addr: VirtAddr = vm_addr(k, area);
  if (!vmap_pages_range(k, addr, asVirt(addr + size), pgprot_nx(k, prot), pages, PAGE_SHIFT)) {
    vunmap(k, addr);
    return asVirt(0);
  }
  return addr;
}

// --- vmalloc -----------------------------------------------------------------------------------------------------------------

/** As many as there are. */
function vm_area_alloc_pages(k: Kernel, gfp: Gfp, order: Order, nr_pages: Int): Page[] {
  const pages: Page[] = [];
  if (order === 0) {
    const bulk_gfp: Gfp = gfp & ~k.__GFP_NOFAIL;
    while (pages.length < nr_pages) {
      const nr_pages_request: Int = Math.min(BULK, nr_pages - pages.length);
      const got: Page[] = new Array<Page>(nr_pages_request).fill(NULL);
      const nr: Int = alloc_pages_bulk_array(k, bulk_gfp, nr_pages_request, got);
      pages.push(...got.slice(0, nr));
      cond_resched(k);
      if (nr !== nr_pages_request) break;
    }
  }
  while (pages.length < nr_pages) {
    const page: Page = alloc_pages(k, order === 0 ? gfp : gfp & ~k.__GFP_NOFAIL, order);
    if (page === NULL) break;
    if (order > 0) split_page(k, page, order);
    const pfn: Pfn = k.page_to_pfn(page);
    for (let i = 0; i < 1 << order; i++) pages.push(k.pfn_to_page(pfn + i));
    cond_resched(k);
  }
  return pages;
}

function __vmalloc_area_node(
  k: Kernel,
  area: VmStruct,
  gfp_mask: Gfp,
  prot: PteVal,
  page_shift: Int,
): VirtAddr {
  const nested_gfp: Gfp = (gfp_mask & GFP_RECLAIM_MASK(k)) | k.__GFP_ZERO;
  const addr: VirtAddr = vm_addr(k, area);
  const size: ULong = get_vm_area_size(k, area);
  const nr_small_pages: Int = size / PAGE_SIZE;
  const array_size: ULong = nr_small_pages * k.ptr_words * 4;
  gfp_mask |= k.__GFP_NOWARN;
  if ((gfp_mask & (k.__GFP_DMA | k.__GFP_DMA32)) === 0) gfp_mask |= k.__GFP_HIGHMEM;

  const array: VirtAddr =
    array_size > PAGE_SIZE
      ? __vmalloc_node(k, array_size, 1, nested_gfp, vm_caller(k, area))
      : kmalloc(k, array_size, nested_gfp);
  k.write_long(area + k.vm_struct.pages, array);
  if (array === 0) {
    const text = `vmalloc error: size ${size}, failed to allocated page array size ${array_size}`;
    warn_alloc(k, gfp_mask, text);
    free_vm_area(k, area);
    return asVirt(0);
  }

  const page_order: Order = page_shift - PAGE_SHIFT;
  if (k.vm_struct.page_order >= 0) k.write(area + k.vm_struct.page_order, page_order);
  const pages: Page[] = vm_area_alloc_pages(k, gfp_mask, page_order, nr_small_pages);
  pages.forEach((page, i) => k.write_ptr(page_slot_at(k, array, i), page));
  k.write(area + k.vm_struct.nr_pages, pages.length);
  k.add_long(k.globals.nr_vmalloc_pages, pages.length);
  if (pages.length !== nr_small_pages) {
    const text = `vmalloc error: size ${pages.length * PAGE_SIZE}, page order ${page_order}, failed to allocate pages`;
    warn_alloc(k, gfp_mask, text);
    vfree(k, addr);
    return asVirt(0);
  }
  if (!vmap_pages_range(k, addr, asVirt(addr + size), prot, pages, page_shift)) {
    const text = `vmalloc error: size ${pages.length * PAGE_SIZE}, failed to map pages`;
    warn_alloc(k, gfp_mask, text);
    vfree(k, addr);
    return asVirt(0);
  }
  return addr;
}

/** 0: no room or no memory. Huge pages, where they are allowed and possible, are tried first. */
export function __vmalloc_node_range(
  k: Kernel,
  size: ULong,
  align: ULong,
  gfp_mask: Gfp,
  prot: PteVal,
  vm_flags: ULong,
  caller: VirtAddr,
): VirtAddr {
  if (size === 0) {
    k.emit({ kind: 'warn', text: '__vmalloc_node_range: of no size' });
    return asVirt(0);
  }
  if (Math.floor(size / PAGE_SIZE) > totalram_pages(k)) {
    warn_alloc(k, gfp_mask, `vmalloc error: size ${size}, exceeds total pages`);
    return asVirt(0);
  }
  const pmd_shift = level_shift(k, 'PMD');
  const try_huge =
    k.CONFIG_HAVE_ARCH_HUGE_VMALLOC === 1 &&
    (vm_flags & VM_ALLOW_HUGE_VMAP) !== 0 &&
    size >= 2 ** pmd_shift;
  for (const shift of try_huge ? [pmd_shift, PAGE_SHIFT] : [PAGE_SHIFT]) {
    const addr: VirtAddr = vmalloc_attempt(k, size, align, shift, gfp_mask, prot, vm_flags, caller);
    if (addr !== 0) return addr;
  }
  return asVirt(0);
}

/** One go of it, with pages of `2 ** shift` bytes. */
function vmalloc_attempt(
  k: Kernel,
  real_size: ULong,
  real_align: ULong,
  shift: Int,
  gfp_mask: Gfp,
  prot: PteVal,
  vm_flags: ULong,
  caller: VirtAddr,
): VirtAddr {
  const align: ULong = shift > PAGE_SHIFT ? Math.max(real_align, 2 ** shift) : real_align;
  const area: VmStruct = __get_vm_area_node(
    k,
    real_size,
    align,
    shift,
    k.VM_ALLOC | VM_UNINITIALIZED | vm_flags,
    gfp_mask,
    caller,
  );
  if (area === NULL) {
    warn_alloc(k, gfp_mask, `vmalloc error: size ${real_size}, vm_struct allocation failed`);
    return asVirt(0);
  }
  const addr: VirtAddr = __vmalloc_area_node(k, area, gfp_mask, prot, shift);
  // clear_vm_uninitialized_flag()
  if (addr !== 0)
    k.write(area + k.vm_struct.flags, k.words[area + k.vm_struct.flags]! & ~VM_UNINITIALIZED);
  return addr;
}

export function __vmalloc_node(
  k: Kernel,
  size: ULong,
  align: ULong,
  gfp_mask: Gfp,
  caller: VirtAddr,
): VirtAddr {
  return __vmalloc_node_range(k, size, align, gfp_mask, PAGE_KERNEL(k), 0, caller);
}

export function __vmalloc(k: Kernel, size: ULong, gfp_mask: Gfp, caller: VirtAddr): VirtAddr {
  return __vmalloc_node(k, size, 1, gfp_mask, caller);
}

export function vmalloc(k: Kernel, size: ULong, caller: VirtAddr): VirtAddr {
  return __vmalloc_node(k, size, 1, k.GFP_KERNEL, caller);
}

export function vzalloc(k: Kernel, size: ULong, caller: VirtAddr): VirtAddr {
  return __vmalloc_node(k, size, 1, k.GFP_KERNEL | k.__GFP_ZERO, caller);
}

export function vmalloc_huge(k: Kernel, size: ULong, gfp_mask: Gfp, caller: VirtAddr): VirtAddr {
  return __vmalloc_node_range(k, size, 1, gfp_mask, PAGE_KERNEL(k), VM_ALLOW_HUGE_VMAP, caller);
}

/** The page behind an address of vmalloc space, or of any other place that page tables back; NULL where none is. */
export function vmalloc_to_page(k: Kernel, vmalloc_addr: VirtAddr): Page {
  const phys = slow_virt_to_phys(k, vmalloc_addr);
  return phys === undefined ? NULL : k.pfn_to_page(Math.floor(phys / PAGE_SIZE));
}
