/**
 * The node and its zones before a page is free: spans, empty lists, pageblock types.
 *
 * Source: Linux 6.1 mm/page_alloc.c: free_area_init_node(), free_area_init_core(), pgdat_init_internals(),
 * memmap_init_range() (pageblock types), set_zone_contiguous().
 */
import { byteOffset, findByteOffset } from '../../types/named.js';
import { INIT_LIST_HEAD } from '../../kernel/include/linux/list.h.js';
import {
  init_currently_empty_zone,
  zone_init_internals,
} from '../../kernel/mm/page_alloc/mm_init.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, type Cell } from '../../memory/address.js';
import { findMember } from '../../types/members.js';
import type { MapRun } from './mapRuns.js';
import type { BootLayout } from './setupArch.js';
import type { ZoneSpan } from './zones.js';

export function free_area_init(mm: Kernel, layout: BootLayout): void {
  pgdat_init_internals(mm, layout);
  layout.zones.forEach((span, index) => {
    const zone = mm.zones[index] as Cell;
    mm.write_long(zone + mm.zone.spanned_pages, span.spanned);
    mm.write_long(zone + mm.zone.present_pages, span.present);
    zone_init_internals(mm, zone, layout.estimatedPages[index] ?? 0);
    if (span.spanned === 0) return;
    const usemap = layout.usemaps[index];
    if (usemap !== undefined)
      mm.write_long(zone + mm.zone.pageblock_flags, mm.linear.pageOffset + usemap.start);
    init_currently_empty_zone(mm, zone, span.start);
    setPageblockTypes(mm, layout, zone, span);
  });
}

function pgdat_init_internals(mm: Kernel, layout: BootLayout): void {
  const node = mm.symbol('contig_page_data');
  const long = (member: string, value: number): void =>
    mm.write_long(node + byteOffset(mm.profile, 'pglist_data', member) / 4, value);
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
  if (mm.pglist_data.node_mem_map >= 0) {
    const nodeStart = layout.ranges[0]?.start ?? 0;
    long('node_mem_map', layout.memmap.base + nodeStart * layout.memmap.sizeofPage);
  }
  mm.write_long(
    node + mm.pglist_data.per_cpu_nodestats,
    mm.profile.symbol('boot_nodestats')?.address ?? 0,
  );
  for (const member of nodeLists(mm))
    INIT_LIST_HEAD(mm, asCell(node + byteOffset(mm.profile, 'pglist_data', member) / 4));
}

/** Wait queues, LRU lists and the queue of huge pages to split, as far as this build has them. */
function nodeLists(mm: Kernel): string[] {
  return [
    'kswapd_wait.head',
    'pfmemalloc_wait.head',
    'kcompactd_wait.head',
    'deferred_split_queue.split_queue',
    ...elementsOf(mm, 'reclaim_wait').map((each) => `${each}.head`),
    ...elementsOf(mm, '__lruvec.lists'),
  ].filter((member) => findByteOffset(mm.profile, 'pglist_data', member) !== undefined);
}

/** `lists[0]`, `lists[1]` ...: the elements of an array in the node. */
function elementsOf(mm: Kernel, member: string): string[] {
  const type = mm.profile.types.struct('pglist_data');
  const array = type && findMember(type, member)?.type;
  const length = array?.kind === 'array' ? array.length : 0;
  return Array.from({ length }, (_, i) => `${member}[${i}]`);
}

/** Blocks that begin inside memory are MOVABLE; all others stay UNMOVABLE, which is 0. */
function setPageblockTypes(mm: Kernel, layout: BootLayout, zone: Cell, span: ZoneSpan): void {
  const pageblock_nr_pages = mm.pageblock_nr_pages;
  const MIGRATE_MOVABLE = mm.MIGRATE_MOVABLE;
  const bits = pageblockBitmaps(mm, layout, zone, span);
  for (const range of layout.ranges) {
    const start = Math.max(range.start, span.start);
    const end = Math.min(range.end, span.start + span.spanned);
    const last = Math.ceil(end / pageblock_nr_pages);
    for (let block = Math.ceil(start / pageblock_nr_pages); block < last;) {
      const { map, firstBlock, endBlock } = bits(block);
      for (; block < Math.min(endBlock, last); block++) {
        const index = block - firstBlock;
        const word = map + (index >> 3);
        mm.write(word, (mm.words[word] as number) | (MIGRATE_MOVABLE << ((index & 7) * 4)));
      }
    }
  }
}

/** A bitmap of pageblock types, and the blocks it is of. */
interface Bitmap {
  readonly map: number;
  readonly firstBlock: number;
  /** Exclusive. */
  readonly endBlock: number;
}

/** Finds the bitmap with a block's four bits, without its struct page. */
function pageblockBitmaps(
  mm: Kernel,
  { sections }: BootLayout,
  zone: Cell,
  span: ZoneSpan,
): (block: number) => Bitmap {
  if (sections === undefined) {
    const firstBlock = Math.floor(span.start / mm.pageblock_nr_pages);
    const map = mm.read_ptr(zone + mm.zone.pageblock_flags);
    return () => ({ map, firstBlock, endBlock: Infinity });
  }
  const perSection = mm.PAGES_PER_SECTION / mm.pageblock_nr_pages;
  return (block) => {
    const section = Math.floor(block / perSection);
    const usage = sections.usages.start + sections.present.indexOf(section) * sections.usageBytes;
    const map =
      mm.cell_of(asVirt(mm.linear.pageOffset + usage)) + mm.mem_section_usage.pageblock_flags;
    return { map, firstBlock: section * perSection, endBlock: (section + 1) * perSection };
  };
}

/** set_zone_contiguous(), from the runs: looking at the pages would produce all of mem_map. */
export function set_zones_contiguous(
  mm: Kernel,
  layout: BootLayout,
  runs: readonly MapRun[],
): void {
  layout.zones.forEach((span, index) => {
    if (span.present === 0) return;
    const end = span.start + span.spanned;
    const blockPages = mm.pageblock_nr_pages;
    // A stretch of other pages does no harm as long as no block begins or ends in it.
    const foreign = runs.filter(
      (run) =>
        run.start < end &&
        run.end > span.start &&
        (run.state === 'absent' || run.zone !== index) &&
        hasBlockBorder(Math.max(run.start, span.start), Math.min(run.end, end), span, blockPages),
    );
    if (foreign.length === 0) mm.write8(mm.zones[index] as Cell, mm.zone.contiguous, 1);
  });
}

/** Whether a pageblock's first or last page, or the zone's, is in [start, end). */
function hasBlockBorder(
  start: number,
  end: number,
  { start: zoneStart, spanned }: ZoneSpan,
  blockPages: number,
): boolean {
  if (start === zoneStart || end === zoneStart + spanned) return true;
  const firstBlockStart = Math.ceil(start / blockPages) * blockPages;
  const firstBlockEnd = Math.ceil((start + 1) / blockPages) * blockPages;
  return firstBlockStart < end || firstBlockEnd <= end;
}
