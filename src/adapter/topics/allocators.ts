/** The custom requests of the views of free lists and of caches (src/engine/view/atlas/). */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { formatAddress, parseAddress } from '../../engine/memory/address.js';
import { attemptBody } from '../../engine/view/atlas/attemptModel.js';
import { MAX_SLABS_TOLD, type SlabBody, type SlabsBody } from '../../engine/view/atlas/caches.js';
import { cachesBody, slabPages, slabPicture } from '../../engine/view/atlas/cachesModel.js';
import { MAX_BLOCKS } from '../../engine/view/atlas/freeAreas.js';
import { freeAreasBody, freeBlocksBody } from '../../engine/view/atlas/freeAreasModel.js';
import { ListCounts } from '../../engine/view/atlas/listCounts.js';
import { objectLayout } from '../../engine/view/atlas/objectLayout.js';
import { cachesOf, type SlabView } from '../../engine/view/slabCaches.js';
import { detailOfState } from '../../engine/view/pageState.js';
import type { MachineContext } from '../present/context.js';
import { toBase64 } from '../protocol/base64.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
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
> => ({
  'mmscope/freeAreas'() {
    const { image } = session.current.target;
    return freeAreasBody(image, countsOf(image));
  },

  'mmscope/freeBlocks'(args) {
    if (args.count > MAX_BLOCKS)
      throw errors.badArguments(`'count' must be at most ${MAX_BLOCKS}.`);
    const body = freeBlocksBody(session.current.target.image, args);
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

  'mmscope/caches'() {
    return cachesBody(session.current.target.context.surveyor);
  },

  'mmscope/slabs'({ cache, start, count }) {
    if (count > MAX_SLABS_TOLD)
      throw errors.badArguments(`'count' must be at most ${MAX_SLABS_TOLD}.`);
    return slabsBody(session.current.target.context, cache, start, count);
  },
});

function slabsBody(
  context: MachineContext,
  cache: string,
  start: number,
  count: number,
): SlabsBody {
  const { surveyor, profile } = context;
  const address = parseAddress(cache, profile.pointerSize);
  if (address === undefined) throw errors.badAddress(cache);
  if (!cachesOf(surveyor.reader).some((each) => each.address === address))
    throw errors.badArguments(`There is no cache at ${cache}.`);
  const { places, total, slabs } = slabPages(surveyor, address, start, count);
  return {
    cache,
    places,
    total,
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
