/**
 * Further chunks where there is one CPU: a block of pages each, all there from the beginning.
 *
 * Source: Linux 6.1 mm/percpu-km.c.
 */
import { type Gfp, type Int, NULL, type Page, type PcpuChunk } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { order_base_2 } from '../include/linux/log2.h.js';
import { page_address } from './highmem/page_address.js';
import { __free_pages, alloc_pages } from './page_alloc/api.js';
import {
  pcpu_alloc_chunk,
  pcpu_chunk_populated,
  pcpu_free_chunk,
  pcpu_set_page_chunk,
} from './percpu/chunk.js';

export function pcpu_create_chunk(k: Kernel, gfp: Gfp): PcpuChunk {
  // pcpu_group_sizes[0]: there is one group of one unit.
  const nr_pages: Int = k.read_int(k.globals.pcpu_unit_pages);
  const chunk: PcpuChunk = pcpu_alloc_chunk(k, gfp);
  if (chunk === NULL) return NULL;

  // What the block has beyond nr_pages stays unused.
  const pages: Page = alloc_pages(k, gfp, order_base_2(nr_pages));
  if (pages === NULL) {
    pcpu_free_chunk(k, chunk);
    return NULL;
  }
  // That is how free_percpu() will find the chunk.
  for (let i: Int = 0; i < nr_pages; i++)
    pcpu_set_page_chunk(k, k.pfn_to_page(k.page_to_pfn(pages) + i), chunk);
  k.write_ptr(k.plus(chunk, k.pcpu_chunk.data), pages);
  k.write_va(k.plus(chunk, k.pcpu_chunk.base_addr), page_address(k, pages));
  pcpu_chunk_populated(k, chunk, 0, nr_pages);
  return chunk;
}

/** Its block goes as a whole. */
export function pcpu_destroy_chunk(k: Kernel, chunk: PcpuChunk): void {
  const nr_pages: Int = k.read_int(k.globals.pcpu_unit_pages);
  const pages: Page = k.read_ptr(k.plus(chunk, k.pcpu_chunk.data));
  if (pages !== NULL) __free_pages(k, pages, order_base_2(nr_pages));
  pcpu_free_chunk(k, chunk);
}
