/**
 * Further chunks where there may be several CPUs: their units lie in vmalloc space, as far from each other as the first chunk's, and
 * get their pages when an area needs them.
 *
 * Left out: the statistics, flushes of caches (x86's know physical addresses only). Differs: the array of pages is ours, but the object
 * that the kernel keeps for it is allocated, too.
 *
 * Source: Linux 6.1 mm/percpu-vm.c.
 */
import { type Gfp, type Int, NULL, type Page, type PcpuChunk } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
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

const possibleCpus = (k: Kernel): Int[] =>
  Array.from({ length: nr_cpu_ids(k) }, (_, cpu) => cpu).filter((cpu) => cpu_possible(k, cpu));

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

function pcpu_free_pages(k: Kernel, pages: readonly (readonly Page[])[]): void {
  for (const ofCpu of pages) for (const page of ofCpu) if (page !== NULL) __free_page(k, page);
}

/** Pages for all units, by CPU; undefined, and none is kept, without memory. */
function pcpu_alloc_pages(
  k: Kernel,
  page_start: Int,
  page_end: Int,
  gfp: Gfp,
): Page[][] | undefined {
  gfp |= k.__GFP_HIGHMEM;
  const pages: Page[][] = [];
  for (let n: Int = 0; n < possibleCpus(k).length; n++) {
    const ofCpu: Page[] = [];
    pages.push(ofCpu);
    for (let i: Int = page_start; i < page_end; i++) {
      const page: Page = alloc_pages(k, gfp, 0);
      if (page === NULL) {
        pcpu_free_pages(k, pages);
        return undefined;
      }
      ofCpu.push(page);
    }
  }
  return pages;
}

// --- mapping -----------------------------------------------------------------------------------------------------------------

function __pcpu_unmap_pages(k: Kernel, addr: VirtAddr, nr_pages: Int): void {
  vunmap_range_noflush(k, addr, asVirt(addr + (nr_pages << PAGE_SHIFT)));
}

/** From the first CPU's to the last CPU's, at once. */
export function pcpu_post_unmap_tlb_flush(
  k: Kernel,
  chunk: PcpuChunk,
  page_start: Int,
  page_end: Int,
): void {
  const addresses = possibleCpus(k).map((cpu) => pcpu_chunk_addr(k, chunk, cpu, 0));
  flush_tlb_kernel_range(
    k,
    asVirt(Math.min(...addresses) + page_start * PAGE_SIZE),
    asVirt(Math.max(...addresses) + page_end * PAGE_SIZE),
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
  pages: readonly (readonly Page[])[],
  page_start: Int,
  page_end: Int,
): Int {
  const cpus: readonly Int[] = possibleCpus(k);
  for (const [n, cpu] of cpus.entries()) {
    const ofCpu: readonly Page[] = pages[n] ?? [];
    const err: Int = __pcpu_map_pages(k, pcpu_chunk_addr(k, chunk, cpu, page_start), ofCpu);
    if (err < 0) {
      for (const tcpu of cpus.slice(0, n))
        __pcpu_unmap_pages(k, pcpu_chunk_addr(k, chunk, tcpu, page_start), page_end - page_start);
      pcpu_post_unmap_tlb_flush(k, chunk, page_start, page_end);
      return err;
    }
    // That is how free_percpu() will find the chunk.
    for (const page of ofCpu) pcpu_set_page_chunk(k, page, chunk);
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
  if (!pcpu_get_pages(k)) return -ENOMEM;
  const pages = pcpu_alloc_pages(k, page_start, page_end, gfp);
  if (pages === undefined) return -ENOMEM;
  if (pcpu_map_pages(k, chunk, pages, page_start, page_end) !== 0) {
    pcpu_free_pages(k, pages);
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
  const pages = possibleCpus(k).map((cpu) => {
    const ofCpu: Page[] = [];
    for (let i: Int = page_start; i < page_end; i++)
      ofCpu.push(vmalloc_to_page(k, pcpu_chunk_addr(k, chunk, cpu, i)));
    __pcpu_unmap_pages(k, pcpu_chunk_addr(k, chunk, cpu, page_start), page_end - page_start);
    return ofCpu;
  });
  pcpu_free_pages(k, pages);
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
