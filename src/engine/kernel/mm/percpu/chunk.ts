/**
 * Chunks of per-CPU memory: the first one, which boot made, and further ones, which are blocks of pages where there is one CPU.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_alloc_chunk(), pcpu_chunk_addr_search(); mm/percpu-km.c: pcpu_create_chunk().
 */
import { type Gfp, type Int, NULL, type Page, type PcpuChunk } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { bitmap_set } from '../../lib/bitmap.js';
import { alloc_pages } from '../page_alloc/api.js';
import { kfree, kzalloc } from '../slab_common/kmalloc.js';
import {
  PCPU_BITMAP_BLOCK_BITS,
  pcpu_chunk_map_bits,
  pcpu_chunk_md,
  pcpu_chunk_nr_blocks,
  pcpu_get,
  pcpu_init_md_block,
  pcpu_md_block,
  pcpu_set,
  pcpu_va,
} from './block.js';
import { pcpu_update_empty_pages } from './hints.js';

/** Between an area's address in the first unit and the pointer that names it: `way` 1 to the address, -1 back. */
export function pcpu_ptr_to_addr(k: Kernel, ptr: VirtAddr, way: 1 | -1): VirtAddr {
  if (!k.smp) return ptr;
  const base: VirtAddr = k.read_va(k.globals.pcpu_base_addr);
  const start = k.profile.symbol('__per_cpu_start')?.address ?? 0;
  return asVirt(ptr + way * (base - start));
}

function pcpu_addr_in_chunk(k: Kernel, chunk: PcpuChunk, addr: VirtAddr): boolean {
  const start_offset = k.pcpu_chunk.start_offset;
  const end_offset = k.pcpu_chunk.end_offset;
  const nr_pages = k.pcpu_chunk.nr_pages;
  const base_addr = k.pcpu_chunk.base_addr;
  const offset: Int = addr - pcpu_va(k, chunk, base_addr);
  const end: Int = pcpu_get(k, chunk, nr_pages) * PAGE_SIZE - pcpu_get(k, chunk, end_offset);
  return offset >= pcpu_get(k, chunk, start_offset) && offset < end;
}

/** The chunk that an area was taken from: the first one, or the one that its page tells. */
export function pcpu_chunk_addr_search(k: Kernel, addr: VirtAddr): PcpuChunk {
  const pcpu_first_chunk = k.read_ptr(k.globals.pcpu_first_chunk);
  const pcpu_reserved_chunk = k.globals.pcpu_reserved_chunk;
  if (pcpu_addr_in_chunk(k, pcpu_first_chunk, addr)) return pcpu_first_chunk;
  const reserved: PcpuChunk = k.read_ptr(pcpu_reserved_chunk);
  if (reserved !== NULL && pcpu_addr_in_chunk(k, reserved, addr)) return reserved;
  return k.read_ptr(virt_to_page(k, addr) + k.page.index);
}

/** The structures of a chunk, all zeroed: itself, its two bitmaps, its blocks. 0 when one of them cannot be had. */
function pcpu_alloc_chunk(k: Kernel, gfp: Gfp): PcpuChunk {
  const map_bytes: Int = (k.words[k.globals.pcpu_unit_pages]! * PCPU_BITMAP_BLOCK_BITS) / 8;
  const sizes = [
    k.words[k.globals.pcpu_chunk_struct_size]!,
    map_bytes,
    map_bytes + k.ptr_words * 4,
    k.words[k.globals.pcpu_unit_pages]! * k.sizeof.pcpu_block_md,
  ];
  const got: VirtAddr[] = [];
  for (const size of sizes) {
    const at: VirtAddr = kzalloc(k, size, gfp);
    if (at === 0) {
      for (const taken of got.reverse()) kfree(k, taken);
      return NULL;
    }
    got.push(at);
  }
  const [self = asVirt(0), alloc_map = self, bound_map = self, md_blocks = self] = got;
  const chunk: PcpuChunk = k.cell_at(self);
  INIT_LIST_HEAD(k, k.plus(chunk, k.pcpu_chunk.list));
  pcpu_set(k, chunk, k.pcpu_chunk.nr_pages, k.words[k.globals.pcpu_unit_pages]!);
  k.write_va(k.plus(chunk, k.pcpu_chunk.alloc_map), alloc_map);
  k.write_va(k.plus(chunk, k.pcpu_chunk.bound_map), bound_map);
  k.write_va(k.plus(chunk, k.pcpu_chunk.md_blocks), md_blocks);

  pcpu_init_md_block(k, pcpu_chunk_md(k, chunk), pcpu_chunk_map_bits(k, chunk));
  for (let i = 0; i < pcpu_chunk_nr_blocks(k, chunk); i++)
    pcpu_init_md_block(k, pcpu_md_block(k, chunk, i), PCPU_BITMAP_BLOCK_BITS);
  pcpu_set(k, chunk, k.pcpu_chunk.free_bytes, k.words[k.globals.pcpu_unit_pages]! * PAGE_SIZE);
  return chunk;
}

function pcpu_free_chunk(k: Kernel, chunk: PcpuChunk): void {
  const md_blocks = k.pcpu_chunk.md_blocks;
  const bound_map = k.pcpu_chunk.bound_map;
  const alloc_map = k.pcpu_chunk.alloc_map;
  for (const member of [md_blocks, bound_map, alloc_map]) kfree(k, pcpu_va(k, chunk, member));
  kfree(k, k.va_of(chunk));
}

/** A further chunk. On SMP its units would lie in vmalloc space: NULL. */
export function pcpu_create_chunk(k: Kernel, gfp: Gfp): PcpuChunk {
  if (k.smp) return NULL;
  const chunk: PcpuChunk = pcpu_alloc_chunk(k, gfp);
  if (chunk === NULL) return NULL;

  // pcpu_group_sizes[0]: there is one group of one unit.
  const nr_pages: Int = k.words[k.globals.pcpu_unit_pages]!;
  const pages: Page = alloc_pages(k, gfp, 32 - Math.clz32(nr_pages - 1));
  if (pages === NULL) {
    pcpu_free_chunk(k, chunk);
    return NULL;
  }
  const pfn = k.page_to_pfn(pages);
  for (let i = 0; i < nr_pages; i++) k.write_ptr(k.pfn_to_page(pfn + i) + k.page.index, chunk);
  k.write_ptr(k.plus(chunk, k.pcpu_chunk.data), pages);
  k.write_va(k.plus(chunk, k.pcpu_chunk.base_addr), page_address_of(k, pfn));
  pcpu_chunk_populated(k, chunk, 0, nr_pages);
  return chunk;
}

const page_address_of = (k: Kernel, pfn: Int): VirtAddr =>
  asVirt(k.linear.pageOffset + pfn * PAGE_SIZE);

function pcpu_chunk_populated(k: Kernel, chunk: PcpuChunk, page_start: Int, page_end: Int): void {
  const nr: Int = page_end - page_start;
  bitmap_set(k, asVirt(k.va_of(k.plus(chunk, k.pcpu_chunk.populated))), page_start, nr);
  pcpu_set(k, chunk, k.pcpu_chunk.nr_populated, pcpu_get(k, chunk, k.pcpu_chunk.nr_populated) + nr);
  k.add_long(k.globals.pcpu_nr_populated, nr);
  pcpu_update_empty_pages(k, chunk, nr);
}
