/**
 * What a dumped kernel's books have in vmalloc space, in the space of modules, in pkmap and in the fixmap, read by its own types.
 *
 * Source: Linux 6.1 mm/vmalloc.c: s_show() (/proc/vmallocinfo); include/linux/vmalloc.h: VM_NO_GUARD; mm/highmem.c: pkmap_count.
 */
import { fixaddrTop, fixmapSlotAt, pkmapOf, pkmapSlotAt } from '../../inspect/fixedMaps.js';
import { Problems, type Inspected } from '../../inspect/inspected.js';
import { symbolText } from '../../inspect/proc/vmallocinfo.js';
import { vmapAreasOf, vmStructAt, type VmapAreaView } from '../../inspect/vmalloc.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { counted } from '../counted.js';
import { intersection } from './addressRange.js';
import {
  listed,
  madeOnDemand,
  NO_PARTS,
  type BookedRegion,
  type Part,
  type Parts,
} from './atlas.js';
import { slotPart } from './slotPart.js';

const VM_NO_GUARD = 0x40;
const KINDS = [
  { bit: 0x1, what: 'ioremap' },
  { bit: 0x2, what: 'vmalloc' },
  { bit: 0x4, what: 'vmap' },
] as const;

export function dumpParts(k: Inspected, region: BookedRegion): Parts {
  switch (region.kind) {
    case 'vmalloc':
      return listed(withGaps(areasIn(k, region), region));
    case 'modules':
      return listed(areasIn(k, region));
    case 'pkmap':
      return pkmapParts(k);
    case 'fixmap':
      return fixmapParts(k, region);
    default:
      return NO_PARTS;
  }
}

function areasIn(k: Inspected, region: BookedRegion): Part[] {
  return vmapAreasOf(k, new Problems()).flatMap((area) =>
    intersection(area, region) === undefined ? [] : areaParts(k, area),
  );
}

/** An area and its guard page are two. */
function areaParts(k: Inspected, { start, end, vm }: VmapAreaView): Part[] {
  const owner = vm === 0 ? undefined : tried(() => vmStructAt(k, vm));
  if (owner === undefined) return [{ start, end, body: { kind: 'area', text: 'vm_map_ram' } }];
  const what = KINDS.find(({ bit }) => (owner.flags & bit) !== 0)?.what ?? 'area';
  const text = owner.caller === 0 ? what : `${what} by ${symbolText(k, owner.caller)}`;
  if ((owner.flags & VM_NO_GUARD) !== 0) return [{ start, end, body: { kind: 'area', text } }];
  const guard = asVirt(end - PAGE_SIZE);
  return [
    { start, end: guard, body: { kind: 'area', text } },
    { start: guard, end, body: { kind: 'guard', text: 'guard page: nothing maps it' } },
  ];
}

function withGaps(parts: readonly Part[], region: BookedRegion): Part[] {
  const found: Part[] = [];
  let at: number = region.start;
  const gapTo = (end: number): void => {
    if (end > at)
      found.push({ start: asVirt(at), end: asVirt(end), body: { kind: 'gap', text: 'gap' } });
  };
  for (const part of parts) {
    gapTo(part.start);
    found.push(part);
    at = Math.max(at, part.end);
  }
  gapTo(region.end);
  return found;
}

function pkmapParts(k: Inspected): Parts {
  const pkmap = tried(() => pkmapOf(k));
  if (pkmap === undefined) return NO_PARTS;
  return madeOnDemand(pkmap.nrSlots, (nr) => {
    const address = asVirt(pkmap.start + nr * PAGE_SIZE);
    const count = tried(() => pkmapSlotAt(k, address))?.count;
    const pfn = count === 0 ? undefined : mappedPfn(k, address);
    return slotPart({ nr, address, pfn, text: countText(count) });
  });
}

/** pkmap_count: 0 free, 1 mapped and not used, n has n - 1 users. */
function countText(count: number | undefined): string {
  if (count === undefined) return 'its count is not in the dump';
  if (count === 0) return 'free';
  if (count === 1) return 'mapped, not used (until the next flush)';
  return `mapped, ${counted(count - 1, 'user')}`;
}

/** Slot 0 is the highest. */
function fixmapParts(k: Inspected, region: BookedRegion): Parts {
  const top = tried(() => fixaddrTop(k));
  if (top === undefined) return NO_PARTS;
  const nrSlots = (region.end - region.start) / PAGE_SIZE - 1;
  return madeOnDemand(nrSlots, (i) => {
    const nr = nrSlots - 1 - i;
    const address = asVirt(top - nr * PAGE_SIZE);
    const pfn = mappedPfn(k, address);
    const name = fixmapSlotAt(k, address)?.name ?? `slot ${nr}`;
    return slotPart({
      nr,
      address,
      pfn,
      text: `${name}, ${pfn === undefined ? 'not mapped' : 'mapped'}`,
    });
  });
}

function mappedPfn(k: Inspected, va: VirtAddr): number | undefined {
  const phys = tried(() => k.space.walk(va).page?.phys);
  return phys === undefined ? undefined : Math.floor(phys / PAGE_SIZE);
}

const tried = <T>(read: () => T): T | undefined =>
  new Problems().tried<T | undefined>('', read, undefined);
