/**
 * The caches of the slab allocator as a tree: what each is made of, its slabs by where they are kept, and in each slab every object.
 * Nothing is read before somebody opens it; full slabs of SLUB are on no list, and are looked for in the memory map.
 *
 * Source: Linux 6.1 include/linux/slub_def.h, include/linux/slab_def.h, mm/slab.h.
 */
import { formatAddress, type VirtAddr } from '../../engine/memory/address.js';
import { objectsInUse, objectsPerSlab } from '../../engine/proc/slabUse.js';
import { placeAt } from '../../engine/types/access.js';
import { counted } from '../../engine/view/counted.js';
import {
  cachesOf,
  listedSlabs,
  slabOfView,
  unlistedSlabs,
  type CacheView,
  type SlabView,
} from '../../engine/view/slabCaches.js';
import { freeObjects, isSlub, objectOf, slabUse, type Slab } from '../../engine/view/slabObject.js';
import { slabTracks, trackText } from '../../engine/view/slabTrack.js';
import type { MachineContext } from './context.js';
import { fact, group, type Container, type Format, type Shown } from './shown.js';
import { showPlace } from './typedValue.js';
import { unreadable } from './unreadable.js';

const NAME = 'Caches';

export function caches(context: MachineContext): Shown {
  const { reader } = context.surveyor;
  const found = cachesOf(reader);
  if (found.length === 0)
    return fact(NAME, 'none: this machine was recorded without its slab allocator');
  const kind = isSlub(reader) ? 'SLUB' : 'SLAB';
  return group(NAME, `${counted(found.length, 'cache')} (${kind})`, {
    named: () => cachesOf(reader).map((cache) => showCache(context, cache)),
  });
}

const showCache = (context: MachineContext, cache: CacheView): Shown => ({
  ...group(
    cache.name,
    unreadable(() => usageText(context, cache)),
    cacheContainer(context, cache),
  ),
  memory: cache.address,
});

/** `17 of 32 objects of 128 bytes in use, order 0` */
function usageText(
  { image: { mm }, surveyor: { reader } }: MachineContext,
  { address }: CacheView,
): string {
  const s = mm.cell_of(address);
  const node = reader.pointer('kmem_cache', 'node', address);
  const count = (member: string): number =>
    node === undefined ? 0 : (reader.uint('kmem_cache_node', member, node) ?? 0);
  const total = isSlub(reader)
    ? count('total_objects')
    : count('total_slabs') * objectsPerSlab(mm, s);
  const size = reader.uint('kmem_cache', 'object_size', address) ?? 0;
  return `${objectsInUse(mm, s)} of ${counted(total, 'object')} of ${counted(size, 'byte')} in use`;
}

function cacheContainer(context: MachineContext, cache: CacheView): Container {
  const { surveyor } = context;
  return {
    named: (format) => [
      ...geometry(context, cache),
      ...listedSlabs(surveyor, cache.address).map(({ place, slabs }) =>
        showSlabs(context, place, slabs),
      ),
      ...(isSlub(surveyor.reader) ? [fullSlabs(context, cache)] : []),
      ...structOf(context, cache.address, format),
    ],
  };
}

function geometry(
  { image: { mm }, surveyor: { reader, allocations } }: MachineContext,
  { address }: CacheView,
): Shown[] {
  const number = (member: string): number | undefined => reader.uint('kmem_cache', member, address);
  const order = isSlub(reader) ? (number('oo') ?? 0) >>> 16 : number('gfporder');
  const rows: readonly (readonly [string, string | undefined])[] = [
    [
      'object',
      `${counted(number('object_size') ?? '?', 'byte')}, ${number('size') ?? '?'} from one to the next`,
    ],
    [
      'slab',
      `order ${order ?? '?'}, ${counted(objectsPerSlab(mm, mm.cell_of(address)), 'object')}`,
    ],
    ['align', text(number('align'))],
    ['free pointer', pointerText(number('offset'))],
    ['left red zone', nonZero(number('red_left_pad'))],
    ['colours', text(number('colour'))],
    ['created', allocations?.cache(address)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [fact(name, value)]));
}

const text = (value: number | undefined): string | undefined => value?.toString();
const nonZero = (value: number | undefined): string | undefined =>
  value === undefined || value === 0 ? undefined : counted(value, 'byte');
const pointerText = (offset: number | undefined): string | undefined =>
  offset === undefined ? undefined : `at byte ${offset} of a free object`;

function structOf(context: MachineContext, address: VirtAddr, format: Format): Shown[] {
  const type = context.profile.types.struct('kmem_cache');
  if (type === undefined) return [];
  return [showPlace(context, 'struct kmem_cache', placeAt(address, type), undefined, format)];
}

const showSlabs = (context: MachineContext, place: string, slabs: readonly SlabView[]): Shown =>
  slabs.length === 0
    ? fact(place, 'none')
    : group(place, counted(slabs.length, 'slab'), {
        named: () => slabs.map((view) => showSlab(context, view)),
      });

/** Of SLUB: how many there are the node counts, which they are takes a search of the memory map. */
function fullSlabs(context: MachineContext, { address }: CacheView): Shown {
  const { surveyor } = context;
  const { reader } = surveyor;
  const node = reader.pointer('kmem_cache', 'node', address);
  const known = (node && reader.uint('kmem_cache_node', 'nr_slabs', node)) ?? 0;
  const listed = listedSlabs(surveyor, address).reduce((sum, { slabs }) => sum + slabs.length, 0);
  const count = known - listed;
  if (count <= 0) return fact('full', 'none');
  return group('full', `${counted(count, 'slab')}, on no list`, {
    named: () => {
      const found = unlistedSlabs(surveyor, address);
      const rest = count - found.length;
      return [
        ...found.map((view) => showSlab(context, view)),
        ...(rest > 0
          ? [fact('not known', `${counted(rest, 'slab')}: the recording does not tell where`)]
          : []),
      ];
    },
  });
}

function showSlab(context: MachineContext, view: SlabView): Shown {
  const { surveyor } = context;
  const slab = slabOfView(surveyor, view);
  const name = `pfn 0x${view.pfn.toString(16)}`;
  if (slab === undefined) return fact(name, 'cannot be read');
  return {
    ...group(
      name,
      slabUse(
        slab,
        freeObjects(surveyor.reader, slab),
        `of ${counted(slab.nrObjects, 'object')} used`,
      ),
      objects(context, slab),
    ),
    memory: view.page,
    type: 'struct slab *',
    menu: 'mmscopePage',
  };
}

/** The freelists are read once for all of them. */
function objects(context: MachineContext, slab: Slab): Container {
  const { reader, allocations } = context.surveyor;
  const lists = freeObjects(reader, slab);
  return {
    nrIndexed: slab.nrObjects,
    indexed: (start, count) =>
      Array.from({ length: count }, (_, i) => {
        const object = objectOf(slab, lists, start + i);
        const state =
          object.free === undefined
            ? 'cannot be read'
            : object.keptBy !== undefined
              ? `free, on ${object.keptBy}`
              : object.free
                ? 'free'
                : 'used';
        const by = object.free === true ? undefined : allocations?.object(object.address);
        const tracks = slabTracks(reader, slab.cache, object.address).map(trackText);
        const at = formatAddress(object.address, context.profile.pointerSize);
        return {
          ...fact(
            `[${object.index}]`,
            [`${at}: ${state}`, ...(by === undefined ? [] : [`allocated ${by}`]), ...tracks].join(
              '; ',
            ),
          ),
          memory: object.address,
        };
      }),
  };
}
