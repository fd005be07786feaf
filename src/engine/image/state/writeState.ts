/**
 * Writes what a recorded state says into an image under construction: everything but mem_map, which is produced by rule.
 *
 * Source: Linux 6.1 include/linux/mmzone.h; mm/page_alloc.c: build_zonelists(), setup_zone_pageset(),
 * free_area_init_core(); mm/sparse.c: sparse_init_one_section(); mm/vmstat.c.
 */
import { byteOffset } from '../../types/named.js';
import type { Kernel } from '../../machine/kernel.js';
import { is_highmem_idx, SWAP_CLUSTER_MAX } from '../../entry/functions.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { KernelImage } from '../kernelImage.js';
import type { ListEnds } from './listLinks.js';
import { Members } from './members.js';
import {
  COMPACT_MEMBERS,
  NODE_GLOBALS,
  PCP_MEMBERS,
  PGDAT_MEMBERS,
  WMARK_MEMBERS,
  ZONE_MEMBERS,
} from './memberTables.js';
import { nodeCounters } from './nodeCounters.js';
import type { SectionTables } from './area.js';
import type { Placement } from './placement.js';
import type { RecordedState } from './recordedState.js';
import type { PcpDump, PopulatedZone, ZoneDump } from './zonesDump.js';

/** kernel/dma/contiguous.c: dma_contiguous_reserve_area(). */
const DEFAULT_CMA_NAME = 'reserved';

export class StateWriter {
  private readonly mm: Kernel;
  private readonly members: Members;
  private readonly node: VirtAddr;

  constructor(
    private readonly image: KernelImage,
    private readonly state: RecordedState,
    private readonly placement: Placement,
  ) {
    this.mm = image.mm;
    this.members = new Members(image.mm);
    this.node = this.mm.va_of(this.mm.symbol('contig_page_data'));
  }

  /** Where the page set of a zone and CPU lies. */
  pagesetAddress(zone: number, cpu: number): VirtAddr {
    const { pagesets, perCpuBases } = this.placement.area;
    return asVirt((perCpuBases[cpu] ?? 0) + (pagesets[zone] ?? 0));
  }

  /** @param lists the ends of every free list and per-CPU list */
  write(lists: readonly ListEnds[]): void {
    for (const zone of this.state.zones.zones) this.writeZone(zone);
    for (const list of lists) {
      this.setPointer(list.head, list.next);
      this.setPointer(list.head + this.mm.list_head.prev * 4, list.prev);
    }
    this.writeNode();
    this.writeGlobals();
    for (const { index, populated } of this.state.zones.zones)
      if (populated === undefined) this.writeEmptyWatermarks(index);
    this.writePerCpu();
    this.writeCma();
    if (this.placement.area.sectionTables) this.writeSections(this.placement.area.sectionTables);
  }

  // --- zones -----------------------------------------------------------------------------------------------------------

  private writeZone(dump: ZoneDump): void {
    const { members, mm } = this;
    const { area } = this.placement;
    const at = this.zoneAddress(dump.index);
    const zone = this.cell(at);
    members.set(zone, 'zone', 'zone_pgdat', this.node);
    const name = area.names[dump.index] ?? asVirt(0);
    this.writeString(name, dump.name);
    members.set(zone, 'zone', 'name', name);
    const zoneNames = mm.profile.symbol('zone_names');
    if (zoneNames) this.setPointer(zoneNames.address + dump.index * mm.profile.pointerSize, name);
    members.set(zone, 'zone', 'per_cpu_zonestats', this.staticPerCpu('boot_zonestats'));
    if (dump.populated === undefined) {
      members.set(zone, 'zone', 'per_cpu_pageset', this.staticPerCpu('boot_pageset'));
      return;
    }
    this.writePopulated(zone, dump.index, dump.populated);
  }

  private writePopulated(zone: number, index: number, dump: PopulatedZone): void {
    const { members, mm } = this;
    const { area } = this.placement;
    members.setAll(zone, 'zone', ZONE_MEMBERS, dump.fields);
    members.setAll(zone, 'zone', WMARK_MEMBERS, dump.wmark);
    members.setAll(zone, 'zone', COMPACT_MEMBERS, dump.compact);
    members.set(zone, 'zone', 'initialized', 1);
    members.set(zone, 'zone', 'per_cpu_pageset', area.pagesets[index] ?? 0);
    dump.lowmem_reserve.forEach((pages, i) =>
      members.set(zone, 'zone', `lowmem_reserve[${i}]`, pages),
    );
    dump.stat.forEach(({ value }, i) => members.set(zone, 'zone', `vm_stat[${i}].counter`, value));
    dump.free_area.forEach(({ nr_free }, order) =>
      members.set(zone, 'zone', `free_area[${order}].nr_free`, nr_free),
    );
    const [pcp] = dump.pcp;
    members.set(zone, 'zone', 'pageset_high', pcp?.fields.high ?? 0);
    members.set(zone, 'zone', 'pageset_batch', pcp?.fields.batch ?? 0);
    for (const set of dump.pcp) this.writePageset(index, set);
    if (mm.smp) this.writeZonestats(zone, index, dump);
    this.writePageblocks(zone, index, dump);
  }

  /** A zone without pages is left out of a dump, but for its name: its marks follow from what kind of zone it is. */
  private writeEmptyWatermarks(index: number): void {
    if (!is_highmem_idx(this.mm, index)) return;
    // The least that __setup_per_zone_wmarks() gives one.
    const pages = SWAP_CLUSTER_MAX;
    const zone = this.cell(this.zoneAddress(index));
    const marks = { min: pages, low: pages, high: pages, promo: pages, boost: 0, highatomic: 0 };
    this.members.setAll(zone, 'zone', WMARK_MEMBERS, { ...marks, drift: 0 });
  }

  private writePageset(zone: number, pcp: PcpDump): void {
    const cell = this.cell(this.pagesetAddress(zone, pcp.cpu));
    this.members.setAll(cell, 'per_cpu_pages', PCP_MEMBERS, pcp.fields);
  }

  private writeZonestats(zone: number, index: number, dump: PopulatedZone): void {
    const { zonestats, perCpuBases } = this.placement.area;
    const offset = zonestats[index] ?? 0;
    this.members.set(zone, 'zone', 'per_cpu_zonestats', offset);
    for (const { cpu, threshold, diff } of dump.statdiff) {
      const cell = this.cell((perCpuBases[cpu] ?? 0) + offset);
      this.members.set(cell, 'per_cpu_zonestat', 'stat_threshold', threshold);
      diff.forEach((value, i) =>
        this.members.set(cell, 'per_cpu_zonestat', `vm_stat_diff[${i}]`, value),
      );
    }
  }

  /** Four bits a pageblock, the lowest first. FLATMEM: in the zone's own bitmap. SPARSEMEM: in the section's usage. */
  private writePageblocks(zone: number, index: number, dump: PopulatedZone): void {
    const { pageblocks } = dump;
    if (pageblocks === undefined) return;
    const { mm } = this;
    const flags = this.placement.area.pageblockFlags[index];
    if (flags !== undefined) this.members.set(zone, 'zone', 'pageblock_flags', flags);
    pageblocks.types.forEach((type, i) => {
      const pfn = pageblocks.start + i * mm.pageblock_nr_pages;
      const bits = flags === undefined ? this.usageBits(pfn) : this.cell(flags);
      if (bits === undefined) return;
      const block = flags === undefined ? (pfn % mm.PAGES_PER_SECTION) / mm.pageblock_nr_pages : i;
      const shift = (block & 7) * 4;
      this.image.tape.writeBits(asCell(bits + (block >> 3)), 0xf << shift, type << shift);
    });
  }

  private usageBits(pfn: number): number | undefined {
    const section = Math.floor(pfn / this.mm.PAGES_PER_SECTION);
    const usage = this.placement.area.sectionTables?.usages.get(section);
    return usage && this.cell(usage) + this.mm.mem_section_usage.pageblock_flags;
  }

  // --- node and globals ------------------------------------------------------------------------------------------------

  private writeNode(): void {
    const { members, state } = this;
    const node = this.cell(this.node);
    members.setAll(node, 'pglist_data', PGDAT_MEMBERS, state.zones.node);
    const populated = state.zones.zones.filter((zone) => zone.populated !== undefined);
    members.set(node, 'pglist_data', 'nr_zones', Math.max(...populated.map((z) => z.index)) + 1);
    state.zones.zonelist.forEach((zone, i) => {
      const ref = `node_zonelists[0]._zonerefs[${i}]`;
      members.set(node, 'pglist_data', `${ref}.zone`, this.zoneAddress(zone));
      members.set(node, 'pglist_data', `${ref}.zone_idx`, zone);
    });
  }

  private writeGlobals(): void {
    const { members, state, mm, placement } = this;
    const { profile } = mm;
    const { node } = state.zones;
    for (const [field, global] of Object.entries(NODE_GLOBALS) as [
      keyof typeof NODE_GLOBALS,
      string,
    ][])
      members.setGlobal(global, node[field]);
    const constants = {
      gfp_allowed_mask: mm.__GFP_BITS_MASK,
      watermark_boost_factor: profile.constant('watermark_boost_factor'),
      watermark_scale_factor: profile.constant('watermark_scale_factor'),
      user_min_free_kbytes: profile.constant('user_min_free_kbytes'),
      // Until a report taints the kernel.
      debug_locks: 1,
    };
    for (const [global, value] of Object.entries(constants)) members.setGlobal(global, value);
    members.setGlobal('totalreserve_pages', node.totalreserve);
    members.setGlobal('max_pfn', placement.maxPfn);
    members.setGlobal('max_low_pfn', placement.maxLowPfn);
    members.setGlobal('highest_memmap_pfn', placement.maxPfn - 1);
    members.setGlobal('high_memory', placement.linear.pageOffset + placement.maxLowPfn * PAGE_SIZE);
    members.setGlobal(
      'totalcma_pages',
      this.sumOfZones((zone) => zone.fields.cma),
    );
    members.setGlobal('nr_cpu_ids', this.image.nrCpus);
    for (const cpus of ['__cpu_possible_mask', '__cpu_online_mask', '__cpu_present_mask'])
      members.setGlobal(cpus, (1 << this.image.nrCpus) - 1);
    if (placement.sections.length === 0) {
      members.setGlobal('mem_map', placement.memmap.base);
      members.setGlobal('max_mapnr', placement.maxPfn);
      members.setGlobal('highstart_pfn', placement.maxLowPfn);
      members.setGlobal('highend_pfn', placement.maxPfn);
      const inHighmem = (zone: PopulatedZone): number =>
        zone.fields.start >= placement.maxLowPfn ? zone.fields.managed : 0;
      members.setGlobal('_totalhigh_pages', this.sumOfZones(inHighmem));
    }
    this.writeGlobalCounters();
    this.writeNodeCounters();
  }

  /** `vm_zone_stat[]`: the zones' counters together. */
  private writeGlobalCounters(): void {
    const symbol = this.mm.profile.symbol('vm_zone_stat');
    if (symbol === undefined) return;
    const nrItems = symbol.sizeBytes / this.mm.profile.pointerSize;
    for (let i = 0; i < nrItems; i++) {
      const at = symbol.address + i * this.mm.profile.pointerSize;
      this.setPointer(
        at,
        this.sumOfZones((zone) => zone.stat[i]?.value ?? 0),
      );
    }
  }

  /** The node's counters, `vm_node_stat[]` and its own, as far as the pages tell them. */
  private writeNodeCounters(): void {
    const { mm } = this;
    const { pointerSize } = mm.profile;
    const global = mm.profile.symbol('vm_node_stat')?.address ?? 0;
    const own = this.node + byteOffset(mm.profile, 'pglist_data', 'vm_stat');
    for (const [item, pages] of nodeCounters(mm, this.state))
      for (const array of [global, own]) this.setPointer(array + item * pointerSize, pages);
  }

  private sumOfZones(of: (zone: PopulatedZone) => number): number {
    return this.state.zones.zones.reduce(
      (sum, { populated }) => sum + (populated === undefined ? 0 : of(populated)),
      0,
    );
  }

  private writePerCpu(): void {
    const { profile } = this.mm;
    const offsets = profile.symbol('__per_cpu_offset');
    const self = profile.symbol('this_cpu_off');
    this.placement.area.perCpuBases.forEach((base, cpu) => {
      if (offsets) this.setPointer(offsets.address + cpu * profile.pointerSize, base);
      if (self) this.setPointer(self.address + base, base);
    });
  }

  /** The default CMA area, with no page handed out: what is, only a %cma dump tells (cmaDump.ts). */
  private writeCma(): void {
    const { mm, members } = this;
    const { cmaBitmap } = this.placement.area;
    const area = mm.profile.symbol('cma_areas');
    const base_pfn = this.firstCmaPfn();
    if (cmaBitmap === undefined || area === undefined || base_pfn === undefined) return;
    const cell = this.cell(area.address);
    members.set(cell, 'cma', 'base_pfn', base_pfn);
    members.set(
      cell,
      'cma',
      'count',
      this.sumOfZones((zone) => zone.fields.cma),
    );
    members.set(cell, 'cma', 'bitmap', cmaBitmap);
    this.writeString(asVirt(area.address + mm.cma.name), DEFAULT_CMA_NAME);
    members.setGlobal('cma_area_count', 1);
    members.setGlobal('dma_contiguous_default_area', area.address);
  }

  private firstCmaPfn(): number | undefined {
    for (const { populated } of this.state.zones.zones) {
      const { start, order, types } = populated?.pageblocks ?? { start: 0, order: 0, types: [] };
      const block = types.findIndex(
        (type) => (type & this.mm.MIGRATETYPE_MASK) === this.mm.MIGRATE_CMA,
      );
      if (block >= 0) return start + block * 2 ** order;
    }
    return undefined;
  }

  // --- sections --------------------------------------------------------------------------------------------------------

  private writeSections(tables: SectionTables): void {
    const { mm, members, placement } = this;
    const { profile } = mm;
    members.setGlobal('mem_section', tables.roots);
    for (const [root, page] of tables.rootPages)
      this.setPointer(tables.roots + root * profile.pointerSize, page);
    const perRoot = PAGE_SIZE / (mm.stride.mem_section * 4);
    // Present, with a mem_map, online, there since boot.
    const bits = [
      'SECTION_MARKED_PRESENT_BIT',
      'SECTION_HAS_MEM_MAP_BIT',
      'SECTION_IS_ONLINE_BIT',
      'SECTION_IS_EARLY_BIT',
    ].reduce((mask, bit) => mask | (1 << profile.constant(bit)), 0);
    for (const section of placement.sections) {
      const page = tables.rootPages.get(Math.floor(section / perRoot)) ?? asVirt(0);
      const entry = this.cell(page + (section % perRoot) * mm.stride.mem_section * 4);
      const usage = tables.usages.get(section) ?? asVirt(0);
      // The section's own array is a part of vmemmap, so what is stored is the same for all.
      members.set(entry, 'mem_section', 'section_mem_map', placement.memmap.base + bits);
      members.set(entry, 'mem_section', 'usage', usage);
      this.setPointer(usage + byteOffset(mm.profile, 'mem_section_usage', 'subsection_map'), -1);
    }
  }

  // --- words -----------------------------------------------------------------------------------------------------------

  private zoneAddress(index: number): VirtAddr {
    return asVirt(this.node + (this.mm.pglist_data.node_zones + index * this.mm.stride.zone) * 4);
  }

  /** What a zone without a page set of its own points to: on SMP relative to a CPU's base, as all per-CPU pointers. */
  private staticPerCpu(name: string): VirtAddr {
    return this.mm.profile.symbol(name)?.address ?? asVirt(0);
  }

  private cell(va: number): number {
    const cell = this.mm.cell_of(asVirt(va));
    if (cell === 0) throw new Error(`nothing is mapped at ${this.mm.hex(asVirt(va))}`);
    return cell;
  }

  private setPointer(at: number, value: number): void {
    this.mm.write_long(this.cell(at), value);
  }

  private writeString(at: VirtAddr, text: string): void {
    const cell = this.cell(at - (at & 3));
    for (let i = 0; i <= text.length; i++)
      this.mm.write8(cell, (at & 3) + i, i < text.length ? text.charCodeAt(i) : 0);
  }
}
