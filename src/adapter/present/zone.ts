/**
 * `struct zone`: watermarks, free areas, per-cpu page sets and counters first; all members as the struct has them last.
 *
 * Source: Linux 6.1 include/linux/mmzone.h, mm/vmstat.c (names of counters).
 */
import { readScalar } from '../../engine/types/access.js';
import { formatScalar } from '../../engine/types/format.js';
import { setBitNames } from '../../engine/types/flagText.js';
import type { Cell } from '../../engine/memory/address.js';
import type { Zone } from '../../engine/machine/ctypes.js';
import { memberPlace, placeAt, type Place } from '../../engine/types/access.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import { counted } from '../../engine/view/counted.js';
import { zoneName } from '../../engine/view/zones.js';
import type { MachineContext } from './context.js';
import { showEnumArray } from './enumArray.js';
import { group, type Format, type Shown } from './shown.js';
import {
  memberOf,
  membersOf,
  showMember,
  showPlace,
  type Special,
  type SpecialPlace,
} from './typedValue.js';
import { zonePcp } from '../../engine/view/zoneLists.js';

export function zoneSpecial(context: MachineContext): Special {
  const { image } = context;
  const { mm } = image;
  return (place, expression) => {
    const zone: Zone = mm.cell_of(place.address);
    if (!mm.zones.includes(zone)) return undefined;
    const present = mm.read_ulong(zone + mm.zone.present_pages);
    const free = mm.read_long(zone + mm.zone.vm_stat + mm.NR_FREE_PAGES * mm.ptr_words);
    const managed = mm.read_ulong(zone + mm.zone.managed_pages);
    const value =
      present === 0
        ? `${zoneName(image, zone)}: empty`
        : `${zoneName(image, zone)}: ${free} of ${counted(managed, 'page')} free`;
    return {
      value,
      children: { named: (format) => zoneChildren(context, zone, place, expression, format) },
    };
  };
}

function zoneChildren(
  context: MachineContext,
  zone: Zone,
  place: Place,
  expression: string,
  format: Format,
): readonly Shown[] {
  const member = (path: string): Shown | undefined => {
    const inner = memberPlace(place, path);
    return inner && showMember(context, place.type, path, inner, expression, format);
  };
  const area = memberPlace(place, 'free_area');
  const type = area && stripTypedefs(area.type);
  const orders = type?.kind === 'array' ? type.length : 0;
  const known = [
    member('name'),
    named(context, place, expression, '_watermark', 'zone_watermarks', format),
    ...Array.from({ length: orders }, (_, order) => member(`free_area[${order}]`)),
    ...pageSets(context, zone, format),
    named(context, place, expression, 'vm_stat', 'zone_stat_item', format),
    member('lowmem_reserve'),
    member('zone_start_pfn'),
    member('spanned_pages'),
    member('present_pages'),
    member('managed_pages'),
    member('nr_reserved_highatomic'),
    member('watermark_boost'),
    member('flags'),
  ].filter((child) => child !== undefined);
  const all = membersOf(context, place, expression);
  return all === undefined ? known : [...known, group('struct zone', 'all members', all)];
}

/** `flags` of a zone: bits that enum zone_flags numbers. */
export function zoneFlagsSpecial({ image, profile, memory }: MachineContext): SpecialPlace {
  const { mm } = image;
  const zones = mm.zones.map((zone) => mm.va_of((zone + mm.zone.flags) as Cell));
  const flags = profile.types.enum('zone_flags')?.enumerators ?? [];
  return (place, _expression, { numbers, names }) => {
    if (!zones.includes(place.address)) return undefined;
    const value = readScalar(memory, place);
    if (value === undefined) return undefined;
    const number = formatScalar(profile, place.type, value, { name: 'flags', numbers });
    const set = names ? setBitNames(flags, value) : '';
    return { value: set === '' ? number : `${number} (${set})` };
  };
}

/** An array member that is indexed by an enum: its elements carry the enumerators' names. */
function named(
  context: MachineContext,
  place: Place,
  expression: string,
  path: string,
  enumTag: string,
  format: Format,
): Shown | undefined {
  const array = memberPlace(place, path);
  return array && showEnumArray(context, path, array, memberOf(expression, path), enumTag, format);
}

/** per_cpu_ptr(zone->per_cpu_pageset, cpu), for each CPU. */
function pageSets(context: MachineContext, zone: Zone, format: Format): (Shown | undefined)[] {
  const { mm, nrCpus } = context.image;
  const type = context.profile.types.struct('per_cpu_pages');
  if (type === undefined || mm.read_ulong(zone + mm.zone.present_pages) === 0) return [];
  return Array.from({ length: nrCpus }, (_, cpu) => {
    const place = placeAt(mm.va_of(zonePcp(mm, zone, cpu)), type);
    return showPlace(context, `per_cpu_pageset[cpu ${cpu}]`, place, undefined, format);
  });
}
