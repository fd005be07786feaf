/**
 * init_mem_mapping(): which ranges of memory get into the direct map in which order, with which page sizes, and where the
 * pages of the tables come from: six that the brk area sets aside, then memory that is mapped already.
 *
 * Source: Linux 6.1 arch/x86/mm/init.c: init_mem_mapping(), memory_map_top_down(), init_range_memory_mapping(),
 * split_mem_range(), adjust_range_page_size_mask(), alloc_low_pages().
 */
import { asPhys, PAGE_SIZE, type PhysAddr } from '../../../memory/address.js';
import { ImageError } from '../../kernelImage.js';
import { ISA_END_ADDRESS } from '../e820.js';
import { INIT_PGT_BUF_PAGES } from '../kernelLoad.js';
import type { Memblock, MemRange } from '../memblock.js';
import type { BootTables } from './bootTables.js';
import { kernel_physical_mapping_init, type PageSizes } from './physicalMapping.js';

interface SizedRange extends MemRange {
  readonly sizes: PageSizes;
}

export class MemMapping {
  private readonly pgt_buf_top: number;
  private pgt_buf_end: number;
  private can_use_brk_pgt = true;
  private min_mapped = 0;
  private max_mapped = 0;
  private readonly shifts: readonly number[];

  /** @param end where the direct map ends: the end of RAM, on i386 of lowmem */
  constructor(
    private readonly tables: BootTables,
    private readonly memblock: Memblock,
    private readonly end: number,
  ) {
    this.pgt_buf_top = tables.kernel.brk.end;
    this.pgt_buf_end = this.pgt_buf_top - INIT_PGT_BUF_PAGES * PAGE_SIZE;
    // probe_page_size_mask(): PSE is there, and on 64 bit 1 GiB pages.
    this.shifts = tables.levels
      .filter(({ mapsPage }) => mapsPage === 'with PSE')
      .map(({ shift }) => shift);
  }

  init_mem_mapping(): void {
    this.init_memory_mapping(0, ISA_END_ADDRESS);
    this.memory_map_top_down(ISA_END_ADDRESS, this.end);
  }

  /** alloc_low_page(), for whoever else needs a table before there is a page allocator. */
  readonly alloc_low_page = (): PhysAddr => {
    if (this.pgt_buf_end + PAGE_SIZE <= this.pgt_buf_top && this.can_use_brk_pgt) {
      const page = this.pgt_buf_end;
      this.pgt_buf_end += PAGE_SIZE;
      return asPhys(page);
    }
    const found =
      this.min_mapped < this.max_mapped
        ? this.memblock.memblock_phys_alloc_range(
            PAGE_SIZE,
            PAGE_SIZE,
            this.min_mapped,
            this.max_mapped,
          )
        : undefined;
    if (found === undefined)
      throw new ImageError('The machine has too little memory to boot: no room for page tables.');
    return asPhys(found);
  };

  private memory_map_top_down(start: number, end: number): void {
    const { pmdSize } = this.tables;
    const found = this.memblock.memblock_phys_alloc_range(pmdSize, pmdSize, start, end);
    if (found !== undefined) this.memblock.memblock_phys_free(found, found + pmdSize);
    const realEnd =
      found === undefined ? Math.max(start, roundDown(end, pmdSize)) : found + pmdSize;
    let step = pmdSize;
    let mapped = 0;
    let last = realEnd;
    this.max_mapped = 0;
    this.min_mapped = realEnd;
    while (last > start) {
      const from = last > step ? Math.max(start, roundDown(last - 1, step)) : start;
      mapped += this.init_range_memory_mapping(from, last);
      last = from;
      this.min_mapped = last;
      // get_new_step_size(): as much more as one table maps, halved.
      if (mapped >= step) step *= pmdSize / PAGE_SIZE / 2;
    }
    if (realEnd < end) this.init_range_memory_mapping(realEnd, end);
  }

  /** Maps the RAM of a range; how much that was. */
  private init_range_memory_mapping(from: number, to: number): number {
    let mapped = 0;
    for (const range of this.memblock.memory) {
      const start = Math.max(range.start, from);
      const end = Math.min(range.end, to);
      if (start >= end) continue;
      this.can_use_brk_pgt = Math.max(start, this.pgt_buf_end) >= Math.min(end, this.pgt_buf_top);
      this.init_memory_mapping(start, end);
      mapped += end - start;
      this.can_use_brk_pgt = true;
    }
    return mapped;
  }

  private init_memory_mapping(start: number, end: number): void {
    for (const { sizes, ...range } of this.split_mem_range(start, end))
      kernel_physical_mapping_init(this.tables, range, sizes, this.alloc_low_page);
    this.max_mapped = Math.max(this.max_mapped, end);
  }

  /** Head, 2 MiB, 1 GiB, 2 MiB and tail of a range. */
  private split_mem_range(start: number, end: number): readonly SizedRange[] {
    const { pmdSize } = this.tables;
    const wide = this.tables.mode === '4-level';
    const ranges: SizedRange[] = [];
    let at = start;
    const save = (to: number, shifts: readonly number[]): void => {
      if (at >= to) return;
      ranges.push({ start: at, end: to, sizes: new Set(shifts) });
      at = to;
    };
    const [largest = 0] = this.shifts;
    const pmdShifts = this.shifts.filter((shift) => 2 ** shift === pmdSize);
    // i386 maps the first of all with small pages whatever its alignment: MTRRs may end inside it.
    const headEnd = start === 0 && !wide ? pmdSize : roundUp(start, pmdSize);
    save(Math.min(headEnd, end), []);
    if (at % pmdSize === 0) {
      const whole = roundDown(end, pmdSize);
      if (wide) {
        save(Math.min(roundUp(at, 2 ** largest), whole), pmdShifts);
        if (at % 2 ** largest === 0) save(roundDown(end, 2 ** largest), this.shifts);
      }
      save(whole, pmdShifts);
    }
    save(end, []);
    return ranges.map((range) => this.adjust_range_page_size_mask(range));
  }

  /** A range that is too small for a large page gets one all the same where all around it is RAM. */
  private adjust_range_page_size_mask(range: SizedRange): SizedRange {
    const sizes = new Set(range.sizes);
    for (const shift of this.shifts) {
      const start = roundDown(range.start, 2 ** shift);
      const end = roundUp(range.end, 2 ** shift);
      if (this.tables.mode !== '4-level' && end > this.end) continue;
      if (this.memblock.memblock_is_region_memory(start, end)) sizes.add(shift);
    }
    return { ...range, sizes };
  }
}

const roundDown = (value: number, unit: number): number => Math.floor(value / unit) * unit;
const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
