/**
 * Pageblocks: the migratetype of each, four bits a block, in the usage map of its section or of its zone.
 *
 * Source: Linux 6.1 mm/page_alloc.c: get_pfnblock_flags_mask(), include/linux/pageblock-flags.h.
 */
import type { VirtAddr } from '../memory/address.js';
import { type Inspected } from './inspected.js';
import { presentSections, sectionShift } from './memmap.js';
import type { ZoneView } from './zones.js';

/** NR_PAGEBLOCK_BITS, and the bits of them that are the type. */
const BITS = 4;
const TYPE_MASK = 7;

/** pageblock_order: a large page's; CONFIG_HUGETLB_PAGE is set wherever it can be. */
export const pageblockOrder = (k: Inspected): number => (k.dump.paging === '2-level' ? 10 : 9);

/** Reads the type of the pageblock that a frame is in; undefined where there is none. */
export function migratetypes(k: Inspected): (zone: ZoneView, pfn: number) => number | undefined {
  const order = pageblockOrder(k);
  if (k.has('zone', 'pageblock_flags'))
    return (zone, pfn) =>
      typeIn(
        k,
        k.pointer(zone.at, 'zone', 'pageblock_flags'),
        0,
        (pfn - baseOf(zone, order)) >> order,
      );
  const shift = sectionShift(k);
  const usages = new Map<number, VirtAddr>();
  for (const { number, usage } of presentSections(k)) usages.set(number, usage);
  const flags = k.offset('mem_section_usage', 'pageblock_flags');
  return (_zone, pfn) => {
    const usage = usages.get(Math.floor(pfn / 2 ** shift));
    return usage === undefined
      ? undefined
      : typeIn(k, usage, flags, (pfn & (2 ** shift - 1)) >> order);
  };
}

const baseOf = ({ start }: ZoneView, order: number): number => start & -(2 ** order);

const typeIn = (k: Inspected, at: VirtAddr, offset: number, block: number): number =>
  (k.space.u8(at, offset + ((block * BITS) >> 3)) >> ((block * BITS) & 7)) & TYPE_MASK;

/** migratetype_names[], as many as free_area has lists. */
export function migratetypeNames(k: Inspected): string[] {
  const at = k.global('migratetype_names');
  return Array.from({ length: k.lengthOf('free_area', 'free_list') }, (_, type) =>
    k.space.text(k.space.pointer(at, type * k.pointerSize), 0, 32),
  );
}
