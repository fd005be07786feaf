/**
 * Where in the views something is: its frame, every address that leads there, the slab object and the free list it is part of. What
 * a number means is decided before (addressKind.ts); here it is only looked up.
 */
import { asPfn, asPhys, asVirt, formatAddress, hexText, PAGE_SIZE } from '../memory/address.js';
import { ADDRESS_KINDS, isHighmem, kindOf, pfnMeant, textOf, type Meant } from './addressKind.js';
import { migratetypeName } from './listPlace.js';
import type { LocateBody } from './locate.js';
import { slabFacts } from './slabObject.js';
import { whereIs, type Surveyor } from './whereIs.js';

const MAX_ALIASES = 256;

export function locateThing(surveyor: Surveyor, value: number, meant: Meant): LocateBody {
  const { world, image } = surveyor;
  const { pointerSize } = world.profile;
  const pfn = pfnMeant(world, value, meant);
  const isFrame = pfn !== undefined && pfn >= 0 && pfn < image.maxPfn;
  const given = textOf(world, value, meant);
  const { title } = ADDRESS_KINDS[kindOf(world, value, meant)];
  if (!isFrame) {
    const why = pfn === undefined ? 'not mapped' : `past the end of memory (pfn ${hexText(pfn)})`;
    const address = meant === 'virtual' ? { address: given } : {};
    return { text: `${given}: ${title}, ${why}`, aliases: [], ...address };
  }
  const isStructPage = kindOf(world, value, meant) === 'structPage';
  const direct = isHighmem(world, pfn)
    ? undefined
    : formatAddress(world.space.__va(asPhys(pfn * PAGE_SIZE)), pointerSize);
  const address = meant === 'virtual' && !isStructPage ? given : direct;
  const { sentence, aliases, page } = whereIs(surveyor, asPfn(pfn));
  const head = page?.headPfn ?? pfn;
  const object = page?.kind === 'slab' ? objectAt(surveyor, head, value, meant) : undefined;
  return {
    text: meant === 'virtual' && !isStructPage ? `${given}: ${title}; ${sentence}` : sentence,
    pfn,
    ...(address !== undefined && { address }),
    aliases: aliases.slice(0, MAX_ALIASES).map(({ va, space }) => ({
      address: formatAddress(va, pointerSize),
      space: space.name,
    })),
    ...(object !== undefined && { object }),
    ...freeListOf(surveyor, head, page?.kind),
  };
}

function freeListOf(
  { image, states }: Surveyor,
  headPfn: number,
  kind: string | undefined,
): Pick<LocateBody, 'area'> {
  if (kind === undefined || !kind.startsWith('free')) return {};
  const place = states.lists.of(image.mm.pfn_to_page(asPfn(headPfn)));
  if (place?.kind !== 'free list') return {};
  const { zone, order, migratetype } = place;
  return { area: { zone, order, migratetype: migratetypeName(image, migratetype) } };
}

/** The slab object that an address lies in; of a frame number the slab's first. */
function objectAt(
  { reader, peek, world }: Surveyor,
  headPfn: number,
  value: number,
  meant: Meant,
): LocateBody['object'] {
  const start = world.space.virtOf(asPhys(headPfn * PAGE_SIZE));
  if (start === undefined) return undefined;
  const within = meant === 'virtual' && value >= start ? asVirt(value) : undefined;
  const slab = slabFacts(reader, peek.addressOf(headPfn), start, within);
  if (slab === undefined) return undefined;
  const { pointerSize } = world.profile;
  const address = formatAddress(slab.object?.address ?? start, pointerSize);
  return { cache: slab.cache, address, slab: headPfn };
}
