/** The atlas of a kernel that its dump describes. Nothing changes in a dump: what is read once is kept. */
import { Problems, type Inspected } from '../../inspect/inspected.js';
import { maxPfnOf } from '../../inspect/memmap.js';
import type { KernelImage } from '../../image/kernelImage.js';
import { formatAddress, PAGE_SIZE } from '../../memory/address.js';
import { AddressSpaces } from '../addressSpaces.js';
import { StructReader } from '../structReader.js';
import type { Atlas, BookedRegion, Parts } from './atlas.js';
import { dumpParts } from './dumpParts.js';
import { dumpRegions, lowmemEndOf } from './dumpRegions.js';
import { borderTerms } from './borderTerms.js';
import type { BorderBody } from './virtual.js';

export function dumpAtlas(image: KernelImage, k: Inspected): Atlas {
  const regions = dumpRegions(k);
  const books = new Map<number, Parts>();
  return {
    image,
    spaces: new AddressSpaces(image),
    reader: new StructReader(image),
    regions,
    border: () => borderOf(k, regions.find(({ kind }) => kind === 'vmalloc')?.end),
    books: (region: BookedRegion) => {
      const known = books.get(region.start) ?? dumpParts(k, region);
      books.set(region.start, known);
      return known;
    },
  };
}

/** As a booted 32-bit machine has it: MAXMEM is what is left of the kernel's addresses below vmalloc's reserve. */
function borderOf(k: Inspected, vmallocEnd: number | undefined): BorderBody | undefined {
  if (k.pointerSize === 8 || vmallocEnd === undefined) return undefined;
  const reserve = new Problems().tried<number | undefined>(
    '__VMALLOC_RESERVE',
    () => k.space.u32(k.global('__VMALLOC_RESERVE')),
    undefined,
  );
  if (reserve === undefined) return undefined;
  const { pageOffset } = k.dump;
  const lowmemEnd = lowmemEndOf(k);
  return {
    at: formatAddress(lowmemEnd, 4),
    lowmemBytes: lowmemEnd - pageOffset,
    highmemBytes: Math.max(0, maxPfnOf(k) * PAGE_SIZE - (lowmemEnd - pageOffset)),
    maxLowmemBytes: vmallocEnd - pageOffset - reserve,
    terms: borderTerms(pageOffset, vmallocEnd, reserve),
  };
}
