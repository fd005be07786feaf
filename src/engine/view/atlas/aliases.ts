/** Every virtual address that leads to a frame, in the order of the ribbon, each with the region that it lies in. */
import { asPfn, formatAddress } from '../../memory/address.js';
import type { Atlas } from './atlas.js';
import { rightsText } from './rightsText.js';
import { MAX_ALIASES, type AliasesBody } from './virtual.js';
import { placedRegions, regionOf, REGIONS } from './virtualRegions.js';

export function aliasesBody(atlas: Atlas, pfn: number): AliasesBody {
  const { spaces, image } = atlas;
  const found = spaces.aliasesOf(asPfn(pfn));
  const aliases = found.slice(0, MAX_ALIASES).map(({ va, space, rights, pageSize }) => {
    const region = regionOf(placedRegions(atlas, space), va);
    return {
      space: space.name,
      address: formatAddress(va, image.profile.pointerSize),
      region: REGIONS[region?.kind ?? 'unnamed'].title,
      regionId: region?.id ?? '',
      pageSize,
      rights: rightsText(rights),
      user: rights.user,
    };
  });
  return { pfn, aliases, more: found.length - aliases.length };
}
