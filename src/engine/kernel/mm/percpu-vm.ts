/**
 * Further chunks where there may be several CPUs: their units lie in vmalloc space, as far from each other as the first chunk's, and
 * get their pages when an area needs them.
 *
 * Left out: the statistics, flushes of caches (x86's know physical addresses only). Differs: the array of pages is ours, but the object
 * that the kernel keeps for it is allocated, too.
 *
 * Source: Linux 6.1 mm/percpu-vm.c; mm/percpu.c: pcpu_page_idx().
 */
import { type Gfp, type Int, NULL, type Page, type PcpuChunk } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SHIFT, type VirtAddr } from '../../memory/address.js';
import { PAGE_KERNEL } from '../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_kernel_range } from '../arch/x86/mm/tlb.js';
import { cpu_possible, nr_cpu_ids } from '../include/linux/cpumask.h.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import { __free_page, alloc_pages } from './page_alloc/api.js';
import {
  pcpu_alloc_chunk,
  pcpu_chunk_addr,
  pcpu_free_chunk,
  pcpu_mem_zalloc,
  pcpu_set_page_chunk,
} from './percpu/chunk.js';
import { vmap_pages_range_noflush } from './vmalloc/map_pages.js';
import { pcpu_free_vm_areas, pcpu_get_vm_areas } from './vmalloc/pcpu_areas.js';
import { vunmap_range_noflush } from './vmalloc/unmap.js';
import { vmalloc_to_page } from './vmalloc/vfree.js';

/** Where a page of a CPU's unit stands in the array of all. */
function pcpu_page_idx(k: Kernel, cpu: Int, page_idx: Int): Int {
  const unit: Int = k.read_int(k.plus(k.read_ptr(k.globals.pcpu_unit_map), cpu));
  return unit * k.read_int(k.globals.pcpu_unit_pages) + page_idx;
}

/** &pages[first], of which `nr` are meant. */
const pagesFrom = (pages: readonly Page[], first: Int, nr: Int): readonly Page[] =>
  pages.slice(first, first + nr);

/** The room for all pages of a chunk, got once and kept. False without memory. */
function pcpu_get_pages(k: Kernel): boolean {
  if (k.globals.pages === NULL || k.read_va(k.globals.pages) !== 0) return true;
  const units: Int = k.read_int(k.globals.pcpu_nr_units);
  const size: Int = units * k.read_int(k.globals.pcpu_unit_pages) * k.ptr_words * 4;
  const pages: VirtAddr = pcpu_mem_zalloc(k, size, k.GFP_KERNEL);
  k.write_va(k.globals.pages, pages);
  return pages !== 0;
}

// --- pages -----------------------------------------------------------------------------------------------------------------

function pcpu_free_pages(k: Kernel, pages: readonly Page[], page_start: Int, page_end: Int): void {
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    for (let i: Int = page_start; i < page_end; i++) {
      const page: Page = pages[pcpu_page_idx(k, cpu, i)]!;
      if (page !== NULL) __free_page(k, page);
    }
  }
}

/** Pages for all units: 0, or an errno, and then none is kept. */
function pcpu_alloc_pages(k: Kernel, pages: Page[], page_start: Int, page_end: Int, gfp: Gfp): Int {
  gfp |= k.__GFP_HIGHMEM;
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    for (let i: Int = page_start; i < page_end; i++) pages[pcpu_page_idx(k, cpu, i)] = NULL;
  }
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    for (let i: Int = page_start; i < page_end; i++) {
      const page: Page = alloc_pages(k, gfp, 0);
      if (page === NULL) {
        pcpu_free_pages(k, pages, page_start, page_end);
        return -ENOMEM;
      }
      pages[pcpu_page_idx(k, cpu, i)] = page;
    }
  }
  return 0;
}

// --- mapping -----------------------------------------------------------------------------------------------------------------

function __pcpu_unmap_pages(k: Kernel, addr: VirtAddr, nr_pages: Int): void {
  vunmap_range_noflush(k, addr, asVirt(addr + (nr_pages << PAGE_SHIFT)));
}

/** From the lowest unit to the highest, at once. */
export function pcpu_post_unmap_tlb_flush(
  k: Kernel,
  chunk: PcpuChunk,
  page_start: Int,
  page_end: Int,
): void {
  const low: Int = k.read_int(k.globals.pcpu_low_unit_cpu);
  const high: Int = k.read_int(k.globals.pcpu_high_unit_cpu);
  flush_tlb_kernel_range(
    k,
    pcpu_chunk_addr(k, chunk, low, page_start),
    pcpu_chunk_addr(k, chunk, high, page_end),
  );
}

function __pcpu_map_pages(k: Kernel, addr: VirtAddr, pages: readonly Page[]): Int {
  const end = asVirt(addr + (pages.length << PAGE_SHIFT));
  return vmap_pages_range_noflush(k, addr, end, PAGE_KERNEL(k), pages, PAGE_SHIFT);
}

/** 0 or an errno, and then nothing is mapped. */
function pcpu_map_pages(
  k: Kernel,
  chunk: PcpuChunk,
  pages: readonly Page[],
  page_start: Int,
  page_end: Int,
): Int {
  const nr: Int = page_end - page_start;
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    const err: Int = __pcpu_map_pages(
      k,
      pcpu_chunk_addr(k, chunk, cpu, page_start),
      pagesFrom(pages, pcpu_page_idx(k, cpu, page_start), nr),
    );
    if (err < 0) {
      for (let tcpu: Int = 0; tcpu < cpu; tcpu++)
        if (cpu_possible(k, tcpu))
          __pcpu_unmap_pages(k, pcpu_chunk_addr(k, chunk, tcpu, page_start), nr);
      pcpu_post_unmap_tlb_flush(k, chunk, page_start, page_end);
      return err;
    }
    // That is how free_percpu() will find the chunk.
    for (let i: Int = page_start; i < page_end; i++)
      pcpu_set_page_chunk(k, pages[pcpu_page_idx(k, cpu, i)]!, chunk);
  }
  return 0;
}

// --- for percpu.c ------------------------------------------------------------------------------------------------------------

/** Gets and maps pages [page_start, page_end) of every unit: 0 or an errno. */
export function pcpu_populate_chunk(
  k: Kernel,
  chunk: PcpuChunk,
  page_start: Int,
  page_end: Int,
  gfp: Gfp,
): Int {
  const pages: Page[] = [];
  if (!pcpu_get_pages(k)) return -ENOMEM;
  if (pcpu_alloc_pages(k, pages, page_start, page_end, gfp) !== 0) return -ENOMEM;
  if (pcpu_map_pages(k, chunk, pages, page_start, page_end) !== 0) {
    pcpu_free_pages(k, pages, page_start, page_end);
    return -ENOMEM;
  }
  return 0;
}

/** Unmaps and frees them. The caller flushes the TLB, unless the addresses go back to vmalloc. */
export function pcpu_depopulate_chunk(
  k: Kernel,
  chunk: PcpuChunk,
  page_start: Int,
  page_end: Int,
): void {
  const pages: Page[] = [];
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    for (let i: Int = page_start; i < page_end; i++)
      pages[pcpu_page_idx(k, cpu, i)] = vmalloc_to_page(k, pcpu_chunk_addr(k, chunk, cpu, i));
    __pcpu_unmap_pages(k, pcpu_chunk_addr(k, chunk, cpu, page_start), page_end - page_start);
  }
  pcpu_free_pages(k, pages, page_start, page_end);
}

/** A chunk without pages. NULL without memory or room. */
export function pcpu_create_chunk(k: Kernel, gfp: Gfp): PcpuChunk {
  const chunk: PcpuChunk = pcpu_alloc_chunk(k, gfp);
  if (chunk === NULL) return NULL;
  const vms: VirtAddr = pcpu_get_vm_areas(k);
  if (vms === 0) {
    pcpu_free_chunk(k, chunk);
    return NULL;
  }
  k.write_va(k.plus(chunk, k.pcpu_chunk.data), vms);
  const first: VirtAddr = k.read_va(k.read_ptr(k.cell_at(vms)) + k.vm_struct.addr);
  const offset: number = k.read_ulong(k.read_ptr(k.globals.pcpu_group_offsets));
  k.write_va(k.plus(chunk, k.pcpu_chunk.base_addr), asVirt(first - offset));
  return chunk;
}

/** Its pages are gone already. */
export function pcpu_destroy_chunk(k: Kernel, chunk: PcpuChunk): void {
  const vms: VirtAddr = k.read_va(k.plus(chunk, k.pcpu_chunk.data));
  if (vms !== 0) pcpu_free_vm_areas(k, vms, k.read_int(k.globals.pcpu_nr_groups));
  pcpu_free_chunk(k, chunk);
}

const PCPU_EMPTY_POP_PAGES_HIGH = 4;

/** Whether a chunk is to give its empty pages back: a quarter of it and more, where there are enough elsewhere. */
export function pcpu_should_reclaim_chunk(k: Kernel, chunk: PcpuChunk): boolean {
  if (k.ptr_is(k.globals.pcpu_first_chunk, chunk)) return false;
  if (k.ptr_is(k.globals.pcpu_reserved_chunk, chunk)) return false;
  const empty: Int = k.read_int(k.plus(chunk, k.pcpu_chunk.nr_empty_pop_pages));
  if (k.read_bool(chunk, k.pcpu_chunk.isolated) && empty !== 0) return true;
  return (
    k.read_int(k.globals.pcpu_nr_empty_pop_pages) > PCPU_EMPTY_POP_PAGES_HIGH + empty &&
    empty >= Math.floor(k.read_int(k.plus(chunk, k.pcpu_chunk.nr_pages)) / 4)
  );
}
