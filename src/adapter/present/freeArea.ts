/**
 * `struct free_area`: the free blocks of one order, by migratetype.
 *
 * Source: Linux 6.1 include/linux/mmzone.h.
 */
import { memberPlace, readScalar, type Place } from '../../engine/types/access.js';
import { migratetypeName } from '../../engine/types/enumName.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import { counted } from '../../engine/view/counted.js';
import type { MachineContext } from './context.js';
import type { Format, Shown } from './shown.js';
import { memberOf, showPlace, type Special } from './typedValue.js';

export function freeAreaSpecial(context: MachineContext): Special {
  return (place, expression) => {
    const nrFreePlace = memberPlace(place, 'nr_free');
    const nrFree = nrFreePlace && readScalar(context.memory, nrFreePlace);
    if (nrFreePlace === undefined || nrFree === undefined) return undefined;
    return {
      value: counted(nrFree, 'free block'),
      children: {
        named: (format) => [
          ...freeLists(context, place, expression, format),
          showPlace(context, 'nr_free', nrFreePlace, memberOf(expression, 'nr_free'), format),
        ],
      },
    };
  };
}

function freeLists(
  context: MachineContext,
  area: Place,
  expression: string,
  format: Format,
): readonly Shown[] {
  const array = memberPlace(area, 'free_list');
  const type = array && stripTypedefs(array.type);
  if (type?.kind !== 'array') return [];
  return Array.from({ length: type.length }, (_, index) => {
    const name = migratetypeName(context.profile, index);
    const place = memberPlace(area, `free_list[${index}]`);
    const inner = memberOf(expression, `free_list[${name}]`);
    return place && showPlace(context, `free_list[${name}]`, place, inner, format);
  }).filter((shown) => shown !== undefined);
}
