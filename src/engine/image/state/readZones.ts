/**
 * Reads an image back as the recorder would have dumped it: the same structure that a `%zones` dump parses to.
 *
 * It follows the kernel's own pointers, so it says what the memory says; a list that is damaged is an ImageError that names
 * the list and the page.
 */
import { per_cpu_ptr } from '../../kernel/include/linux/percpu-defs.h.js';
import type { Kernel } from '../../machine/kernel.js';
import { KernelFault } from '../../machine/events.js';
import { zone_stat_name } from '../../entry/functions.js';
import { asCell, asVirt, PAGE_SIZE } from '../../memory/address.js';
import { migratetypeName } from '../../types/enumName.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { Members } from './members.js';
import {
  COMPACT_MEMBERS,
  NODE_GLOBALS,
  PCP_MEMBERS,
  PGDAT_MEMBERS,
  WMARK_MEMBERS,
  ZONE_MEMBERS,
} from './memberTables.js';
import type {
  FreeAreaDump,
  PageblocksDump,
  PcpDump,
  PcpList,
  PopulatedZone,
  ZoneDump,
  ZonesDump,
} from './zonesDump.js';

/** What the recorder prints for a pageblock without struct pages: type and skip bit all ones. */
const NO_PAGEBLOCK = 15;

/** @throws ImageError when a list is damaged */
export function readZones(image: KernelImage): ZonesDump {
  return new ZoneReader(image).read();
}

/** `free_area[3].free_list[MIGRATE_MOVABLE]` */
export const freeListName = (mm: Kernel, order: number, migratetype: number): string =>
  `free_area[${order}].free_list[${migratetypeName(mm.profile, migratetype)}]`;

export const pcpListName = (pindex: number): string => `per_cpu_pageset->lists[${pindex}]`;

class ZoneReader {
  private readonly mm: Kernel;
  private readonly members: Members;

  constructor(private readonly image: KernelImage) {
    this.mm = image.mm;
    this.members = new Members(image.mm);
  }

  read(): ZonesDump {
    const { members, mm } = this;
    const node = mm.symbol('contig_page_data');
    const pointer = (member: string): number =>
      members.get(node, 'pglist_data', member) === 0 ? 0 : 1;
    const globals = Object.entries(NODE_GLOBALS).map(([field, name]) => [
      field,
      members.global(name) ?? 0,
    ]);
    return {
      node: {
        ...members.getAll(node, 'pglist_data', PGDAT_MEMBERS),
        ...(Object.fromEntries(globals) as Record<keyof typeof NODE_GLOBALS, number>),
        kswapd: pointer('kswapd'),
        kcompactd: pointer('kcompactd'),
      },
      zonelist: this.readZonelist(node),
      zones: Array.from({ length: mm.MAX_NR_ZONES }, (_, i) => this.readZone(node, i)),
    };
  }

  private readZonelist(node: number): number[] {
    const { mm } = this;
    const zones: number[] = [];
    let ref = node + mm.pglist_data.node_zonelists + mm.zonelist._zonerefs;
    while (mm.words[ref] !== 0) {
      zones.push(mm.words[ref + mm.zoneref.zone_idx] ?? 0);
      ref += mm.stride.zoneref;
    }
    return zones;
  }

  private readZone(node: number, index: number): ZoneDump {
    const { members, mm } = this;
    const zone = node + mm.pglist_data.node_zones + index * mm.stride.zone;
    const name = this.readString(members.get(zone, 'zone', 'name'));
    const fields = members.getAll(zone, 'zone', ZONE_MEMBERS);
    if (fields.present === 0) return { index, name, populated: undefined };
    const populated: PopulatedZone = {
      at: mm.va_of(asCell(zone)),
      fields,
      wmark: members.getAll(zone, 'zone', WMARK_MEMBERS),
      lowmem_reserve: Array.from({ length: mm.MAX_NR_ZONES }, (_, i) =>
        members.get(zone, 'zone', `lowmem_reserve[${i}]`),
      ),
      compact: members.getAll(zone, 'zone', COMPACT_MEMBERS),
      stat: this.readStat(zone),
      statdiff: mm.smp ? this.readStatdiff(zone) : [],
      free_area: Array.from({ length: mm.MAX_ORDER }, (_, order) =>
        this.readFreeArea(zone, name, order),
      ),
      pcp: Array.from({ length: this.nrOnline }, (_, cpu) => this.readPcp(zone, name, cpu)),
      pageblocks: this.readPageblocks(zone, fields.start, fields.spanned),
    };
    return { index, name, populated };
  }

  /** CPUs whose page sets are in use. */
  private get nrOnline(): number {
    let mask = this.members.global('__cpu_online_mask') ?? 1;
    let nr = 0;
    for (; mask !== 0; mask &= mask - 1) nr++;
    return Math.max(1, nr);
  }

  private readStat(zone: number): PopulatedZone['stat'] {
    return statNames(this.mm).map((name, i) => ({
      name,
      value: this.mm.read_long(zone + this.mm.zone.vm_stat + i * this.mm.ptr_words),
    }));
  }

  private readStatdiff(zone: number): PopulatedZone['statdiff'] {
    const { mm, members } = this;
    return Array.from({ length: this.nrOnline }, (_, cpu) => {
      const stats = per_cpu_ptr(mm, zone + mm.zone.per_cpu_zonestats, cpu);
      return {
        cpu,
        threshold: members.get(stats, 'per_cpu_zonestat', 'stat_threshold'),
        diff: statNames(mm).map((_name, i) =>
          members.get(stats, 'per_cpu_zonestat', `vm_stat_diff[${i}]`),
        ),
      };
    });
  }

  private readFreeArea(zone: number, zoneName: string, order: number): FreeAreaDump {
    const { mm } = this;
    const area = zone + mm.zone.free_area + order * mm.stride.free_area;
    const lists = Array.from({ length: mm.MIGRATE_TYPES }, (_, migratetype) =>
      this.readList(
        area + migratetype * mm.stride.list_head,
        () => `zone ${zoneName} ${freeListName(mm, order, migratetype)}`,
      ),
    );
    return {
      nr_free: mm.read_ulong(area + mm.free_area.nr_free),
      lengths: lists.map((list) => list.length),
      lists,
    };
  }

  private readPcp(zone: number, zoneName: string, cpu: number): PcpDump {
    const { mm, members } = this;
    const pcp = per_cpu_ptr(mm, zone + mm.zone.per_cpu_pageset, cpu);
    const lists = new Map<number, PcpList>();
    for (let pindex = 0; pindex < mm.NR_PCP_LISTS; pindex++) {
      const pfns = this.readList(
        pcp + mm.per_cpu_pages.lists + pindex * mm.stride.list_head,
        () => `zone ${zoneName} ${pcpListName(pindex)}`,
      );
      if (pfns.length === 0) continue;
      const migratetypes = pfns.map((pfn) => mm.read_ulong(mm.pfn_to_page(pfn) + mm.page.index));
      lists.set(pindex, { pfns, migratetypes });
    }
    return { cpu, fields: members.getAll(pcp, 'per_cpu_pages', PCP_MEMBERS), lists };
  }

  /** The pages of a list, head to tail. */
  private readList(head: number, name: () => string): number[] {
    const { mm } = this;
    const pfns: number[] = [];
    let at = head;
    let last = 'the head';
    for (;;) {
      const next = this.follow(at, name, last);
      if (next === head) return pfns;
      const pfn = mm.page_to_pfn(next - mm.page.lru);
      last = `page 0x${pfn.toString(16)}`;
      if (mm.pfn_to_page(pfn) + mm.page.lru !== next || pfns.length > this.image.maxPfn)
        throw new ImageError(`${name()} is damaged: it does not end after ${last}.`);
      pfns.push(pfn);
      at = next;
    }
  }

  private follow(at: number, name: () => string, last: string): number {
    try {
      const next = this.mm.read_ptr(at);
      if (next !== 0) return next;
    } catch (error) {
      if (!(error instanceof KernelFault)) throw error;
    }
    throw new ImageError(`${name()} is damaged: ${last} leads nowhere.`);
  }

  private readPageblocks(zone: number, startPfn: number, spanned: number): PageblocksDump {
    const { mm } = this;
    const start = startPfn - (startPfn % mm.pageblock_nr_pages);
    const nrBlocks = Math.ceil((startPfn + spanned - start) / mm.pageblock_nr_pages);
    const types = Array.from({ length: nrBlocks }, (_, block) => {
      const pfn = start + block * mm.pageblock_nr_pages;
      const bits = mm.sparsemem ? this.usageBits(pfn) : mm.read_ptr(zone + mm.zone.pageblock_flags);
      if (bits === 0) return NO_PAGEBLOCK;
      const entry = mm.sparsemem ? (pfn % mm.PAGES_PER_SECTION) / mm.pageblock_nr_pages : block;
      return ((mm.words[bits + (entry >> 3)] ?? 0) >>> ((entry & 7) * 4)) & 0xf;
    });
    return { start, order: mm.pageblock_order, types };
  }

  /** The pageblock bits of the section of `pfn`; 0 where there is no memory. */
  private usageBits(pfn: number): number {
    const { mm, members } = this;
    const perRoot = PAGE_SIZE / (mm.stride.mem_section * 4);
    const section = Math.floor(pfn / mm.PAGES_PER_SECTION);
    const roots = mm.read_ptr(mm.symbol('mem_section'));
    const root = mm.read_ptr(roots + Math.floor(section / perRoot) * mm.ptr_words);
    if (root === 0) return 0;
    const entry = root + (section % perRoot) * mm.stride.mem_section;
    if (members.get(entry, 'mem_section', 'section_mem_map') === 0) return 0;
    return mm.read_ptr(entry + mm.mem_section.usage) + mm.mem_section_usage.pageblock_flags;
  }

  private readString(va: number): string {
    const cell = this.mm.cell_of(asVirt(va - (va & 3)));
    if (cell === 0) return '?';
    let text = '';
    for (let i = va & 3; text.length < 16; i++) {
      const code = this.mm.read8(cell, i);
      if (code === 0) break;
      text += String.fromCharCode(code);
    }
    return text;
  }
}

/** Names of `zone->vm_stat[]` as /proc/vmstat has them. */
function statNames(mm: Kernel): string[] {
  const nrItems = mm.NR_VM_ZONE_STAT_ITEMS;
  return Array.from({ length: nrItems }, (_, item) => zone_stat_name(mm, item));
}
