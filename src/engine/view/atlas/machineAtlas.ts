/** The atlas of a machine whose build is known. */
import { formatAddress, PAGE_SIZE } from '../../memory/address.js';
import type { Surveyor } from '../whereIs.js';
import type { Atlas } from './atlas.js';
import { machineParts } from './machineParts.js';
import { borderTerms } from './borderTerms.js';
import type { BorderBody } from './virtual.js';

export const machineAtlas = (surveyor: Surveyor): Atlas => ({
  image: surveyor.image,
  spaces: surveyor.spaces,
  reader: surveyor.reader,
  regions: surveyor.world.space.regions,
  border: () => borderOf(surveyor),
  books: (region) => machineParts(surveyor, region),
});

function borderOf({ world, image }: Surveyor): BorderBody | undefined {
  const { profile, maxPfn } = world;
  const maxmem = profile.findConstant('MAXMEM');
  const reserve = profile.findConstant('__VMALLOC_RESERVE');
  if (profile.pointerSize === 8 || maxmem === undefined || reserve === undefined) return undefined;
  const pageOffset = profile.constant('PAGE_OFFSET');
  const vmallocEnd = profile.constant('VMALLOC_END');
  const lowmemBytes = image.mm.linear.directMapEndFrame * PAGE_SIZE;
  return {
    at: formatAddress(pageOffset + lowmemBytes, 4),
    lowmemBytes,
    highmemBytes: Math.max(0, maxPfn * PAGE_SIZE - lowmemBytes),
    maxLowmemBytes: maxmem,
    terms: borderTerms(pageOffset, vmallocEnd, reserve),
  };
}
