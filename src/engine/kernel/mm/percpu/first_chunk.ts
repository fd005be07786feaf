/**
 * The first chunk of per-CPU memory, which boot makes of memory that is no page allocator's yet: the units of all CPUs, each with
 * the kernel's static per-CPU data at its start, and behind that the part which __alloc_percpu() gives out.
 *
 *     unit   | static | dynamic: start_offset ... end_offset |
 *
 * Differs: where the tables lie was decided with the other reservations of memory, in the kernel's order; here they are filled in.
 * Left out: a chunk for modules (these builds have none), statistics, PCPU_SETUP_BUG_ON.
 * Source: Linux 6.1 mm/percpu.c: pcpu_alloc_first_chunk(), pcpu_setup_first_chunk().
 */
import { type Int, NULL, type PcpuBlockMd, type PcpuChunk } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type Cell, type VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { PCPU_MIN_ALLOC_SIZE } from '../../include/linux/percpu.h.js';
import { bitmap_set } from '../../lib/bitmap.js';
import { pcpu_chunk_map_bits } from '../percpu-internal.h.js';
import { pcpu_init_md_blocks } from './chunk.js';
import { __pcpu_size_to_slot, pcpu_chunk_relocate } from './chunk_hints.js';
import { pcpu_block_update_hint_alloc } from './hints.js';

/** struct pcpu_alloc_info with one group, and where the tables lie. Sizes in bytes. */
export interface PcpuAllocInfo {
  readonly static_size: Int;
  readonly dyn_size: Int;
  readonly unit_size: Int;
  readonly atom_size: Int;
  readonly nr_units: Int;
  readonly nr_cpu_ids: Int;
  readonly tables: {
    readonly group_offsets: VirtAddr;
    readonly group_sizes: VirtAddr;
    readonly unit_map: VirtAddr;
    readonly unit_off: VirtAddr;
    readonly pcpu_chunk_lists: VirtAddr;
    readonly chunk: VirtAddr;
    readonly alloc_map: VirtAddr;
    readonly bound_map: VirtAddr;
    readonly md_blocks: VirtAddr;
  };
}

function pcpu_alloc_first_chunk(
  k: Kernel,
  tables: PcpuAllocInfo['tables'],
  tmp_addr: VirtAddr,
  map_size: Int,
): PcpuChunk {
  const aligned_addr: VirtAddr = asVirt(tmp_addr - (tmp_addr & (PAGE_SIZE - 1)));
  const start_offset: Int = tmp_addr - aligned_addr;
  // PCPU_BITMAP_BLOCK_SIZE is a page.
  const region_size: Int = ALIGN(start_offset + map_size, PAGE_SIZE);
  const end_offset: Int = region_size - start_offset - map_size;
  const nr_pages: Int = region_size / PAGE_SIZE;

  const chunk: PcpuChunk = k.cell_at(tables.chunk);
  INIT_LIST_HEAD(k, k.plus(chunk, k.pcpu_chunk.list));
  k.write_va(k.plus(chunk, k.pcpu_chunk.base_addr), aligned_addr);
  k.write(k.plus(chunk, k.pcpu_chunk.start_offset), start_offset);
  k.write(k.plus(chunk, k.pcpu_chunk.end_offset), end_offset);
  k.write(k.plus(chunk, k.pcpu_chunk.nr_pages), nr_pages);
  const region_bits: Int = pcpu_chunk_map_bits(k, chunk);
  const { alloc_map, bound_map } = tables;
  k.write_va(k.plus(chunk, k.pcpu_chunk.alloc_map), alloc_map);
  k.write_va(k.plus(chunk, k.pcpu_chunk.bound_map), bound_map);
  k.write_va(k.plus(chunk, k.pcpu_chunk.md_blocks), tables.md_blocks);
  pcpu_init_md_blocks(k, chunk);

  // All of its pages are there, and none may go.
  k.write_bool(chunk, k.pcpu_chunk.immutable, true);
  bitmap_set(k, k.va_of(k.plus(chunk, k.pcpu_chunk.populated)), 0, nr_pages);
  k.write(k.plus(chunk, k.pcpu_chunk.nr_populated), nr_pages);
  k.write(k.plus(chunk, k.pcpu_chunk.nr_empty_pop_pages), nr_pages);
  k.write(k.plus(chunk, k.pcpu_chunk.free_bytes), map_size);

  if (start_offset !== 0) {
    // Hides what the static data takes of the first page.
    const offset_bits: Int = start_offset / PCPU_MIN_ALLOC_SIZE;
    bitmap_set(k, alloc_map, 0, offset_bits);
    bitmap_set(k, bound_map, 0, 1);
    bitmap_set(k, bound_map, offset_bits, 1);
    const chunk_md: PcpuBlockMd = k.plus(chunk, k.pcpu_chunk.chunk_md);
    k.write(k.plus(chunk_md, k.pcpu_block_md.first_free), offset_bits);
    pcpu_block_update_hint_alloc(k, chunk, 0, offset_bits);
  }
  if (end_offset !== 0) {
    const offset_bits: Int = end_offset / PCPU_MIN_ALLOC_SIZE;
    bitmap_set(k, alloc_map, region_bits - offset_bits, offset_bits);
    bitmap_set(k, bound_map, (start_offset + map_size) / PCPU_MIN_ALLOC_SIZE, 1);
    bitmap_set(k, bound_map, region_bits, 1);
    pcpu_block_update_hint_alloc(k, chunk, region_bits - offset_bits, offset_bits);
  }
  return chunk;
}

/** Variables that a build may have done without: with one CPU the compiler knows what they would say. */
const setIfThere = (k: Kernel, variable: Cell, value: number): void => {
  if (variable !== NULL) k.write(variable, value);
};
const pointIfThere = (k: Kernel, variable: Cell, to: VirtAddr): void => {
  if (variable !== NULL) k.write_va(variable, to);
};

/** @param base_addr where unit 0 begins */
export function pcpu_setup_first_chunk(k: Kernel, ai: PcpuAllocInfo, base_addr: VirtAddr): void {
  const { tables, unit_size } = ai;
  const size_sum: Int = ai.static_size + ai.dyn_size;
  const longAt = (table: VirtAddr, i: Int): Cell => k.cell_at(asVirt(table + i * k.ptr_words * 4));
  k.write_long(longAt(tables.group_offsets, 0), 0);
  k.write_long(longAt(tables.group_sizes, 0), ai.nr_units * unit_size);
  for (let cpu: Int = 0; cpu < ai.nr_cpu_ids; cpu++) {
    k.write(k.cell_at(asVirt(tables.unit_map + cpu * 4)), cpu);
    k.write_long(longAt(tables.unit_off, cpu), cpu * unit_size);
  }

  setIfThere(k, k.globals.pcpu_low_unit_cpu, 0);
  setIfThere(k, k.globals.pcpu_high_unit_cpu, ai.nr_cpu_ids - 1);
  setIfThere(k, k.globals.pcpu_nr_units, ai.nr_units);
  setIfThere(k, k.globals.pcpu_nr_groups, 1);
  pointIfThere(k, k.globals.pcpu_group_offsets, tables.group_offsets);
  pointIfThere(k, k.globals.pcpu_group_sizes, tables.group_sizes);
  pointIfThere(k, k.globals.pcpu_unit_map, tables.unit_map);
  pointIfThere(k, k.globals.pcpu_unit_offsets, tables.unit_off);

  const pcpu_unit_pages: Int = unit_size / PAGE_SIZE;
  k.write(k.globals.pcpu_unit_pages, pcpu_unit_pages);
  k.write(k.globals.pcpu_unit_size, unit_size);
  if (k.globals.pcpu_atom_size !== NULL) k.write_long(k.globals.pcpu_atom_size, ai.atom_size);
  const populated_longs: Int = ALIGN(pcpu_unit_pages, k.ptr_words * 32) / (k.ptr_words * 32);
  const struct_size: Int = k.sizeof.pcpu_chunk + populated_longs * k.ptr_words * 4;
  k.write_long(k.globals.pcpu_chunk_struct_size, struct_size);

  // Behind the slots that are in use: chunks set aside, wholly free ones, and those that give their pages back.
  const pcpu_sidelined_slot: Int = __pcpu_size_to_slot(unit_size) + 1;
  setIfThere(k, k.globals.pcpu_sidelined_slot, pcpu_sidelined_slot);
  k.write(k.globals.pcpu_free_slot, pcpu_sidelined_slot + 1);
  setIfThere(k, k.globals.pcpu_to_depopulate_slot, pcpu_sidelined_slot + 2);
  const pcpu_nr_slots: Int = pcpu_sidelined_slot + 3;
  setIfThere(k, k.globals.pcpu_nr_slots, pcpu_nr_slots);
  k.write_va(k.globals.pcpu_chunk_lists, tables.pcpu_chunk_lists);
  for (let i: Int = 0; i < pcpu_nr_slots; i++)
    INIT_LIST_HEAD(k, k.cell_at(asVirt(tables.pcpu_chunk_lists + i * k.sizeof.list_head)));

  // The dynamic part ends at a page's end, so what the static one is rounded up by is taken from it.
  const static_size: Int = ALIGN(ai.static_size, PCPU_MIN_ALLOC_SIZE);
  const dyn_size: Int = ai.dyn_size - (static_size - ai.static_size);
  const chunk: PcpuChunk = pcpu_alloc_first_chunk(
    k,
    tables,
    asVirt(base_addr + static_size),
    dyn_size,
  );
  k.write_ptr(k.globals.pcpu_first_chunk, chunk);
  k.write(
    k.globals.pcpu_nr_empty_pop_pages,
    k.words[k.plus(chunk, k.pcpu_chunk.nr_empty_pop_pages)]!,
  );
  pcpu_chunk_relocate(k, chunk, -1);
  k.add_long(k.globals.pcpu_nr_populated, Math.floor(size_sum / PAGE_SIZE));
  k.write_va(k.globals.pcpu_base_addr, base_addr);
}
