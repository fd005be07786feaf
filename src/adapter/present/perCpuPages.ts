/**
 * `struct per_cpu_pages`: a CPU's cache of free pages, its lists by order and migratetype.
 *
 * Source: Linux 6.1 include/linux/mmzone.h, mm/page_alloc.c: order_to_pindex().
 */
import { pindex_to_order } from '../../engine/kernel/pcp.js';
import { memberPlace, readScalar, type Place } from '../../engine/types/access.js';
import type { MachineContext } from './context.js';
import { showList } from './freeArea.js';
import { showPlace, type Special } from './typedValue.js';
import type { Format, Shown } from './shown.js';

export function perCpuPagesSpecial(context: MachineContext): Special {
  return (place, expression) => {
    const read = (member: string): string => {
      const inner = memberPlace(place, member);
      return `${(inner && readScalar(context.memory, inner)) ?? '?'}`;
    };
    return {
      value: `${read('count')} pages (high ${read('high')}, batch ${read('batch')})`,
      children: { named: (format) => pcpChildren(context, place, expression, format) },
    };
  };
}

function pcpChildren(
  context: MachineContext,
  place: Place,
  expression: string,
  format: Format,
): readonly Shown[] {
  const { mm } = context.image;
  const counters = ['count', 'high', 'batch', 'free_factor'].map((member) => {
    const inner = memberPlace(place, member);
    return inner && showPlace(context, member, inner, `${expression}.${member}`, format);
  });
  const lists = Array.from({ length: mm.NR_PCP_LISTS }, (_, pindex) => {
    const name = `lists[${pindex}]`;
    const inner = memberPlace(place, name);
    if (inner === undefined) return undefined;
    const shown = showList(context, name, inner, `${expression}.${name}`, format, 'block');
    return { ...shown, value: `${listName(context, pindex)}: ${shown.value}` };
  });
  return [...counters, ...lists].filter((child) => child !== undefined);
}

/** Above the costly order the lists tell only movable from others. */
function listName({ image: { mm }, profile }: MachineContext, pindex: number): string {
  const order = pindex_to_order(mm, pindex);
  const names = profile.types.enum('migratetype')?.enumerators ?? [];
  if (pindex >= mm.NR_LOWORDER_PCP_LISTS) {
    const movable = pindex > mm.NR_LOWORDER_PCP_LISTS;
    return `order ${order}, ${movable ? 'MIGRATE_MOVABLE' : 'other types'}`;
  }
  const migratetype = pindex % mm.MIGRATE_PCPTYPES;
  return `order ${order}, ${names.find((e) => e.value === migratetype)?.name ?? migratetype}`;
}
