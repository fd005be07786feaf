/**
 * What an address of vmalloc space, pkmap, the fixmap or per-CPU memory belongs to, by the kernel's own books: the area and which of its
 * pages, the guard page, the slot, the bytes of a CPU's unit. Also where nothing is mapped, so that no page could say it.
 *
 * Source: Linux 6.1 mm/vmalloc.c, mm/highmem.c, include/asm-generic/fixmap.h.
 */
import { formatAddress, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { kindOf } from './addressKind.js';
import { bytesText } from './bytesText.js';
import { counted } from './counted.js';
import { fixmapSlotAt, pkmapSlotAt, type MapSlot } from './mapSlots.js';
import { vmapAreaOf, type VmapArea } from './vmapArea.js';
import { vmapSpace, type VmapPiece } from './vmapSpace.js';
import { perCpuPlace } from './perCpuPlace.js';
import type { Surveyor, WhereFact } from './whereIs.js';

/** Empty for an address of another kind, and where the machine has no books. */
export function addressPlace(surveyor: Surveyor, va: VirtAddr): readonly WhereFact[] {
  switch (kindOf(surveyor.world, va, 'virtual')) {
    case 'vmalloc':
      return [...vmallocPlace(surveyor, va), ...perCpuPlace(surveyor, va)];
    case 'pkmap':
      return slotFact('pkmap slot', pkmapSlotAt(surveyor, va));
    case 'fixmap':
      return slotFact('fixmap slot', fixmapSlotAt(surveyor, va));
    case 'logical':
    case 'unplaced':
      return perCpuPlace(surveyor, va);
    default:
      return [];
  }
}

const slotFact = (name: string, slot: MapSlot | undefined): WhereFact[] =>
  slot === undefined ? [] : [{ name, value: `${slot.nr}: ${slot.text}` }];

function vmallocPlace(surveyor: Surveyor, va: VirtAddr): WhereFact[] {
  const area = vmapAreaOf(surveyor.reader, va);
  const by = area && surveyor.allocations?.area(area.start);
  if (area !== undefined)
    return [
      { name: 'vmalloc area', value: areaText(surveyor, area) },
      { name: 'in the area', value: pageText(area, va) },
      ...(by === undefined ? [] : [{ name: 'allocated', value: by }]),
    ];
  const piece = vmapSpace(surveyor.reader)?.pieces.find(
    (each) => each.kind !== 'area' && va >= each.start && va < each.end,
  );
  return piece === undefined || piece.kind === 'area'
    ? []
    : [{ name: 'vmalloc area', value: freeText(surveyor, piece) }];
}

/** `vmalloc, 0xf0801000–0xf0805000, 3 pages, requested by n_tty_open+0x11/0x80` */
export const areaText = (surveyor: Surveyor, area: VmapArea): string =>
  [
    area.what,
    rangeText(surveyor, area.start, area.end),
    ...(area.nrPages ? [counted(area.nrPages, 'page')] : []),
    ...(area.caller === undefined ? [] : [`requested by ${area.caller}`]),
  ].join(', ');

function pageText({ start, end, guard }: VmapArea, va: VirtAddr): string {
  if (guard !== undefined && va >= guard)
    return 'its guard page, mapped by nothing: an access behind the area faults';
  const nr = Math.floor((va - start) / PAGE_SIZE);
  return `page ${nr} of ${((guard ?? end) - start) / PAGE_SIZE}`;
}

function freeText(surveyor: Surveyor, piece: Exclude<VmapPiece, { kind: 'area' }>): string {
  const what =
    piece.kind === 'lazy'
      ? 'none, freed and waiting for the purge'
      : `none, a gap of ${bytesText(piece.end - piece.start)}`;
  return `${what}, ${rangeText(surveyor, piece.start, piece.end)}`;
}

const rangeText = ({ world }: Surveyor, start: VirtAddr, end: VirtAddr): string =>
  `${formatAddress(start, world.profile.pointerSize)}–${formatAddress(end, world.profile.pointerSize)}`;
