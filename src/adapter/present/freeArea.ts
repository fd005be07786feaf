/**
 * `struct free_area`: the free blocks of one order, by migratetype, as lists of pages in list order.
 *
 * Source: Linux 6.1 include/linux/mmzone.h.
 */
import type { ListHead } from '../../engine/kernel/types.js';
import { memberPlace, readScalar, type Place } from '../../engine/types/access.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { MachineContext } from './context.js';
import { listContainer, listText, readPageList } from './pageList.js';
import { showPlace, type Special } from './typedValue.js';
import type { Container, Format, Shown } from './shown.js';

export function freeAreaSpecial(context: MachineContext): Special {
  return (place, expression) => {
    const nrFreePlace = memberPlace(place, 'nr_free');
    const nrFree = nrFreePlace && readScalar(context.memory, nrFreePlace);
    if (nrFreePlace === undefined || nrFree === undefined) return undefined;
    return {
      value: `${nrFree} free block${nrFree === 1 ? '' : 's'}`,
      children: {
        named: (format) => [
          ...freeLists(context, place, expression, format),
          showPlace(context, 'nr_free', nrFreePlace, `${expression}.nr_free`, format),
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
  const { profile } = context;
  const array = memberPlace(area, 'free_list');
  const type = array && stripTypedefs(array.type);
  if (type?.kind !== 'array') return [];
  const names = profile.types.enum('migratetype')?.enumerators ?? [];
  return Array.from({ length: type.length }, (_, index) => {
    const name = names.find((e) => e.value === index)?.name ?? `${index}`;
    const place = memberPlace(area, `free_list[${index}]`);
    const inner = `${expression}.free_list[${name}]`;
    return place && showList(context, `free_list[${name}]`, place, inner, format, 'block');
  }).filter((shown) => shown !== undefined);
}

/** An empty list opens to nothing. */
const NO_PAGES: Container = { nrIndexed: 0 };

/** A `struct list_head` whose entries are `struct page.lru`. */
export function showList(
  context: MachineContext,
  name: string,
  place: Place,
  expression: string,
  format: Format,
  one: string,
): Shown {
  const head: ListHead = context.image.mm.cell_of(place.address);
  const shown = showPlace(context, name, place, expression, format);
  if (head === 0) return shown;
  const list = readPageList(context, head);
  const children = listContainer(context, list);
  return { ...shown, value: listText(list, one), children: children ?? NO_PAGES };
}
