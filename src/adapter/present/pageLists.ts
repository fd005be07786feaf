/**
 * List heads whose entries are pages, found by where they lie: `zone->free_area[order].free_list[migratetype]` and
 * `per_cpu_pages.lists[pindex]`. Wherever one is met, it shows the pages in list order.
 *
 * Source: Linux 6.1 include/linux/mmzone.h, mm/page_alloc.c: order_to_pindex().
 */
import { pindex_to_order } from '../../engine/kernel/mm/page_alloc/pcp.js';
import type { ListHead } from '../../engine/machine/ctypes.js';
import type { MachineContext } from './context.js';
import { listContainer, listText, readPageList } from './pageList.js';
import type { Container } from './shown.js';
import type { Special } from './typedValue.js';
import { zonePcp } from '../../engine/view/zoneLists.js';

/** An empty list opens to nothing. */
const NO_PAGES: Container = { nrIndexed: 0 };

export function pageListSpecial(context: MachineContext): Special {
  return (place) => {
    const head: ListHead = context.image.mm.cell_of(place.address);
    const name = head === 0 ? undefined : listNameOf(context, head);
    if (name === undefined) return undefined;
    const list = readPageList(context, head);
    const text = listText(list, 'block');
    return {
      value: name === '' ? text : `${name}: ${text}`,
      children: listContainer(context, list) ?? NO_PAGES,
    };
  };
}

/** '' for a free list, which its index names; undefined for the head of any other list. */
function listNameOf(context: MachineContext, head: ListHead): string | undefined {
  const { mm, nrCpus } = context.image;
  for (const zone of mm.zones) {
    const within = head - zone - mm.zone.free_area;
    if (within >= 0 && within < mm.MAX_ORDER * mm.stride.free_area)
      return within % mm.stride.free_area < mm.free_area.nr_free ? '' : undefined;
    if (mm.read_ulong(zone + mm.zone.present_pages) === 0) continue;
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      const inLists = head - zonePcp(mm, zone, cpu) - mm.per_cpu_pages.lists;
      const pindex = inLists / mm.stride.list_head;
      if (pindex >= 0 && pindex < mm.NR_PCP_LISTS) return pcpListName(context, pindex);
    }
  }
  return undefined;
}

/** Above the costly order the lists tell only movable from others. */
function pcpListName({ image: { mm }, profile }: MachineContext, pindex: number): string {
  const order = pindex_to_order(mm, pindex);
  const names = profile.types.enum('migratetype')?.enumerators ?? [];
  if (pindex >= mm.NR_LOWORDER_PCP_LISTS) {
    const movable = pindex > mm.NR_LOWORDER_PCP_LISTS;
    return `order ${order}, ${movable ? 'MIGRATE_MOVABLE' : 'other types'}`;
  }
  const migratetype = pindex % mm.MIGRATE_PCPTYPES;
  return `order ${order}, ${names.find((e) => e.value === migratetype)?.name ?? migratetype}`;
}
