/**
 * Memory that a device and the processor use at the same time: pages that the device reaches. x86 keeps its caches coherent, so
 * that they need no mapping of their own.
 *
 * Left out: the device (each here reaches 4 GiB), attributes, encrypted memory, the atomic pool, highmem pages (the CMA area of a
 * machine with highmem lies below it).
 * Source: Linux 6.1 kernel/dma/direct.c; kernel/dma/mapping.c: dma_alloc_attrs(), dma_free_attrs(); arch/x86/include/asm/io.h:
 * page_to_phys().
 */
import {
  type Gfp,
  NULL,
  type Order,
  type Out,
  type Page,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  asPhys,
  asVirt,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../memory/address.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { DMA_BIT_MASK_32, dma_to_phys, phys_to_dma } from '../../include/linux/dma-direct.h.js';
import { memset } from '../../lib/string.js';
import { page_address } from '../../mm/highmem/page_address.js';
import { alloc_pages } from '../../mm/page_alloc/api.js';
import { dma_alloc_contiguous, dma_free_contiguous } from './contiguous.js';

const page_to_phys = (k: Kernel, page: Page): PhysAddr => asPhys(k.page_to_pfn(page) * PAGE_SIZE);

/** The highest zone whose pages a device may reach. Differs: gives no limit, which is the device's 4 GiB. */
function dma_direct_optimal_gfp_mask(k: Kernel): Gfp {
  return k.wide ? k.__GFP_DMA32 : 0;
}

/** Whether a device reaches all of it. */
function dma_coherent_ok(k: Kernel, phys: PhysAddr, size: ULong): boolean {
  return phys_to_dma(k, phys) + size - 1 <= DMA_BIT_MASK_32;
}

function __dma_direct_alloc_pages(k: Kernel, size: ULong, gfp: Gfp): Page {
  const order: Order = get_order(k, size);
  gfp |= dma_direct_optimal_gfp_mask(k);
  let page: Page = dma_alloc_contiguous(k, size, gfp);
  if (page !== NULL && !dma_coherent_ok(k, page_to_phys(k, page), size)) {
    dma_free_contiguous(k, page, size);
    page = NULL;
  }
  // again:
  for (;;) {
    if (page === NULL) page = alloc_pages(k, gfp, order);
    if (page === NULL || dma_coherent_ok(k, page_to_phys(k, page), size)) return page;
    // Out of reach: one zone further down.
    dma_free_contiguous(k, page, size);
    page = NULL;
    if ((gfp & k.__GFP_DMA) !== 0) return NULL;
    gfp = (gfp & ~k.__GFP_DMA32) | k.__GFP_DMA;
  }
}

/** Zeroed memory, and the address by which the device knows it; 0 without memory. */
export function dma_direct_alloc(
  k: Kernel,
  size: ULong,
  dma_handle: Out<number>,
  gfp: Gfp,
): VirtAddr {
  size = ALIGN(size, PAGE_SIZE);
  // Cleared below, so the page allocator need not.
  const page: Page = __dma_direct_alloc_pages(k, size, gfp & ~k.__GFP_ZERO);
  if (page === NULL) return asVirt(0);
  const ret: VirtAddr = page_address(k, page);
  memset(k, ret, 0, size);
  dma_handle.value = phys_to_dma(k, page_to_phys(k, page));
  return ret;
}

export function dma_direct_free(k: Kernel, size: ULong, dma_addr: number): void {
  const page: Page = k.pfn_to_page(Math.floor(dma_to_phys(k, dma_addr) / PAGE_SIZE));
  dma_free_contiguous(k, page, size);
}

/** Which zone the pages come from is not the caller's to say. */
export function dma_alloc_attrs(
  k: Kernel,
  size: ULong,
  dma_handle: Out<number>,
  flag: Gfp,
): VirtAddr {
  flag &= ~(k.__GFP_DMA | k.__GFP_DMA32 | k.__GFP_HIGHMEM);
  return dma_direct_alloc(k, size, dma_handle, flag);
}

export function dma_free_attrs(
  k: Kernel,
  size: ULong,
  cpu_addr: VirtAddr,
  dma_handle: number,
): void {
  if (cpu_addr !== 0) dma_direct_free(k, size, dma_handle);
}
