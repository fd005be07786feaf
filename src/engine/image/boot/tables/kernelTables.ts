/**
 * The kernel's page tables, from head.S to mark_rodata_ro(), in the kernel's order: each step may take memory.
 *
 *     head, early_ioremap_init        init_mem_mapping        (i386) fixmap and pkmap, (x86_64) vmemmap: sections.ts
 *     setup_cpu_entry_areas                                   read-only text, no execution elsewhere
 *
 * Tables that the last step splits large pages into, which Linux takes from the page allocator, lie in reserved frames from 64 KiB
 * on, which nobody uses. Those of vmalloc space: preallocate_vmalloc_pages().
 *
 * Source: Linux 6.1 arch/x86/kernel/setup.c: setup_arch(); init/main.c; arch/x86/mm/init_32.c, init_64.c: mark_rodata_ro();
 * arch/x86/realmode/init.c: set_real_mode_permissions().
 */
import { asVirt, PAGE_SIZE, type PhysAddr, type VirtAddr } from '../../../memory/address.js';
import type { LoadedKernel } from '../kernelLoad.js';
import type { Memblock } from '../memblock.js';
import type { PerCpuAreas } from '../perCpuAreas.js';
import { symbolAddress } from '../profileFacts.js';
import { BootTables, LatePages } from './bootTables.js';
import {
  early_ioremap_page_table_range_init,
  map_apics,
  permanent_kmaps_init,
  setup_cpu_entry_areas,
} from './fixedTables.js';
import { headTables, sync_initial_page_table } from './headTables.js';
import { MemMapping } from './initMemMapping.js';
import { changePages, type Change } from './setMemory.js';

/** X86_RESERVE_LOW: what the BIOS may scribble over. */
const RESERVE_LOW = 64 << 10;
const LOW_MEMORY_END = 0xa0000;

export class KernelTables {
  readonly tables: BootTables;
  private readonly mapping: MemMapping;
  private readonly late: LatePages;
  /** Where the real-mode code lies: the highest place below 640 KiB. */
  private readonly trampoline: number;

  /** @param end of the direct map */
  constructor(kernel: LoadedKernel, memblock: Memblock, end: number) {
    this.tables = new BootTables(kernel.profile, kernel);
    const low = memblock.memory.find((range) => range.end <= LOW_MEMORY_END);
    const blobBytes =
      symbolAddress(kernel.profile, 'real_mode_blob_end') -
      symbolAddress(kernel.profile, 'real_mode_blob');
    this.trampoline = (low?.end ?? LOW_MEMORY_END) - Math.ceil(blobBytes / PAGE_SIZE) * PAGE_SIZE;
    this.late = new LatePages(RESERVE_LOW, this.trampoline);
    this.mapping = new MemMapping(this.tables, memblock, end);
  }

  private get isWide(): boolean {
    return this.tables.mode === '4-level';
  }

  init_mem_mapping(): void {
    headTables(this.tables, this.late);
    this.mapping.init_mem_mapping();
    if (!this.isWide) early_ioremap_page_table_range_init(this.tables, this.mapping.alloc_low_page);
  }

  /** The part of paging_init() that is not about sections. */
  paging_init(): void {
    if (!this.isWide) permanent_kmaps_init(this.tables, this.mapping.alloc_low_page);
  }

  /** Backs 2 MiB of vmemmap. */
  populateVmemmap(va: VirtAddr, phys: number, pages: () => PhysAddr): void {
    const { tables } = this;
    const at = tables.populate(va, tables.depthOf(tables.profile.constant('PMD_SHIFT')), pages);
    tables.store.setEntry(at, tables.mapping(phys, tables.PAGE_KERNEL | tables.PSE));
  }

  /** @param pages on 64 bit, of memblock */
  setup_cpu_entry_areas(perCpu: PerCpuAreas, pages: () => PhysAddr): void {
    const from = this.isWide ? pages : this.mapping.alloc_low_page;
    setup_cpu_entry_areas(this.tables, perCpu, from);
    sync_initial_page_table(this.tables);
  }

  /** What happens when the page allocator is up. */
  finish(): void {
    const { tables } = this;
    if (this.isWide) map_apics(tables);
    this.change(symbolAddress(tables.profile, 'idt_table'), 1, { clear: tables.RW });
    this.set_real_mode_permissions();
    if (this.isWide) this.mark_rodata_ro_64();
    else this.mark_rodata_ro_32();
    sync_initial_page_table(tables);
  }

  /** The first two of its pages are read-only; the second has the code. */
  private set_real_mode_permissions(): void {
    const { tables, trampoline } = this;
    const start = tables.direct(trampoline);
    this.change(start, 2, { clear: tables.RW });
    this.change(asVirt(start + PAGE_SIZE), 1, { clear: tables.NX });
  }

  private mark_rodata_ro_64(): void {
    const { tables } = this;
    const { profile, kernel } = tables;
    const at = (name: string): VirtAddr => symbolAddress(profile, name);
    const start = asVirt(Math.max(at('_text'), kernel.start));
    const textEnd = asVirt(Math.max(pageAligned(at('_etext')), kernel.start));
    const rodata = at('__start_rodata');
    const rodataEnd = pageAligned(at('__end_rodata'));
    const alignedEnd = at('__end_rodata_hpage_align');
    const brkEnd = at('__brk_base') + kernel.brk.end - kernel.brk.start;
    const allEnd = asVirt(Math.ceil(brkEnd / tables.pmdSize) * tables.pmdSize);
    this.changeRange(start, alignedEnd, { clear: tables.RW });
    this.changeRange(textEnd, allEnd, { set: tables.NX });
    // free_kernel_image_pages(): the gaps are memory like any other.
    this.changeRange(textEnd, rodata, { set: tables.RW });
    this.changeRange(rodataEnd, alignedEnd, { set: tables.RW });
  }

  private mark_rodata_ro_32(): void {
    const { tables } = this;
    const at = (name: string): VirtAddr => symbolAddress(tables.profile, name);
    this.changeRange(at('_text'), at('__end_rodata'), { clear: tables.RW });
    if (tables.NX === 0n) return;
    const end = Math.floor((at('__init_end') + tables.pmdSize) / tables.pmdSize) * tables.pmdSize;
    this.changeRange(pageAligned(at('_etext')), asVirt(end), { set: tables.NX });
  }

  private changeRange(start: VirtAddr, end: VirtAddr, change: Change): void {
    this.change(start, Math.max(0, (end - start) / PAGE_SIZE), change);
  }

  private change(start: VirtAddr, nrPages: number, change: Change): void {
    changePages(this.tables, start, nrPages, change, this.late);
  }
}

const pageAligned = (va: number): VirtAddr => asVirt(Math.ceil(va / PAGE_SIZE) * PAGE_SIZE);
