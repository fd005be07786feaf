/**
 * The kernel's static data as boot leaves it: strings, global variables of memory management, CPU masks, per-CPU bases, and
 * the descriptor of the CMA area. What the page allocator's own functions write is theirs to write.
 *
 * Strings lie at the start of rodata: a booted image has no code and none of the kernel's own literals.
 * Source: Linux 6.1 mm/page_alloc.c: find_usable_zone_for_movable(); mm/cma.c: cma_init_reserved_mem();
 * arch/x86/kernel/setup_percpu.c.
 */
import { INIT_LIST_HEAD } from '../../kernel/include/linux/list.h.js';
import { ZONE_NAMES } from '../../machine/zoneNames.js';
import type { Kernel } from '../../machine/kernel.js';
import {
  asCell,
  asVirt,
  PAGE_SHIFT,
  PAGE_SIZE,
  type Cell,
  type VirtAddr,
} from '../../memory/address.js';
import { cacheRecords } from './bootRecord.js';
import { writeKmallocInfo } from './kmallocInfo.js';
import { symbolAddress } from './profileFacts.js';
import { writeSlabAttributes } from '../slabAttributes.js';
import { writeResources } from './resources.js';
import { ROOT_SYMBOL } from './tables/bootTables.js';
import type { MemRange } from './memblock.js';
import type { BootLayout } from './setupArch.js';

export class KernelData {
  private stringsEnd: VirtAddr;

  constructor(
    private readonly mm: Kernel,
    private readonly layout: BootLayout,
  ) {
    this.stringsEnd = symbolAddress(mm.profile, '__start_rodata');
  }

  write(): void {
    this.writeStrings();
    this.writeCacheNames();
    this.writeSlabAttributes();
    this.writeMemoryGlobals();
    this.writeNames();
    this.writePageTableGlobals();
    this.writeCpus();
    this.writeCma();
    writeResources(this.mm, this.layout, this);
  }

  /** A new string; its address. */
  string(text: string): VirtAddr {
    const at = this.stringsEnd;
    this.bytes(at, text);
    this.stringsEnd = asVirt(at + text.length + 1);
    return at;
  }

  /** Room for a structure. */
  room(sizeBytes: number): VirtAddr {
    const at = asVirt(Math.ceil(this.stringsEnd / 8) * 8);
    this.stringsEnd = asVirt(at + sizeBytes);
    return at;
  }

  private writeStrings(): void {
    const { mm } = this;
    const { profile } = mm;
    this.bytes(
      symbolAddress(profile, 'linux_banner'),
      `Linux version ${profile.release} (mmscope)\n`,
    );
    for (const [type, name] of Object.entries(ZONE_NAMES)) {
      const zone = profile.findConstant(type);
      if (zone === undefined) continue;
      const at = this.string(name);
      this.pointer(mm.symbol('zone_names') + zone * mm.ptr_words, at);
      this.pointer((mm.zones[zone] as Cell) + mm.zone.name, at);
    }
    const migratetypes = ['Unmovable', 'Movable', 'Reclaimable', 'HighAtomic', 'CMA', 'Isolate'];
    migratetypes.forEach((name, type) =>
      this.pointer(mm.symbol('migratetype_names') + type * mm.ptr_words, this.string(name)),
    );
  }

  /** Each where this build has it; and the constants that sysfs is made with. */
  private writeCacheNames(): void {
    const { mm } = this;
    const rodata = symbolAddress(mm.profile, '__start_rodata');
    for (const { name, nameOffset } of cacheRecords(mm.profile)) {
      if (nameOffset === undefined) continue;
      const at = asVirt(rodata + nameOffset);
      this.bytes(at, name);
      mm.machine.addLiteral(name, at);
    }
    for (const text of ['', 'kernel', 'slab']) mm.machine.addLiteral(text, this.string(text));
    writeKmallocInfo(mm);
  }

  /** The files of a SLUB cache. */
  private writeSlabAttributes(): void {
    const { mm } = this;
    if (mm.globals.slab_attrs === 0) return;
    writeSlabAttributes(mm, {
      string: (text) => this.string(text),
      take: (sizeBytes, align) => {
        const at = Math.ceil(this.stringsEnd / align) * align;
        this.stringsEnd = asVirt(at + sizeBytes);
        return asVirt(at);
      },
    });
  }

  private writeMemoryGlobals(): void {
    const { mm, layout } = this;
    const { maxPfn, maxLowPfn, zones, ranges } = layout;
    this.long('max_pfn', maxPfn);
    this.long('max_possible_pfn', maxPfn);
    this.long('max_low_pfn', maxLowPfn);
    this.long('min_low_pfn', ranges[0]?.start ?? 0);
    this.long('max_pfn_mapped', maxLowPfn);
    this.long('max_low_pfn_mapped', Math.min(maxLowPfn, 0x100000));
    this.long('highstart_pfn', maxLowPfn);
    this.long('highend_pfn', maxPfn);
    this.long('highest_memmap_pfn', (ranges.at(-1)?.end ?? 0) - 1);
    this.word('sysctl_page_lock_unfairness', 5);
    if (layout.vmallocReserve > 0) this.word('__VMALLOC_RESERVE', layout.vmallocReserve);
    this.global('high_memory', mm.linear.pageOffset + maxLowPfn * PAGE_SIZE);
    if (mm.sparsemem) this.writeSections();
    else {
      this.long('max_mapnr', maxPfn);
      this.global('mem_map', layout.memmap.base);
    }
    const nrZones = mm.profile.constant('MAX_NR_ZONES');
    for (let zone = nrZones - 1; zone >= 0; zone--)
      if (zone !== mm.ZONE_MOVABLE && (zones[zone]?.spanned ?? 0) > 0) {
        this.word('movable_zone', zone);
        break;
      }
    const physBase = layout.kernel.phys(layout.kernel.start) - this.linkedPhys();
    if (mm.profile.arch === 'x86_64') this.long('phys_base', physBase);
    // One node, which has everything but being a generic initiator, the last state.
    const states = mm.profile.symbol('node_states');
    if (states !== undefined)
      for (let at = 0; at < states.sizeBytes - mm.profile.pointerSize; at += mm.profile.pointerSize)
        mm.write_long(mm.cell_of(asVirt(states.address + at)), 1);
  }

  /** The table of names, and the function that prints the name of a file which is in no directory. */
  private writeNames(): void {
    const { mm, layout } = this;
    const { start, end } = layout.dentryHash;
    this.global('dentry_hashtable', mm.linear.pageOffset + start);
    this.word('d_hash_shift', 32 - Math.log2((end - start) / mm.profile.pointerSize));
    const simple_dname = symbolAddress(mm.profile, 'simple_dname');
    this.pointer(mm.symbol('anon_ops') + mm.dentry_operations.d_dname, simple_dname);
  }

  private writePageTableGlobals(): void {
    const { mm, layout } = this;
    const { profile } = mm;
    const { tables } = layout;
    const root = symbolAddress(profile, ROOT_SYMBOL[profile.arch]);
    this.pointer(mm.symbol('init_mm') + mm.mm_struct.pgd, root);
    const pgd_list = mm.findSymbol('pgd_list');
    if (pgd_list !== undefined) INIT_LIST_HEAD(mm, pgd_list);
    // Every bit of an entry: NX and G are supported where they exist.
    this.longs('__supported_pte_mask', -1);
    this.longs('__default_kernel_pte_mask', -1);
    if (profile.arch === 'x86_64') return;
    const pkmap = tables.find(asVirt(profile.constant('PKMAP_BASE')));
    if (pkmap !== undefined) this.global('pkmap_page_table', tables.direct(pkmap));
  }

  private linkedPhys(): number {
    return this.layout.kernel.start - this.mm.profile.constant('__START_KERNEL_map');
  }

  /** mem_section[] and the usage structures, without their pageblock bits. */
  private writeSections(): void {
    const { mm, layout } = this;
    const { sections } = layout;
    if (sections === undefined) return;
    const { profile } = mm;
    const direct = (phys: number): VirtAddr => asVirt(mm.linear.pageOffset + phys);
    const cellAt = (phys: number): Cell => mm.cell_of(direct(phys));
    const perRoot = PAGE_SIZE / (mm.stride.mem_section * 4);
    const flags = ['MARKED_PRESENT', 'HAS_MEM_MAP', 'IS_ONLINE', 'IS_EARLY'].reduce(
      (bits, name) => bits | (1 << profile.constant(`SECTION_${name}_BIT`)),
      0,
    );
    this.global('mem_section', direct(sections.table.start));
    for (const [root, page] of sections.roots)
      this.pointer(cellAt(sections.table.start) + root * mm.ptr_words, direct(page));
    sections.present.forEach((nr, i) => {
      const root = sections.roots.get(Math.floor(nr / perRoot)) ?? 0;
      const section = cellAt(root) + (nr % perRoot) * mm.stride.mem_section;
      const usage = sections.usages.start + i * sections.usageBytes;
      this.pointer(section + mm.mem_section.section_mem_map, asVirt(layout.memmap.base + flags));
      this.pointer(section + mm.mem_section.usage, direct(usage));
      this.writeSubsections(nr, cellAt(usage) + mm.mem_section_usage.subsection_map);
    });
    this.long('__highest_present_section_nr', sections.present.at(-1) ?? 0);
  }

  /** A bit for each 2 MiB that has memory. */
  private writeSubsections(section: number, map: number): void {
    const { mm, layout } = this;
    const perSection = mm.PAGES_PER_SECTION;
    const pagesPerSubsection = perSection / 64;
    for (const { start, end } of layout.ranges) {
      const first = Math.max(start, section * perSection) - section * perSection;
      const last = Math.min(end, (section + 1) * perSection) - section * perSection;
      for (
        let pfn = first;
        pfn < last;
        pfn = (Math.floor(pfn / pagesPerSubsection) + 1) * pagesPerSubsection
      ) {
        const bit = Math.floor(pfn / pagesPerSubsection);
        const word = map + (bit >> 5);
        mm.write(word, (mm.words[word] as number) | (1 << (bit & 31)));
      }
    }
  }

  private writeCpus(): void {
    const { mm, layout } = this;
    const { units } = layout.perCpu;
    const all = 2 ** units.length - 1;
    this.long('__cpu_possible_mask', all);
    this.long('__cpu_online_mask', all);
    if (!mm.smp) return;
    this.word('nr_cpu_ids', units.length);
    const offsets = mm.symbol('__per_cpu_offset');
    units.forEach((unit, cpu) => {
      const base = asVirt(mm.linear.pageOffset + unit);
      this.pointer(offsets + cpu * mm.ptr_words, base);
      const at = (name: string): Cell => mm.cell_of(asVirt(base + symbolAddress(mm.profile, name)));
      this.pointer(at('this_cpu_off'), base);
      mm.write(at('cpu_number'), cpu);
    });
  }

  /** cma_init_reserved_mem() */
  private writeCma(): void {
    const { cma, hugetlbCma } = this.layout;
    let count = 0;
    if (cma !== undefined)
      this.global('dma_contiguous_default_area', this.writeCmaArea(count++, cma, 'reserved', 0));
    // HUGETLB_PAGE_ORDER
    const order = this.mm.PMD_SHIFT - PAGE_SHIFT;
    if (hugetlbCma !== undefined)
      this.global('hugetlb_cma', this.writeCmaArea(count++, hugetlbCma, 'hugetlb0', order));
    if (count === 0) return;
    this.word('cma_area_count', count);
    const bytes = [cma, hugetlbCma].reduce(
      (sum, area) => sum + (area ? area.end - area.start : 0),
      0,
    );
    this.long('totalcma_pages', bytes / PAGE_SIZE);
  }

  private writeCmaArea(index: number, area: MemRange, name: string, order: number): VirtAddr {
    const { mm } = this;
    const cma = mm.symbol('cma_areas') + index * mm.stride.cma;
    mm.write_long(cma + mm.cma.base_pfn, area.start / PAGE_SIZE);
    mm.write_long(cma + mm.cma.count, (area.end - area.start) / PAGE_SIZE);
    mm.write(cma + mm.cma.order_per_bit, order);
    const at = asVirt(symbolAddress(mm.profile, 'cma_areas') + index * mm.stride.cma * 4);
    this.bytes(asVirt(at + mm.cma.name), name);
    return at;
  }

  // --- writing by name ---------------------------------------------------------------------------------------------------

  private word(name: string, value: number): void {
    const at = this.mm.findSymbol(name);
    if (at !== undefined) this.mm.write(at, value);
  }

  private long(name: string, value: number): void {
    const at = this.mm.findSymbol(name);
    if (at !== undefined) this.mm.write_long(at, value);
  }

  /** A variable of as many words as it has, all with the same value. */
  private longs(name: string, value: number): void {
    const symbol = this.mm.profile.symbol(name);
    const at = this.mm.findSymbol(name);
    if (symbol === undefined || at === undefined) return;
    for (let i = 0; i < symbol.sizeBytes / 4; i++) this.mm.write(at + i, value);
  }

  /** A pointer variable. */
  private global(name: string, value: number): void {
    const at = this.mm.findSymbol(name);
    if (at !== undefined) this.pointer(at, value);
  }

  private pointer(at: number, value: number): void {
    this.mm.write_long(at, value);
  }

  private bytes(va: VirtAddr, text: string): void {
    for (let i = 0; i <= text.length; i++) {
      const at = va + i;
      const cell = this.mm.cell_of(asVirt(at - (at & 3)));
      this.mm.write8(asCell(cell), at & 3, i < text.length ? text.charCodeAt(i) : 0);
    }
  }
}
