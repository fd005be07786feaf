/**
 * `struct per_cpu_pages`: a CPU's stock of free blocks, its lists by order and migratetype.
 *
 * Source: Linux 6.1 include/linux/mmzone.h.
 */
import { memberPlace, readScalar, type Place } from '../../engine/types/access.js';
import { counted } from '../../engine/view/counted.js';
import type { MachineContext } from './context.js';
import type { Format, Shown } from './shown.js';
import { memberOf, showPlace, type Special } from './typedValue.js';

export function perCpuPagesSpecial(context: MachineContext): Special {
  return (place, expression) => {
    const read = (member: string): string => {
      const inner = memberPlace(place, member);
      return `${(inner && readScalar(context.memory, inner)) ?? '?'}`;
    };
    return {
      value: `${counted(read('count'), 'page')} (high ${read('high')}, batch ${read('batch')})`,
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
  const lists = Array.from({ length: mm.NR_PCP_LISTS }, (_, pindex) => `lists[${pindex}]`);
  return ['count', 'high', 'batch', 'free_factor', ...lists]
    .map((member) => {
      const inner = memberPlace(place, member);
      return inner && showPlace(context, member, inner, memberOf(expression, member), format);
    })
    .filter((child) => child !== undefined);
}
