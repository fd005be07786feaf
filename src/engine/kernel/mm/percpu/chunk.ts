/**
 * Chunks of per-CPU memory: which one an address is of, and the structures of one. Boot made the first; further ones are made by
 * percpu-km.ts, where there is one CPU, and by percpu-vm.ts.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_unit_page_offset(), pcpu_chunk_addr(), pcpu_addr_in_chunk(), pcpu_set_page_chunk(),
 * pcpu_init_md_blocks(), pcpu_alloc_chunk() to pcpu_chunk_depopulated(), pcpu_chunk_addr_search().
 */
import {
  type Gfp,
  type Int,
  NULL,
  type Page,
  type PcpuChunk,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { PCPU_BITMAP_BLOCK_BITS } from '../../include/linux/percpu.h.js';
import { bitmap_clear, bitmap_set } from '../../lib/bitmap.js';
import { pcpu_chunk_map_bits, pcpu_chunk_nr_blocks } from '../percpu-internal.h.js';
import { kfree, kzalloc } from '../slab_common/kmalloc.js';
import { vmalloc_to_page } from '../vmalloc/vfree.js';
import { pcpu_init_md_block } from './block.js';
import { pcpu_update_empty_pages } from './chunk_hints.js';

// --- which chunk an address is of --------------------------------------------------------------------------------------

/** Whether an address is one that the chunk gives out: boot's chunks may begin and end with something else. */
function pcpu_addr_in_chunk(k: Kernel, chunk: PcpuChunk, addr: VirtAddr): boolean {
  if (chunk === NULL) return false;
  const base_addr: VirtAddr = k.read_va(k.plus(chunk, k.pcpu_chunk.base_addr));
  const start_addr = base_addr + k.read_int(k.plus(chunk, k.pcpu_chunk.start_offset));
  const end_addr =
    base_addr +
    k.read_int(k.plus(chunk, k.pcpu_chunk.nr_pages)) * PAGE_SIZE -
    k.read_int(k.plus(chunk, k.pcpu_chunk.end_offset));
  return addr >= start_addr && addr < end_addr;
}

/** A page of a chunk knows its chunk. */
export function pcpu_set_page_chunk(k: Kernel, page: Page, pcpu: PcpuChunk): void {
  k.write_ptr(page + k.page.index, pcpu);
}

function pcpu_get_page_chunk(k: Kernel, page: Page): PcpuChunk {
  return k.read_ptr(page + k.page.index);
}

/** The chunk that an area was taken from. */
export function pcpu_chunk_addr_search(k: Kernel, addr: VirtAddr): PcpuChunk {
  // Boot's chunks are known by their range: nobody wrote into page->index of their pages.
  if (pcpu_addr_in_chunk(k, k.read_ptr(k.globals.pcpu_first_chunk), addr))
    return k.read_ptr(k.globals.pcpu_first_chunk);
  if (pcpu_addr_in_chunk(k, k.read_ptr(k.globals.pcpu_reserved_chunk), addr))
    return k.read_ptr(k.globals.pcpu_reserved_chunk);
  if (!k.smp) return pcpu_get_page_chunk(k, virt_to_page(k, addr));
  // In vmalloc space the address may be of nobody's unit: this CPU's is surely there.
  addr = asVirt(addr + pcpu_unit_page_offset(k, k.cpu, 0));
  return pcpu_get_page_chunk(k, vmalloc_to_page(k, addr));
}

// --- making one --------------------------------------------------------------------------------------------------------

/** Differs: what is larger than a page comes from kmalloc() as well, not from vmalloc(). */
export function pcpu_mem_zalloc(k: Kernel, size: Int, gfp: Gfp): VirtAddr {
  return kzalloc(k, size, gfp);
}

function pcpu_mem_free(k: Kernel, ptr: VirtAddr): void {
  kfree(k, ptr);
}

/** Everything is free: in the chunk as a whole, and in each of its blocks. */
export function pcpu_init_md_blocks(k: Kernel, chunk: PcpuChunk): void {
  pcpu_init_md_block(k, k.plus(chunk, k.pcpu_chunk.chunk_md), pcpu_chunk_map_bits(k, chunk));
  for (let i: Int = 0; i < pcpu_chunk_nr_blocks(k, chunk); i++)
    pcpu_init_md_block(
      k,
      k.plus(k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)), i * k.stride.pcpu_block_md),
      PCPU_BITMAP_BLOCK_BITS,
    );
}

/** The structures of a chunk, without pages; NULL when one of them cannot be had. Left out: obj_cgroups. */
export function pcpu_alloc_chunk(k: Kernel, gfp: Gfp): PcpuChunk {
  // The size counts the bitmap `populated` at the structure's end, which is as long as a unit has pages.
  const self: VirtAddr = pcpu_mem_zalloc(k, k.read_int(k.globals.pcpu_chunk_struct_size), gfp);
  if (self === 0) return NULL;
  const chunk: PcpuChunk = k.cell_at(self);
  INIT_LIST_HEAD(k, k.plus(chunk, k.pcpu_chunk.list));
  k.write(k.plus(chunk, k.pcpu_chunk.nr_pages), k.read_int(k.globals.pcpu_unit_pages));
  const region_bits: Int = pcpu_chunk_map_bits(k, chunk);

  // One bit more in bound_map: where the last area ends.
  const long_bytes: Int = k.ptr_words * 4;
  const alloc_map: VirtAddr = pcpu_mem_zalloc(k, region_bits / 8, gfp);
  k.write_va(k.plus(chunk, k.pcpu_chunk.alloc_map), alloc_map);
  if (alloc_map === 0) {
    // alloc_map_fail:
    pcpu_mem_free(k, self);
    return NULL;
  }
  const bound_map: VirtAddr = pcpu_mem_zalloc(k, region_bits / 8 + long_bytes, gfp);
  k.write_va(k.plus(chunk, k.pcpu_chunk.bound_map), bound_map);
  if (bound_map === 0) {
    // bound_map_fail:
    pcpu_mem_free(k, alloc_map);
    pcpu_mem_free(k, self);
    return NULL;
  }
  const md_blocks: VirtAddr = pcpu_mem_zalloc(
    k,
    pcpu_chunk_nr_blocks(k, chunk) * k.sizeof.pcpu_block_md,
    gfp,
  );
  k.write_va(k.plus(chunk, k.pcpu_chunk.md_blocks), md_blocks);
  if (md_blocks === 0) {
    // md_blocks_fail:
    pcpu_mem_free(k, bound_map);
    pcpu_mem_free(k, alloc_map);
    pcpu_mem_free(k, self);
    return NULL;
  }
  pcpu_init_md_blocks(k, chunk);
  k.write(
    k.plus(chunk, k.pcpu_chunk.free_bytes),
    k.read_int(k.plus(chunk, k.pcpu_chunk.nr_pages)) * PAGE_SIZE,
  );
  return chunk;
}

/** Frees the structures. The chunk's pages, if it ever had any, are the caller's to free. */
export function pcpu_free_chunk(k: Kernel, chunk: PcpuChunk): void {
  pcpu_mem_free(k, k.read_va(k.plus(chunk, k.pcpu_chunk.md_blocks)));
  pcpu_mem_free(k, k.read_va(k.plus(chunk, k.pcpu_chunk.bound_map)));
  pcpu_mem_free(k, k.read_va(k.plus(chunk, k.pcpu_chunk.alloc_map)));
  pcpu_mem_free(k, k.va_of(chunk));
}

/** Pages [page_start, page_end) of a chunk are there now. */
export function pcpu_chunk_populated(
  k: Kernel,
  chunk: PcpuChunk,
  page_start: Int,
  page_end: Int,
): void {
  const nr: Int = page_end - page_start;
  const populated: VirtAddr = k.va_of(k.plus(chunk, k.pcpu_chunk.populated));
  bitmap_set(k, populated, page_start, nr);
  const nr_populated = k.plus(chunk, k.pcpu_chunk.nr_populated);
  k.write(nr_populated, k.words[nr_populated]! + nr);
  k.add_long(k.globals.pcpu_nr_populated, nr);
  // New pages are empty pages.
  pcpu_update_empty_pages(k, chunk, nr);
}

/** Pages [page_start, page_end) of a chunk are gone. */
export function pcpu_chunk_depopulated(
  k: Kernel,
  chunk: PcpuChunk,
  page_start: Int,
  page_end: Int,
): void {
  const nr: Int = page_end - page_start;
  bitmap_clear(k, k.va_of(k.plus(chunk, k.pcpu_chunk.populated)), page_start, nr);
  const nr_populated = k.plus(chunk, k.pcpu_chunk.nr_populated);
  k.write(nr_populated, k.words[nr_populated]! - nr);
  k.add_long(k.globals.pcpu_nr_populated, -nr);
  pcpu_update_empty_pages(k, chunk, -nr);
}

// --- units ---------------------------------------------------------------------------------------------------------------

/** One CPU has one unit, at the chunk's beginning. */
function pcpu_unit_page_offset(k: Kernel, cpu: Int, page_idx: Int): ULong {
  if (!k.smp) return page_idx << PAGE_SHIFT;
  return (
    k.read_ulong(k.plus(k.read_ptr(k.globals.pcpu_unit_offsets), cpu * k.ptr_words)) +
    (page_idx << PAGE_SHIFT)
  );
}

/** Where page `page_idx` of a CPU's unit is. */
export function pcpu_chunk_addr(k: Kernel, chunk: PcpuChunk, cpu: Int, page_idx: Int): VirtAddr {
  const base_addr: VirtAddr = k.read_va(k.plus(chunk, k.pcpu_chunk.base_addr));
  return asVirt(base_addr + pcpu_unit_page_offset(k, cpu, page_idx));
}

// --- addresses and per-CPU pointers ------------------------------------------------------------------------------------

/** SMP names an area by its place in the kernel's own per-CPU data; one CPU needs no other name than the address. */
export const __addr_to_pcpu_ptr = (k: Kernel, addr: VirtAddr): VirtAddr =>
  k.smp ? asVirt(addr - k.read_va(k.globals.pcpu_base_addr) + perCpuStart(k)) : addr;

export const __pcpu_ptr_to_addr = (k: Kernel, ptr: VirtAddr): VirtAddr =>
  k.smp ? asVirt(ptr + k.read_va(k.globals.pcpu_base_addr) - perCpuStart(k)) : ptr;

/** __per_cpu_start: where the linker put per-CPU data. */
const perCpuStart = (k: Kernel): number => k.profile.symbol('__per_cpu_start')?.address ?? 0;
