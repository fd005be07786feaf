/**
 * Where callers from outside enter the allocator: single pages by the short way when it will do, else through the kernel's
 * own functions. The instrumented compile has no such door: what is stepped through is always the kernel's way.
 */
import * as api from './api.js';
import type { Mm } from './mm.js';
import type { Gfp, Order, Page } from './types.js';
import { NULL } from './types.js';

export function alloc_pages(k: Mm, gfp: Gfp, order: Order): Page {
  const page = order === 0 ? k.pcpHits.alloc(gfp) : NULL;
  return page !== NULL ? page : api.alloc_pages(k, gfp, order);
}

export function alloc_page(k: Mm, gfp: Gfp): Page {
  return alloc_pages(k, gfp, 0);
}

export function __free_pages(k: Mm, page: Page, order: Order): void {
  if (order !== 0 || !k.pcpHits.free(page)) api.__free_pages(k, page, order);
}

export function __free_page(k: Mm, page: Page): void {
  __free_pages(k, page, 0);
}
