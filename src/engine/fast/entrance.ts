/**
 * Where callers from outside enter the allocator: single pages by the short way when it will do, else through the kernel's
 * own functions. The instrumented compile has no such door: what is stepped through is always the kernel's way.
 */
import * as api from '../kernel/mm/page_alloc/api.js';
import { type Gfp, NULL, type Order, type Page } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';

export function alloc_pages(k: Kernel, gfp: Gfp, order: Order): Page {
  const page = k.pcpHits.alloc(gfp, order);
  return page !== NULL ? page : api.alloc_pages(k, gfp, order);
}

export function alloc_page(k: Kernel, gfp: Gfp): Page {
  return alloc_pages(k, gfp, 0);
}

export function __free_pages(k: Kernel, page: Page, order: Order): void {
  if (!k.pcpHits.free(page, order)) api.__free_pages(k, page, order);
}

export function __free_page(k: Kernel, page: Page): void {
  __free_pages(k, page, 0);
}
