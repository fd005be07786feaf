/** As locateThing.ts, in a dump that is read by its own types: the frame, its addresses, the slab, the free list. */
import { Problems, type Inspected } from '../inspect/inspected.js';
import { useOfFrame, zoneOf } from '../inspect/ask/where.js';
import { maxPfnOf, memmapOf } from '../inspect/memmap.js';
import { migratetypeNames } from '../inspect/pageblocks.js';
import { asPfn, asVirt, formatAddress, hexText, PAGE_SIZE } from '../memory/address.js';
import type { Meant } from './addressKind.js';
import { spaceOfAddress, type Atlas } from './atlas/atlas.js';
import { placedRegions, regionOf, REGIONS } from './atlas/virtualRegions.js';
import type { LocateBody } from './locate.js';
import { migratetypesOf } from './dumpFreeAreas.js';

const MAX_ALIASES = 256;

/** @param value of a virtual address, a physical one, or a frame number, as `meant` says */
export function dumpLocate(atlas: Atlas, k: Inspected, value: number, meant: Meant): LocateBody {
  const isVirtual = meant === 'virtual';
  const ofPage = isVirtual ? tried(() => memmapOf(k).pageToPfn(asVirt(value))) : undefined;
  const pfn = ofPage ?? frameOf(atlas, value, meant);
  const given = isVirtual && ofPage === undefined ? k.hex(asVirt(value)) : undefined;
  const about = given === undefined ? '' : `${given}: ${regionTitle(atlas, value)}`;
  const isFrame = pfn !== undefined && pfn >= 0 && pfn < (tried(() => maxPfnOf(k)) ?? 0);
  if (!isFrame) {
    const what = about === '' ? hexText(value) : about;
    const why = pfn === undefined ? 'not mapped' : `past the end of memory (pfn ${hexText(pfn)})`;
    return { text: `${what}, ${why}`, aliases: [], ...(given !== undefined && { address: given }) };
  }
  const use = useOfFrame(k, pfn, given === undefined ? undefined : asVirt(value));
  const sentence = `pfn ${hexText(pfn)}: ${use.text}`;
  const address = given ?? directAddress(atlas, pfn);
  return {
    text: about === '' ? sentence : `${about}; ${sentence}`,
    pfn,
    ...(address !== undefined && { address }),
    aliases: atlas.spaces
      .aliasesOf(asPfn(pfn))
      .slice(0, MAX_ALIASES)
      .map(({ va, space }) => ({ address: k.hex(va), space: space.name })),
    ...areaOf(k, pfn, use.more),
  };
}

function frameOf(atlas: Atlas, value: number, meant: Meant): number | undefined {
  if (meant === 'pfn') return value;
  if (meant !== 'virtual') return Math.floor(value / PAGE_SIZE);
  const va = asVirt(value);
  const space = spaceOfAddress(atlas, va);
  const page = space && atlas.spaces.walk(space, va)?.page;
  return page === undefined ? undefined : Math.floor(page.phys / PAGE_SIZE);
}

function regionTitle(atlas: Atlas, value: number): string {
  const va = asVirt(value);
  const region = regionOf(placedRegions(atlas, spaceOfAddress(atlas, va)), va);
  return REGIONS[region?.kind ?? 'nonCanonical'].title;
}

/** Where the direct map has a frame; highmem it does not have. */
function directAddress({ image }: Atlas, pfn: number): string | undefined {
  const { pageOffset, directMapEndFrame } = image.mm.linear;
  if (pfn >= directMapEndFrame) return undefined;
  return formatAddress(pageOffset + pfn * PAGE_SIZE, image.profile.pointerSize);
}

/** The list that a free block is on. */
function areaOf(
  k: Inspected,
  pfn: number,
  { order, migratetype }: Readonly<Record<string, unknown>>,
): Pick<LocateBody, 'area'> {
  const zone = zoneOf(k, pfn);
  if (zone === undefined || typeof order !== 'number' || typeof migratetype !== 'string') return {};
  const type = tried(() => migratetypeNames(k))?.indexOf(migratetype) ?? -1;
  const name = migratetypesOf(k)[type];
  return name === undefined ? {} : { area: { zone: zone.name, order, migratetype: name } };
}

const tried = <T>(read: () => T): T | undefined =>
  new Problems().tried<T | undefined>('', read, undefined);
