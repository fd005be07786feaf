/**
 * Memory for devices in one piece: from the CMA area where there is one, for which the caller must be able to wait.
 *
 * Left out: areas of single devices and nodes.
 * Source: Linux 6.1 kernel/dma/contiguous.c; include/linux/dma-map-ops.h: dev_get_cma_area().
 */
import {
  type Cma,
  type Gfp,
  type Int,
  NULL,
  type Page,
  type UInt,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { cma_alloc, cma_release } from '../../mm/cma.js';
import { __free_pages } from '../../mm/page_alloc/api.js';

/** Of every device. */
export const dev_get_cma_area = (k: Kernel): Cma =>
  k.read_ptr(k.globals.dma_contiguous_default_area);

/** Without an area: NULL. */
export function dma_alloc_from_contiguous(
  k: Kernel,
  count: ULong,
  align: UInt,
  no_warn: boolean,
): Page {
  return cma_alloc(k, dev_get_cma_area(k), count, Math.min(align, k.CONFIG_CMA_ALIGNMENT), no_warn);
}

/** False: the pages are not of the area. */
export function dma_release_from_contiguous(k: Kernel, pages: Page, count: Int): boolean {
  return cma_release(k, dev_get_cma_area(k), pages, count);
}

function cma_alloc_aligned(k: Kernel, cma: Cma, size: ULong, gfp: Gfp): Page {
  const align = Math.min(get_order(k, size), k.CONFIG_CMA_ALIGNMENT);
  return cma_alloc(k, cma, size / PAGE_SIZE, align, (gfp & k.__GFP_NOWARN) !== 0);
}

/** NULL: none, or none for such a request. Single pages are not taken from the area: the page allocator has those. */
export function dma_alloc_contiguous(k: Kernel, size: ULong, gfp: Gfp): Page {
  if ((gfp & k.__GFP_DIRECT_RECLAIM) === 0) return NULL;
  if (size <= PAGE_SIZE || dev_get_cma_area(k) === NULL) return NULL;
  return cma_alloc_aligned(k, dev_get_cma_area(k), size, gfp);
}

/** Back to where the pages came from: the area knows its own. */
export function dma_free_contiguous(k: Kernel, page: Page, size: ULong): void {
  const count = Math.ceil(size / PAGE_SIZE);
  if (cma_release(k, dev_get_cma_area(k), page, count)) return;
  __free_pages(k, page, get_order(k, size));
}
