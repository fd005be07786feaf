/**
 * The node and its zones before a page is free: spans, empty lists, pageblock types.
 *
 * Source: Linux 6.1 mm/page_alloc.c: free_area_init_node(), free_area_init_core(), pgdat_init_internals(),
 * memmap_init_range() (pageblock types), set_zone_contiguous().
 */
import { INIT_LIST_HEAD } from '../../kernel/list.js';
import { init_currently_empty_zone, zone_init_internals } from '../../kernel/mm_init.js';
import type { Mm } from '../../kernel/mm.js';
import { asCell, asVirt, type Cell } from '../../memory/address.js';
import { findMember } from '../../types/members.js';
import { runAt, type MapRun } from './mapRuns.js';
import type { BootLayout } from './setupArch.js';
import type { ZoneSpan } from './zones.js';

export function free_area_init(mm: Mm, layout: BootLayout): void {
  pgdat_init_internals(mm, layout);
  layout.zones.forEach((span, index) => {
    const zone = mm.zones[index] as Cell;
    mm.write_long(zone + mm.zone_spanned_pages, span.spanned);
    mm.write_long(zone + mm.zone_present_pages, span.present);
    zone_init_internals(mm, zone, layout.estimatedPages[index] ?? 0);
    if (span.spanned === 0) return;
    const usemap = layout.usemaps[index];
    if (usemap !== undefined)
      mm.write_long(zone + mm.zone_pageblock_flags, mm.linear.pageOffset + usemap.start);
    init_currently_empty_zone(mm, zone, span.start);
    setPageblockTypes(mm, layout, zone, span);
  });
}

function pgdat_init_internals(mm: Mm, layout: BootLayout): void {
  const { node } = mm;
  const long = (member: string, value: number): void =>
    mm.write_long(node + mm.offset('pglist_data', member), value);
  const populated = layout.zones.filter((zone) => zone.spanned > 0);
  long('node_start_pfn', layout.ranges[0]?.start ?? 0);
  long(
    'node_spanned_pages',
    populated.reduce((sum, zone) => sum + zone.spanned, 0),
  );
  long(
    'node_present_pages',
    populated.reduce((sum, zone) => sum + zone.present, 0),
  );
  if (mm.hasMember('pglist_data', 'node_mem_map')) {
    const nodeStart = layout.ranges[0]?.start ?? 0;
    long('node_mem_map', layout.memmap.base + nodeStart * layout.memmap.sizeofPage);
  }
  mm.write_long(
    node + mm.offset('pglist_data', 'per_cpu_nodestats'),
    mm.profile.symbol('boot_nodestats')?.address ?? 0,
  );
  for (const member of nodeLists(mm))
    INIT_LIST_HEAD(mm, asCell(node + mm.offset('pglist_data', member)));
}

/** Wait queues, LRU lists and the queue of huge pages to split, as far as this build has them. */
function nodeLists(mm: Mm): string[] {
  return [
    'kswapd_wait.head',
    'pfmemalloc_wait.head',
    'kcompactd_wait.head',
    'deferred_split_queue.split_queue',
    ...elementsOf(mm, 'reclaim_wait').map((each) => `${each}.head`),
    ...elementsOf(mm, '__lruvec.lists'),
  ].filter((member) => mm.hasMember('pglist_data', member));
}

/** `lists[0]`, `lists[1]` ...: the elements of an array in the node. */
function elementsOf(mm: Mm, member: string): string[] {
  const type = mm.profile.types.struct('pglist_data');
  const array = type && findMember(type, member)?.type;
  const length = array?.kind === 'array' ? array.length : 0;
  return Array.from({ length }, (_, i) => `${member}[${i}]`);
}

/** Blocks that begin inside memory are MOVABLE; all others stay UNMOVABLE, which is 0. */
function setPageblockTypes(mm: Mm, layout: BootLayout, zone: Cell, span: ZoneSpan): void {
  const { pageblock_nr_pages } = mm;
  for (const range of layout.ranges) {
    const start = Math.max(range.start, span.start);
    const end = Math.min(range.end, span.start + span.spanned);
    const first = Math.ceil(start / pageblock_nr_pages);
    const last = Math.ceil(end / pageblock_nr_pages);
    for (let block = first; block < last; block++) {
      const { word, shift } = pageblockBits(mm, layout, zone, span, block);
      mm.write(word, (mm.words[word] as number) | (mm.MIGRATE_MOVABLE << shift));
    }
  }
}

/** Where the four bits of a pageblock lie, found without its struct page. */
function pageblockBits(
  mm: Mm,
  layout: BootLayout,
  zone: Cell,
  span: ZoneSpan,
  block: number,
): { readonly word: number; readonly shift: number } {
  const { sections } = layout;
  if (sections === undefined) {
    const index = block - Math.floor(span.start / mm.pageblock_nr_pages);
    const map = mm.read_ptr(zone + mm.zone_pageblock_flags);
    return { word: map + (index >> 3), shift: (index & 7) * 4 };
  }
  const blocksPerSection = mm.PAGES_PER_SECTION / mm.pageblock_nr_pages;
  const section = Math.floor(block / blocksPerSection);
  const index = block % blocksPerSection;
  const usage = sections.usages.start + sections.present.indexOf(section) * sections.usageBytes;
  const map = mm.cell_of(asVirt(mm.linear.pageOffset + usage)) + mm.usage_pageblock_flags;
  return { word: map + (index >> 3), shift: (index & 7) * 4 };
}

/** set_zone_contiguous(), from the runs: looking at the pages would produce all of mem_map. */
export function set_zones_contiguous(mm: Mm, layout: BootLayout, runs: readonly MapRun[]): void {
  const blockPages = mm.pageblock_nr_pages;
  layout.zones.forEach((span, index) => {
    if (span.present === 0) return;
    const isOfZone = (pfn: number): boolean => {
      const run = runAt(runs, pfn);
      return run !== undefined && run.state !== 'absent' && run.zone === index;
    };
    const end = span.start + span.spanned;
    for (let start = span.start; start < end;) {
      const blockEnd = Math.min((Math.floor(start / blockPages) + 1) * blockPages, end);
      if (!isOfZone(start) || !isOfZone(blockEnd - 1)) return;
      start = blockEnd;
    }
    mm.write8(mm.zones[index] as Cell, mm.zone_contiguous_bytes, 1);
  });
}
