/**
 * What lies in a region of the address space by the kernel's own books: vmalloc areas with their guard pages and gaps, slots of
 * pkmap and fixmap, the mappings of a process, the sections of the kernel's image.
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Space } from '../addressSpaces.js';
import { fixmapSlot, nrFixmapSlots, nrPkmapSlots, pkmapSlot, type MapSlot } from '../mapSlots.js';
import { vmapSpace, type VmapPiece } from '../vmapSpace.js';
import { sizeText, type Surveyor } from '../whereIs.js';
import { intersection, rangeText, type AddressRange } from './addressRange.js';
import { rightsText } from './rightsText.js';
import { userAreas } from './userAreas.js';
import type { PartBody, PartsBody } from './virtual.js';
import type { PlacedRegion } from './virtualRegions.js';

interface Part extends AddressRange {
  readonly body: Omit<PartBody, 'first' | 'last' | 'sizeBytes'>;
}

/** Parts of a region, made as they are asked for. */
interface Parts {
  readonly total: number;
  slice(start: number, count: number): readonly Part[];
}

const NONE: Parts = { total: 0, slice: () => [] };

const listed = (parts: readonly Part[]): Parts => ({
  total: parts.length,
  slice: (start, count) => parts.slice(start, start + count),
});

export const nrParts = (
  surveyor: Surveyor,
  space: Space | undefined,
  region: PlacedRegion,
): number => partsOf(surveyor, space, region).total;

/** Parts by rising address, as many as are asked for. */
export function partsBody(
  surveyor: Surveyor,
  space: Space | undefined,
  region: PlacedRegion,
  asked: number,
  count: number,
  holding?: VirtAddr,
): PartsBody {
  const parts = partsOf(surveyor, space, region);
  const { pointerSize } = surveyor.world.profile;
  const start = holding === undefined ? asked : (pageOf(parts, holding, count) ?? asked);
  return {
    total: parts.total,
    start,
    parts: parts
      .slice(start, count)
      .map((part) => ({ ...part.body, ...rangeText(part, pointerSize) })),
  };
}

/** Number of the first part of the page of `count` parts that an address is on: parts are in order. */
function pageOf(parts: Parts, address: VirtAddr, count: number): number | undefined {
  let low = 0;
  let high = parts.total;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [part] = parts.slice(middle, 1);
    if (part !== undefined && part.end <= address) low = middle + 1;
    else high = middle;
  }
  return low < parts.total ? low - (low % Math.max(1, count)) : undefined;
}

function partsOf(surveyor: Surveyor, space: Space | undefined, region: PlacedRegion): Parts {
  switch (region.kind) {
    case 'vmalloc':
      return listed(vmallocParts(surveyor, region));
    case 'modules':
      return listed(vmallocParts(surveyor, region).filter(({ body }) => body.kind !== 'gap'));
    case 'pkmap':
      return slots(nrPkmapSlots(surveyor), (nr) => pkmapSlot(surveyor, nr));
    case 'fixmap': {
      // Slot 0 is the highest. Those that early_ioremap() had while the kernel booted may lie below the region.
      const fitting = (region.end - region.start) / PAGE_SIZE;
      const nrSlots = Math.min(nrFixmapSlots(surveyor), fitting);
      return slots(nrSlots, (i) => fixmapSlot(surveyor, nrSlots - 1 - i));
    }
    case 'user': {
      const areas = space === undefined || space.isKernel ? [] : userParts(surveyor, space);
      // The dump of a process may lack its books: what its tables map is there.
      return listed(areas.length > 0 ? areas : mappedParts(surveyor, space, region));
    }
    case 'cpuEntryArea':
    case 'ldt':
    case 'unnamed':
      return listed(mappedParts(surveyor, space, region));
    case 'kernelImage':
      return listed(sections(surveyor, region));
    default:
      return NONE;
  }
}

const slots = (total: number, slot: (nr: number) => MapSlot): Parts => ({
  total,
  slice: (start, count) =>
    Array.from({ length: Math.max(0, Math.min(count, total - start)) }, (_, i) => {
      const { nr, address, text, pfn } = slot(start + i);
      return {
        start: address,
        end: asVirt(address + PAGE_SIZE),
        body: {
          kind: 'slot',
          text: `slot ${nr}: ${text}`,
          ...(pfn !== undefined && { pfn }),
        },
      };
    }),
});

function vmallocParts({ reader }: Surveyor, region: AddressRange): Part[] {
  return (vmapSpace(reader)?.pieces ?? []).flatMap(pieceParts).flatMap((part) => {
    const within = intersection(part, region);
    return within === undefined ? [] : [{ ...part, ...within }];
  });
}

/** An area and its guard page are two. */
function pieceParts(piece: VmapPiece): Part[] {
  if (piece.kind === 'gap') return [{ ...piece, body: { kind: 'gap', text: 'gap' } }];
  if (piece.kind === 'lazy')
    return [{ ...piece, body: { kind: 'lazy', text: 'freed, waits for the purge' } }];
  const { start, end, guard, what, caller } = piece.area;
  const text = caller === undefined ? what : `${what} by ${caller}`;
  if (guard === undefined) return [{ start, end, body: { kind: 'area', text } }];
  return [
    { start, end: guard, body: { kind: 'area', text } },
    { start: guard, end, body: { kind: 'guard', text: 'guard page: nothing maps it' } },
  ];
}

function userParts({ image }: Surveyor, { paging }: Space): Part[] {
  return userAreas(image, paging.rootPhys).map(({ start, end, rights, name }) => ({
    start,
    end,
    body: { kind: 'vma', text: name === '' ? 'anonymous' : name, rights },
  }));
}

/** What the tables map, where no book says what it is. */
function mappedParts(surveyor: Surveyor, space: Space | undefined, region: AddressRange): Part[] {
  if (space === undefined) return [];
  return surveyor.spaces.rangesOf(space).flatMap(({ start, sizeBytes, rights, pageSize }) => {
    const within = intersection({ start, end: asVirt(start + sizeBytes) }, region);
    if (within === undefined) return [];
    const text = `mapped by the tables, ${sizeText(pageSize)} pages`;
    return [{ ...within, body: { kind: 'mapped' as const, text, rights: rightsText(rights) } }];
  });
}

/** Sections of the image, by the linker's symbols. Source: Linux 6.1 arch/x86/kernel/vmlinux.lds.S. */
const SECTIONS = [
  { text: 'text', from: '_text', to: '_etext' },
  { text: 'rodata', from: '__start_rodata', to: '__end_rodata' },
  { text: 'data', from: '_sdata', to: '_edata' },
  { text: 'init (freed after boot)', from: '__init_begin', to: '__init_end' },
  { text: 'bss', from: '__bss_start', to: '__bss_stop' },
  { text: 'brk', from: '__brk_base', to: '__brk_limit' },
] as const;

function sections({ reader }: Surveyor, region: AddressRange): Part[] {
  return SECTIONS.flatMap(({ text, from, to }) => {
    const start = reader.symbol(from);
    const end = reader.symbol(to);
    const within = start && end ? intersection({ start, end }, region) : undefined;
    return within === undefined ? [] : [{ ...within, body: { kind: 'section' as const, text } }];
  });
}
