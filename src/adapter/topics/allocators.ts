/** The custom requests of the views of free lists and of caches (src/engine/view/atlas/). */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { formatAddress, parseAddress, type VirtAddr } from '../../engine/memory/address.js';
import { attemptBody } from '../../engine/view/atlas/attemptModel.js';
import {
  MAX_SLABS_TOLD,
  type SlabBody,
  type SlabObjectsArguments,
  type SlabObjectsBody,
  type SlabsArguments,
  type SlabsBody,
} from '../../engine/view/atlas/caches.js';
import { cachesBody, slabPages, slabPicture } from '../../engine/view/atlas/cachesModel.js';
import { MAX_BLOCKS } from '../../engine/view/atlas/freeAreas.js';
import { freeAreasBody, freeBlocksBody } from '../../engine/view/atlas/freeAreasModel.js';
import { ListCounts } from '../../engine/view/atlas/listCounts.js';
import { dumpCaches } from '../../engine/view/dumpCaches.js';
import { dumpFreeAreas, dumpFreeBlocks } from '../../engine/view/dumpFreeAreas.js';
import { objectLayout } from '../../engine/view/atlas/objectLayout.js';
import { cachesOf, type SlabView } from '../../engine/view/slabCaches.js';
import { detailOfState, kindOfState, pageKindCode } from '../../engine/view/pageState.js';
import { dumpSlabObjectsBody, dumpSlabsBody } from '../dump/caches.js';
import type { MachineContext } from '../present/context.js';
import { toBase64 } from '../protocol/base64.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { atTime } from './atTime.js';
import type { Handlers } from './table.js';

/** Kept up to date by themselves. */
const counts = new WeakMap<KernelImage, ListCounts>();

function countsOf(image: KernelImage): ListCounts {
  const known = counts.get(image) ?? new ListCounts(image);
  counts.set(image, known);
  return known;
}

export const allocatorHandlers = (
  session: Session,
): Handlers<
  | 'mmscope/freeAreas'
  | 'mmscope/freeBlocks'
  | 'mmscope/attempt'
  | 'mmscope/caches'
  | 'mmscope/slabs'
  | 'mmscope/slabObjects'
> => ({
  'mmscope/freeAreas'(args = {}) {
    const { image } = session.current.target;
    const { dumped } = image;
    if (dumped !== undefined) return dumpFreeAreas(dumped);
    return atTime(session, args, () => freeAreasBody(image, countsOf(image)));
  },

  'mmscope/freeBlocks'(args) {
    if (args.count > MAX_BLOCKS)
      throw errors.badArguments(`'count' must be at most ${MAX_BLOCKS}.`);
    const { image } = session.current.target;
    const { dumped } = image;
    const body = dumped === undefined ? freeBlocksBody(image, args) : dumpFreeBlocks(dumped, args);
    if (body === undefined)
      throw errors.badArguments(
        "There is no such list: 'zone' with 'order' and 'migratetype', or with 'cpu' and 'pindex'.",
      );
    return body;
  },

  'mmscope/attempt'() {
    const { image, attempts } = session.current.target;
    const attempt = attempts.last()?.attempt;
    return attempt === undefined ? {} : { attempt: attemptBody(image.mm, attempt) };
  },

  'mmscope/caches'(args = {}) {
    const { context, image } = session.current.target;
    if (image.dumped !== undefined) return dumpCaches(image.dumped);
    return atTime(session, args, () => cachesBody(context.surveyor));
  },

  'mmscope/slabs'(args) {
    const { count } = args;
    if (count > MAX_SLABS_TOLD)
      throw errors.badArguments(`'count' must be at most ${MAX_SLABS_TOLD}.`);
    const { context, image } = session.current.target;
    if (image.dumped !== undefined) return dumpSlabsBody(image.dumped, args);
    return atTime(session, args, () => slabsBody(context, args));
  },

  'mmscope/slabObjects'(args) {
    if (args.pfns.length > MAX_SLABS_TOLD)
      throw errors.badArguments(`'pfns' must be at most ${MAX_SLABS_TOLD}.`);
    const { context, image } = session.current.target;
    if (image.dumped !== undefined) return dumpSlabObjectsBody(image.dumped, args);
    return atTime(session, args, () => slabObjectsBody(context, args));
  },
});

/** @throws AdapterError when there is none (at that time) */
function cacheAt({ surveyor, profile }: MachineContext, text: string): VirtAddr {
  const address = parseAddress(text, profile.pointerSize);
  if (address === undefined) throw errors.badAddress(text);
  if (!cachesOf(surveyor.reader).some((each) => each.address === address))
    throw errors.badArguments(`There is no cache at ${text}.`);
  return address;
}

function slabObjectsBody(
  context: MachineContext,
  { cache, pfns }: SlabObjectsArguments,
): SlabObjectsBody {
  const { surveyor } = context;
  const address = cacheAt(context, cache);
  return {
    slabs: pfns.flatMap((pfn) => {
      if (pfn < 0 || pfn >= surveyor.image.maxPfn || !isSlab(context, pfn)) return [];
      const found = slabPicture(surveyor, { pfn, page: surveyor.peek.addressOf(pfn) });
      return found?.slab.cache === address ? [[pfn, toBase64(found.objects)] as const] : [];
    }),
  };
}

const isSlab = ({ states }: MachineContext, pfn: number): boolean =>
  kindOfState(states.stateOf(pfn)) === pageKindCode('slab');

function slabsBody(context: MachineContext, args: SlabsArguments): SlabsBody {
  const { surveyor } = context;
  const { cache } = args;
  const address = cacheAt(context, cache);
  const { places, total, start, slabs } = slabPages(surveyor, address, args);
  return {
    cache,
    places,
    total,
    start,
    slabs: slabs.map(({ view, place }) => slabBody(context, view, place)),
    layout: objectLayout(surveyor.reader, address),
  };
}

/** A slab that cannot be read is told without objects. */
function slabBody(context: MachineContext, view: SlabView, place: number): SlabBody {
  const { surveyor, profile, states } = context;
  const { pfn, page } = view;
  const text = (address: number): string => formatAddress(address, profile.pointerSize);
  const found = slabPicture(surveyor, view);
  const order = detailOfState(states.stateOf(pfn));
  const bare = { pfn, page: text(page), place, order };
  if (found === undefined)
    return { ...bare, firstObject: '', nrObjects: 0, nrCountedUsed: 0, objects: '', chains: [] };
  const { slab, objects, chains } = found;
  return {
    ...bare,
    firstObject: text(slab.firstObject),
    nrObjects: slab.nrObjects,
    nrCountedUsed: slab.nrUsed,
    objects: toBase64(objects),
    chains,
  };
}
