/**
 * Virtually contiguous memory of single pages: vmalloc() with pages of its own.
 *
 *     vm_struct ─> pages[] ─> page, page, ...            addr ─> │ page │ page │ ... │ guard │
 *
 * An area needs: a vm_struct, a vmap_area, the array of pages (by kmalloc(), or if it is larger than a page by vmalloc()), the
 * pages, and tables as they are missing; in this order.
 *
 * Source: Linux 6.1 mm/vmalloc.c: vm_area_alloc_pages() to vmalloc_huge().
 */
import {
  type Gfp,
  type Int,
  NULL,
  type Order,
  type Page,
  type UInt,
  type ULong,
  type VmStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { VMALLOC_END, VMALLOC_START } from '../../arch/x86/include/asm/pgtable_areas.h.js';
import { PAGE_KERNEL, type PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { arch_vmap_pmd_supported } from '../../arch/x86/include/asm/vmalloc.h.js';
import { totalram_pages } from '../../include/linux/mm.h.js';
import { PMD_SIZE } from '../../include/linux/pgtable.h.js';
import {
  memalloc_nofs_restore,
  memalloc_nofs_save,
  memalloc_noio_restore,
  memalloc_noio_save,
} from '../../include/linux/sched/mm.h.js';
import { GFP_RECLAIM_MASK } from '../internal.h.js';
import { cond_resched } from '../../kernel/sched/core/core.js';
import { alloc_pages, alloc_pages_bulk_array, split_page } from '../page_alloc/api.js';
import { warn_alloc } from '../page_alloc/warn_alloc.js';
import { kmalloc } from '../slab_common/kmalloc.js';
import { vmap_pages_range } from './map_pages.js';
import { areaPages, vfree } from './vfree.js';
import {
  __get_vm_area_node,
  clear_vm_uninitialized_flag,
  free_vm_area,
  get_vm_area_size,
  VM_ALLOW_HUGE_VMAP,
  VM_UNINITIALIZED,
} from './vm_struct.js';

/**
 * Fills `pages` as far as there is memory: how many it got.
 *
 * Left out: mempolicy, alloc_pages_node (one node), fatal_signal_pending.
 */
function vm_area_alloc_pages(k: Kernel, gfp: Gfp, order: Order, nr_pages: Int, pages: Page[]): Int {
  let nr_allocated: Int = 0;
  let alloc_gfp: Gfp = gfp;
  if (order === 0) {
    // The bulk allocator never tries hard: what it leaves is asked for singly below.
    const bulk_gfp: Gfp = gfp & ~k.__GFP_NOFAIL;
    while (nr_allocated < nr_pages) {
      // Interrupts are off while it works: not for too long.
      const nr_pages_request: Int = Math.min(100, nr_pages - nr_allocated);
      const got: Page[] = new Array<Page>(nr_pages_request).fill(NULL);
      const nr: Int = alloc_pages_bulk_array(k, bulk_gfp, nr_pages_request, got);
      for (let i = 0; i < nr; i++) pages[nr_allocated + i] = got[i]!;
      nr_allocated += nr;
      cond_resched(k);
      // It stopped early, and would again: the rest is asked for singly.
      if (nr !== nr_pages_request) break;
    }
  } else if ((gfp & k.__GFP_NOFAIL) !== 0) {
    // A large page that must not fail may cost the whole machine; single pages do as well.
    alloc_gfp &= ~k.__GFP_NOFAIL;
  }

  while (nr_allocated < nr_pages) {
    const page: Page = alloc_pages(k, alloc_gfp, order);
    // What there is so far is the answer: the caller sees that it is too little.
    if (page === NULL) break;
    // Whoever finds them by vmalloc_to_page() may count references to each.
    if (order !== 0) split_page(k, page, order);
    for (let i = 0; i < 1 << order; i++)
      pages[nr_allocated + i] = k.pfn_to_page(k.page_to_pfn(page) + i);
    cond_resched(k);
    nr_allocated += 1 << order;
  }
  return nr_allocated;
}

/**
 * Gets an area its pages and maps them. 0: not all of them were to be had; the area is freed then.
 *
 * Left out: memcg, the retry of vmap_pages_range for __GFP_NOFAIL: what it waits for, another thread's free, never comes.
 * Differs: `area->pages` is filled when all pages are there.
 */
function __vmalloc_area_node(
  k: Kernel,
  area: VmStruct,
  gfp_mask: Gfp,
  prot: PteVal,
  page_shift: Int,
): VirtAddr {
  // For the array: it may reclaim as its owner may, but need not lie in the owner's zone.
  const nested_gfp: Gfp = (gfp_mask & GFP_RECLAIM_MASK(k)) | k.__GFP_ZERO;
  const addr: VirtAddr = k.read_va(area + k.vm_struct.addr);
  const size: ULong = get_vm_area_size(k, area);
  const nr_small_pages: Int = size / PAGE_SIZE;
  const array_size: ULong = nr_small_pages * k.ptr_words * 4;
  // It says itself what failed, and how large it was.
  gfp_mask |= k.__GFP_NOWARN;
  // Pages that are reached through their mapping need no address of their own.
  if ((gfp_mask & (k.__GFP_DMA | k.__GFP_DMA32)) === 0) gfp_mask |= k.__GFP_HIGHMEM;

  // The recursion ends: an array is hundreds of times smaller than what it describes.
  if (array_size > PAGE_SIZE)
    k.write_va(
      area + k.vm_struct.pages,
      __vmalloc_node(k, array_size, 1, nested_gfp, k.read_va(area + k.vm_struct.caller)),
    );
  else k.write_va(area + k.vm_struct.pages, kmalloc(k, array_size, nested_gfp));
  if (k.read_va(area + k.vm_struct.pages) === 0) {
    const text = `vmalloc error: size ${nr_small_pages * PAGE_SIZE}, failed to allocated page array size ${array_size}`;
    warn_alloc(k, gfp_mask, text);
    free_vm_area(k, area);
    return asVirt(0);
  }

  const page_order: Order = page_shift - PAGE_SHIFT;
  // set_vm_area_page_order()
  if (k.vm_struct.page_order >= 0) k.write(area + k.vm_struct.page_order, page_order);
  const pages: Page[] = [];
  const nr_pages: Int = vm_area_alloc_pages(k, gfp_mask, page_order, nr_small_pages, pages);
  for (let i = 0; i < nr_pages; i++) k.write_ptr(areaPages(k, area, i), pages[i]!);
  // Before it is known whether they are enough: from here on vfree() can undo everything.
  k.write(area + k.vm_struct.nr_pages, nr_pages);
  k.add_long(k.globals.nr_vmalloc_pages, nr_pages);

  if (nr_pages !== nr_small_pages) {
    const text = `vmalloc error: size ${nr_pages * PAGE_SIZE}, page order ${page_order}, failed to allocate pages`;
    warn_alloc(k, gfp_mask, text);
    // fail:
    vfree(k, addr);
    return asVirt(0);
  }

  // Page tables are allocated with GFP_KERNEL, wherever in the kernel that is: a caller that must not wait for I/O says so by its scope.
  let flags: UInt = 0;
  if ((gfp_mask & (k.__GFP_FS | k.__GFP_IO)) === k.__GFP_IO) flags = memalloc_nofs_save(k);
  else if ((gfp_mask & (k.__GFP_FS | k.__GFP_IO)) === 0) flags = memalloc_noio_save(k);

  const ret: Int = vmap_pages_range(k, addr, asVirt(addr + size), prot, pages, page_shift);

  if ((gfp_mask & (k.__GFP_FS | k.__GFP_IO)) === k.__GFP_IO) memalloc_nofs_restore(k, flags);
  else if ((gfp_mask & (k.__GFP_FS | k.__GFP_IO)) === 0) memalloc_noio_restore(k, flags);

  if (ret < 0) {
    const text = `vmalloc error: size ${nr_pages * PAGE_SIZE}, failed to map pages`;
    warn_alloc(k, gfp_mask, text);
    // fail:
    vfree(k, addr);
    return asVirt(0);
  }
  return addr;
}

/**
 * Memory in `[start, end)`; 0: no room or no memory. Huge pages, where they are allowed and possible, are tried first.
 *
 * Left out: kasan, kmemleak, num_online_nodes (one node), the retry of __get_vm_area_node for __GFP_NOFAIL: what it waits for, another
 * thread's free, never comes.
 */
export function __vmalloc_node_range(
  k: Kernel,
  size: ULong,
  align: ULong,
  start: VirtAddr,
  end: VirtAddr,
  gfp_mask: Gfp,
  prot: PteVal,
  vm_flags: ULong,
  caller: VirtAddr,
): VirtAddr {
  const real_align: ULong = align;
  let shift: Int = PAGE_SHIFT;
  if (size === 0) {
    k.emit({ kind: 'warn', text: 'vmalloc: size is 0' });
    return asVirt(0);
  }
  // Fails at once: reclaim would only try in vain.
  if (Math.floor(size / PAGE_SIZE) > totalram_pages(k)) {
    warn_alloc(k, gfp_mask, `vmalloc error: size ${size}, exceeds total pages`);
    return asVirt(0);
  }
  if (k.CONFIG_HAVE_ARCH_HUGE_VMALLOC === 1 && (vm_flags & VM_ALLOW_HUGE_VMAP) !== 0) {
    // What does not fill one huge page would only waste the rest of it. Addresses must be aligned like the page.
    if (arch_vmap_pmd_supported(k) && size >= PMD_SIZE(k)) shift = k.PMD_SHIFT;
    align = Math.max(real_align, 2 ** shift);
  }

  again: for (;;) {
    const area: VmStruct = __get_vm_area_node(
      k,
      size,
      align,
      shift,
      k.VM_ALLOC | VM_UNINITIALIZED | vm_flags,
      start,
      end,
      gfp_mask,
      caller,
    );
    if (area !== NULL) {
      const ret: VirtAddr = __vmalloc_area_node(k, area, gfp_mask, prot, shift);
      if (ret !== 0) {
        // Complete: until now /proc/vmallocinfo had to pass it over.
        clear_vm_uninitialized_flag(k, area);
        return ret;
      }
    } else {
      warn_alloc(k, gfp_mask, `vmalloc error: size ${size}, vm_struct allocation failed`);
    }
    // fail: small pages need neither contiguous memory nor so large an alignment.
    if (shift > PAGE_SHIFT) {
      shift = PAGE_SHIFT;
      align = real_align;
      continue again;
    }
    return asVirt(0);
  }
}

/** Anywhere in vmalloc space, in single pages, with the protection that data of the kernel has. */
export function __vmalloc_node(
  k: Kernel,
  size: ULong,
  align: ULong,
  gfp_mask: Gfp,
  caller: VirtAddr,
): VirtAddr {
  return __vmalloc_node_range(
    k,
    size,
    align,
    VMALLOC_START(k),
    VMALLOC_END(k),
    gfp_mask,
    PAGE_KERNEL(k),
    0,
    caller,
  );
}

/** For callers with GFP flags of their own. */
export function __vmalloc(k: Kernel, size: ULong, gfp_mask: Gfp, caller: VirtAddr): VirtAddr {
  return __vmalloc_node(k, size, 1, gfp_mask, caller);
}

export function vmalloc(k: Kernel, size: ULong, caller: VirtAddr): VirtAddr {
  return __vmalloc_node(k, size, 1, k.GFP_KERNEL, caller);
}

export function vzalloc(k: Kernel, size: ULong, caller: VirtAddr): VirtAddr {
  return __vmalloc_node(k, size, 1, k.GFP_KERNEL | k.__GFP_ZERO, caller);
}

/** Huge pages where they can be had. Only for callers that never change the protection of single pages in it. */
export function vmalloc_huge(k: Kernel, size: ULong, gfp_mask: Gfp, caller: VirtAddr): VirtAddr {
  return __vmalloc_node_range(
    k,
    size,
    1,
    VMALLOC_START(k),
    VMALLOC_END(k),
    gfp_mask,
    PAGE_KERNEL(k),
    VM_ALLOW_HUGE_VMAP,
    caller,
  );
}
