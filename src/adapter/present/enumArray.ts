/** An array that the kernel indexes by an enum (`vm_stat[NR_FREE_PAGES]`): its elements carry the enumerators' names. */
import { elementPlace, type Place } from '../../engine/types/access.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { Format, Shown } from './shown.js';
import { showPlace, type ValueContext } from './typedValue.js';

export function showEnumArray(
  context: ValueContext,
  name: string,
  array: Place,
  expression: string,
  enumTag: string,
  format: Format,
): Shown {
  const shown = showPlace(context, name, array, expression, format);
  const type = stripTypedefs(array.type);
  const enumerators = context.profile.types.enum(enumTag)?.enumerators;
  if (type.kind !== 'array' || enumerators === undefined) return shown;
  const nameOf = (index: number): string =>
    enumerators.find((e) => e.value === index)?.name ?? `${index}`;
  return {
    ...shown,
    children: {
      named: (asked) =>
        Array.from({ length: type.length }, (_, index) => {
          const place = elementPlace(array, index, context.memory.pointerSize);
          return (
            place &&
            showPlace(context, nameOf(index), place, `${expression}[${nameOf(index)}]`, asked)
          );
        }).filter((child) => child !== undefined),
    },
  };
}
