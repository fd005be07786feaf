/**
 * What lies in a region of the address space by the kernel's own books: vmalloc areas with their guard pages and gaps, slots of
 * pkmap and fixmap, the mappings of a process, the sections of the kernel's image.
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import type { Space } from '../addressSpaces.js';
import { sizeText } from '../whereIs.js';
import { intersection, rangeText, type AddressRange } from './addressRange.js';
import { listed, NO_PARTS, type Atlas, type Part, type Parts } from './atlas.js';
import { rightsText } from './rightsText.js';
import { userAreas } from './userAreas.js';
import type { PartsBody } from './virtual.js';
import type { PlacedRegion } from './virtualRegions.js';

export const nrParts = (atlas: Atlas, space: Space | undefined, region: PlacedRegion): number =>
  partsOf(atlas, space, region).total;

/** Parts by rising address, as many as are asked for. */
export function partsBody(
  atlas: Atlas,
  space: Space | undefined,
  region: PlacedRegion,
  asked: number,
  count: number,
  holding?: VirtAddr,
): PartsBody {
  const parts = partsOf(atlas, space, region);
  const { pointerSize } = atlas.image.profile;
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

function partsOf(atlas: Atlas, space: Space | undefined, region: PlacedRegion): Parts {
  switch (region.kind) {
    case 'vmalloc':
    case 'modules':
    case 'pkmap':
    case 'fixmap':
      return atlas.books(region);
    case 'user': {
      const areas = space === undefined || space.isKernel ? [] : userParts(atlas, space);
      // The dump of a process may lack its books: what its tables map is there.
      return listed(areas.length > 0 ? areas : mappedParts(atlas, space, region));
    }
    case 'cpuEntryArea':
    case 'ldt':
    case 'unnamed':
      return listed(mappedParts(atlas, space, region));
    case 'kernelImage':
      return listed(sections(atlas, region));
    default:
      return NO_PARTS;
  }
}

function userParts({ image }: Atlas, { paging }: Space): Part[] {
  return userAreas(image, paging.rootPhys).map(({ start, end, rights, name }) => ({
    start,
    end,
    body: { kind: 'vma', text: name === '' ? 'anonymous' : name, rights },
  }));
}

/** What the tables map, where no book says what it is. */
function mappedParts(atlas: Atlas, space: Space | undefined, region: AddressRange): Part[] {
  if (space === undefined) return [];
  return atlas.spaces.rangesOf(space).flatMap(({ start, sizeBytes, rights, pageSize }) => {
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

function sections({ reader }: Atlas, region: AddressRange): Part[] {
  return SECTIONS.flatMap(({ text, from, to }) => {
    const start = reader.symbol(from);
    const end = reader.symbol(to);
    const within = start && end ? intersection({ start, end }, region) : undefined;
    return within === undefined ? [] : [{ ...within, body: { kind: 'section' as const, text } }];
  });
}
