/**
 * Memory that a device and the processor use at the same time: pages that the device reaches. x86 keeps its caches coherent, so
 * that they need no mapping of their own.
 *
 * Left out: attributes, encrypted memory, the atomic pool, highmem pages (the CMA area of a
 * machine with highmem lies below it).
 * Source: Linux 6.1 kernel/dma/direct.c; kernel/dma/mapping.c: dma_alloc_attrs(), dma_free_attrs(), dma_set_mask(),
 * dma_set_coherent_mask(); include/linux/dma-mapping.h: dma_set_mask_and_coherent(), dma_coerce_mask_and_coherent(); arch/x86/include/asm/io.h:
 * page_to_phys().
 */
import {
  type Gfp,
  type Int,
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
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import {
  coherentLimit,
  type Device,
  DMA_BIT_MASK_32,
  dma_to_phys,
  dmaMaskAt,
  phys_to_dma,
  writeMask,
} from '../../include/linux/dma-direct.h.js';
import { EIO } from '../../include/linux/errno.h.js';
import { memset } from '../../lib/string.js';
import { page_address } from '../../mm/highmem/page_address.js';
import { alloc_pages } from '../../mm/page_alloc/api.js';
import { dma_alloc_contiguous, dma_free_contiguous } from './contiguous.js';

const page_to_phys = (k: Kernel, page: Page): PhysAddr => asPhys(k.page_to_pfn(page) * PAGE_SIZE);

/** zone_dma_bits */
const DMA_BIT_MASK_24 = 2 ** 24 - 1;

/** The highest zone all of whose pages a device reaches. @param phys_limit how far that is */
function dma_direct_optimal_gfp_mask(k: Kernel, phys_limit: number): Gfp {
  if (phys_limit <= DMA_BIT_MASK_24) return k.__GFP_DMA;
  return k.wide && phys_limit <= DMA_BIT_MASK_32 ? k.__GFP_DMA32 : 0;
}

/** Whether a device reaches all of it. */
function dma_coherent_ok(k: Kernel, dev: Device, phys: PhysAddr, size: ULong): boolean {
  return phys_to_dma(k, phys) + size - 1 <= coherentLimit(k, dev);
}

function __dma_direct_alloc_pages(k: Kernel, dev: Device, size: ULong, gfp: Gfp): Page {
  const order: Order = get_order(k, size);
  gfp |= dma_direct_optimal_gfp_mask(k, dma_to_phys(k, coherentLimit(k, dev)));
  let page: Page = dma_alloc_contiguous(k, size, gfp);
  if (page !== NULL && !dma_coherent_ok(k, dev, page_to_phys(k, page), size)) {
    dma_free_contiguous(k, page, size);
    page = NULL;
  }
  // again:
  for (;;) {
    if (page === NULL) page = alloc_pages(k, gfp, order);
    if (page === NULL || dma_coherent_ok(k, dev, page_to_phys(k, page), size)) return page;
    // Out of reach: one zone further down.
    dma_free_contiguous(k, page, size);
    page = NULL;
    if (k.wide && (gfp & (k.__GFP_DMA32 | k.__GFP_DMA)) === 0) gfp |= k.__GFP_DMA32;
    else if ((gfp & k.__GFP_DMA) !== 0) return NULL;
    else gfp = (gfp & ~k.__GFP_DMA32) | k.__GFP_DMA;
  }
}

/** Zeroed memory, and the address by which the device knows it; 0 without memory. */
export function dma_direct_alloc(
  k: Kernel,
  dev: Device,
  size: ULong,
  dma_handle: Out<number>,
  gfp: Gfp,
): VirtAddr {
  size = ALIGN(size, PAGE_SIZE);
  // Cleared below, so the page allocator need not.
  const page: Page = __dma_direct_alloc_pages(k, dev, size, gfp & ~k.__GFP_ZERO);
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
  dev: Device,
  size: ULong,
  dma_handle: Out<number>,
  flag: Gfp,
): VirtAddr {
  const hasMask = dev === NULL || coherentLimit(k, dev) !== 0;
  WARN_ON_ONCE(k, !hasMask, 'kernel/dma/mapping.c: !dev->coherent_dma_mask');
  flag &= ~(k.__GFP_DMA | k.__GFP_DMA32 | k.__GFP_HIGHMEM);
  return dma_direct_alloc(k, dev, size, dma_handle, flag);
}

export function dma_free_attrs(
  k: Kernel,
  _dev: Device,
  size: ULong,
  cpu_addr: VirtAddr,
  dma_handle: number,
): void {
  if (cpu_addr !== 0) dma_direct_free(k, size, dma_handle);
}

// --- how far a device reaches --------------------------------------------------------------------------------------------

/** Whether memory can be had for a device that reaches so far: less than 4 GiB must be enough for the lowest zone. */
function dma_direct_supported(k: Kernel, mask: bigint): boolean {
  if (mask >= BigInt(DMA_BIT_MASK_32)) return true;
  const end = (k.memmap.endPfn - 1) * PAGE_SIZE;
  return Number(mask) >= phys_to_dma(k, asPhys(Math.min(end, DMA_BIT_MASK_24)));
}

/** What a dma_addr_t holds of it. */
const asDma = (k: Kernel, mask: bigint): bigint => BigInt.asUintN(k.pte_words * 32, mask);

/** 0, or -EIO: the device says nothing of the kind, or cannot be served. */
export function dma_set_mask(k: Kernel, dev: Device, mask: bigint): Int {
  mask = asDma(k, mask);
  if (dmaMaskAt(k, dev) === NULL || !dma_direct_supported(k, mask)) return -EIO;
  writeMask(k, dmaMaskAt(k, dev), mask);
  return 0;
}

/** The same of memory that is allocated for it. */
export function dma_set_coherent_mask(k: Kernel, dev: Device, mask: bigint): Int {
  mask = asDma(k, mask);
  if (!dma_direct_supported(k, mask)) return -EIO;
  writeMask(k, k.plus(dev, k.device.coherent_dma_mask), mask);
  return 0;
}

export function dma_set_mask_and_coherent(k: Kernel, dev: Device, mask: bigint): Int {
  const rc: Int = dma_set_mask(k, dev, mask);
  if (rc === 0) dma_set_coherent_mask(k, dev, mask);
  return rc;
}

/** For a device that has no word for the first mask: the second one is both. */
export function dma_coerce_mask_and_coherent(k: Kernel, dev: Device, mask: bigint): Int {
  k.write_ptr(k.plus(dev, k.device.dma_mask), k.plus(dev, k.device.coherent_dma_mask));
  return dma_set_mask_and_coherent(k, dev, mask);
}
