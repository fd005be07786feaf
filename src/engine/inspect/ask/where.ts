/**
 * `where(x)`: what the page of a frame number, struct page or address is used for at the dump's instant.
 *
 * Source: Linux 6.1 mm/page_alloc.c (free blocks, page sets), mm/slub.c (slabs), mm/vmalloc.c (areas).
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { counted, times } from '../../view/counted.js';
import { fixmapSlotAt, pkmapSlotAt } from '../fixedMaps.js';
import { Damaged, isDumpError, Problems, type Inspected } from '../inspected.js';
import { migratetypeNames } from '../pageblocks.js';
import { fileOfFrame } from '../process/fileOfPage.js';
import { accountSum, pageAccount } from '../process/pageAccount.js';
import { rmapTexts } from '../process/rmapText.js';
import { Pages } from '../pages.js';
import { cacheAt, type CacheView } from '../slab.js';
import { SlabObjects } from '../slabObjects.js';
import { vmasOf } from '../tasks.js';
import { vmapAreasOf, vmStructAt } from '../vmalloc.js';
import { symbolText } from '../proc/vmallocinfo.js';
import { ulongOf } from '../words.js';
import { listsOf, populatedZonesOf, type ZoneView } from '../zones.js';
import { hexOf, type Answer, type Asked, type Json } from './answer.js';
import { meantBy } from './meant.js';

interface Use {
  readonly kind: string;
  readonly text: string;
  readonly more: Readonly<Record<string, Json>>;
}

export function whereAnswer(asked: Asked, bits: bigint): Answer {
  const { k } = asked;
  const { kind, va, pfn } = meantBy(asked, bits);
  const about = kind === 'kernel' || kind === 'user' ? addressUse(asked, kind, va) : undefined;
  const use =
    pfn === undefined ? undefined : useOfFrame(k, pfn, kind === 'kernel' ? va : undefined);
  const zone = pfn === undefined ? undefined : zoneOf(k, pfn);
  const parts = [
    about?.text,
    pfn === undefined
      ? 'no page is mapped there'
      : `pfn 0x${pfn.toString(16)} of zone ${zone?.name ?? '?'}`,
    use?.text,
  ].filter((part) => part !== undefined);
  return {
    text: `${hexOf(bits)}: ${parts.join('; ')}`,
    data: {
      asked: hexOf(bits),
      pfn: pfn ?? null,
      zone: zone?.name ?? null,
      node: zone?.node ?? null,
      use: use?.kind ?? null,
      ...about?.more,
      ...use?.more,
      text: parts.join('; '),
    },
  };
}

export const zoneOf = (k: Inspected, pfn: number): ZoneView | undefined =>
  populatedZonesOf(k).find(({ start, spanned }) => pfn >= start && pfn < start + spanned);

function addressUse({ k, task }: Asked, kind: 'kernel' | 'user', va: VirtAddr): Use | undefined {
  if (kind === 'user') {
    const vma =
      task && vmasOf(k, task.mm, new Problems()).find(({ start, end }) => va >= start && va < end);
    return (
      vma && {
        kind: 'vma',
        text: `in the area ${k.hex(vma.start)}-${k.hex(vma.end)} of ${task.comm} (pid ${task.pid})`,
        more: { vma: hexOf(ulongOf(vma.at, k.pointerSize)), pid: task.pid },
      }
    );
  }
  const area = vmapAreasOf(k, new Problems()).find(({ start, end }) => va >= start && va < end);
  if (area === undefined) return fixedUse(k, va) ?? symbolUse(k, va);
  const caller = area.vm === 0 ? undefined : vmStructAt(k, area.vm).caller;
  const by = caller === undefined || caller === 0 ? 'vm_map_ram' : symbolText(k, caller);
  return {
    kind: 'vmalloc',
    text: `in the vmalloc area ${k.hex(area.start)}-${k.hex(area.end)} of ${by}`,
    more: { vmap_area: hexOf(ulongOf(area.at, k.pointerSize)), caller: by },
  };
}

/** In a slot of kmap() or of the fixmap. */
function fixedUse(k: Inspected, va: VirtAddr): Use | undefined {
  const kmap = pkmapSlotAt(k, va);
  if (kmap !== undefined)
    return {
      kind: 'pkmap',
      text: `in slot ${kmap.slot} of kmap()${kmap.count === undefined ? '' : `, pkmap_count ${kmap.count}`}`,
      more: { slot: kmap.slot, pkmap_count: kmap.count ?? null },
    };
  const fixed = fixmapSlotAt(k, va);
  if (fixed === undefined) return undefined;
  return {
    kind: 'fixmap',
    text: `in slot ${fixed.slot} of the fixmap, ${fixed.name}`,
    more: { slot: fixed.slot, name: fixed.name },
  };
}

/** In the kernel's own image. */
function symbolUse(k: Inspected, va: VirtAddr): Use | undefined {
  const [text, end] = [k.findGlobal('_text'), k.findGlobal('_end')];
  if (text === undefined || end === undefined || va < text || va >= end) return undefined;
  const symbol = symbolText(k, va);
  return { kind: 'symbol', text: symbol, more: { symbol } };
}

/** @param va the address asked about, in the direct map */
export function useOfFrame(k: Inspected, pfn: number, va: VirtAddr | undefined): Use {
  try {
    return useIn(k, pfn, va);
  } catch (error) {
    if (!isDumpError(error)) throw error;
    return { kind: 'unknown', text: `it cannot be told for what: ${error.message}`, more: {} };
  }
}

function useIn(k: Inspected, pfn: number, va: VirtAddr | undefined): Use {
  const pages = new Pages(k);
  const free = freeBlock(k, pages, pfn);
  if (free !== undefined) return free;
  const view = pages.read(pfn);
  if (view === undefined) throw new Damaged('it has no struct page');
  const head = pages.headOf(view.page);
  if (pages.isSlab(head)) return slabUse(k, head, pfn, va);
  const onPcp = pageSetUse(k, pfn);
  if (onPcp !== undefined) return onPcp;
  const names = view.flagNames;
  if (names.includes('reserved'))
    return { kind: 'reserved', text: 'reserved: the kernel keeps it for itself', more: {} };
  const mapping = view.mapping & ~3n;
  if ((view.mapping & 3n) === 1n)
    return {
      kind: 'anonymous',
      text: `anonymous memory, mapped ${times(view.mapcount)}, anon_vma ${hexOf(mapping)}${holdersText(k, pfn)}`,
      more: { mapcount: view.mapcount, anon_vma: hexOf(mapping), ...holders(k, pfn) },
    };
  if (mapping !== 0n && (view.mapping & 3n) === 0n) {
    const file = fileOfFrame(k, pfn);
    const of = file === undefined ? '' : ` of ${file}`;
    return {
      kind: 'page cache',
      text: `page cache${of} (address_space ${hexOf(mapping)}), mapped ${times(view.mapcount)}${holdersText(k, pfn)}`,
      more: {
        mapcount: view.mapcount,
        mapping: hexOf(mapping),
        file: file ?? null,
        ...holders(k, pfn),
      },
    };
  }
  const compound = head === view.page ? '' : `, tail of the compound page at ${k.hex(head)}`;
  return view.refcount === 0
    ? { kind: 'unused', text: `not in use, and on no list${compound}`, more: {} }
    : { kind: 'kernel', text: `allocated, refcount ${view.refcount}${compound}`, more: {} };
}

/** Who maps it, and what its references are. */
function holders(k: Inspected, pfn: number): Readonly<Record<string, Json>> {
  const account = pageAccount(k, pfn);
  return {
    rmap: rmapTexts(k, pfn),
    ...(account && {
      refcount: account.counts.refcount,
      held_by: account.rows.map(({ text }) => text),
    }),
  };
}

function holdersText(k: Inspected, pfn: number): string {
  const account = pageAccount(k, pfn);
  const maps = rmapTexts(k, pfn).map((text) => `; mapped by ${text}`);
  const sum = account === undefined ? '' : `; _refcount ${accountSum(account)}`;
  const rows = account?.rows.map(({ text }) => `; held by ${text}`) ?? [];
  return [...maps, sum, ...rows].join('');
}

/** The free block that a frame is in, first page or not, and where on its list that stands. */
function freeBlock(k: Inspected, pages: Pages, pfn: number): Use | undefined {
  const maxOrder = k.lengthOf('zone', 'free_area');
  for (let order = 0; order < maxOrder; order++) {
    const first = Math.floor(pfn / 2 ** order) * 2 ** order;
    const page = pages.memmap.pfnToPage(first);
    if (page === undefined || !pages.isBuddy(page)) continue;
    const size = pages.buddyOrder(page);
    if (size < order || size >= maxOrder) continue;
    const zone = zoneOf(k, first);
    const place = zone && placeOnList(k, zone, size, first);
    const text = `in a free block of order ${size}${first === pfn ? ' (its first page)' : `, page ${pfn - first} of it`}${place === undefined ? ', on no list' : `, number ${place.position} on free_area[${size}].free_list[${place.type}]`}`;
    return {
      kind: 'free',
      text,
      more: {
        order: size,
        first_pfn: first,
        migratetype: place?.type ?? null,
        position: place?.position ?? null,
      },
    };
  }
  return undefined;
}

function placeOnList(k: Inspected, zone: ZoneView, order: number, pfn: number) {
  const { free_list } = listsOf(k, zone, new Problems());
  const names = migratetypeNames(k);
  for (const [key, pfns] of Object.entries(free_list)) {
    const [listOrder, type] = key.split('.').map(Number);
    const position = listOrder === order ? pfns.indexOf(pfn) : -1;
    if (position >= 0) return { position, type: names[type ?? 0] ?? String(type) };
  }
  return undefined;
}

function pageSetUse(k: Inspected, pfn: number): Use | undefined {
  const zone = zoneOf(k, pfn);
  if (zone === undefined) return undefined;
  for (const { cpu, lists } of listsOf(k, zone, new Problems()).pcp)
    for (const [list, pfns] of Object.entries(lists)) {
      const position = pfns.indexOf(pfn);
      if (position >= 0)
        return {
          kind: 'per-CPU list',
          text: `free, on the page set of CPU ${cpu}, number ${position} on lists[${list}]`,
          more: { cpu, list: Number(list), position },
        };
    }
  return undefined;
}

function slabUse(k: Inspected, slab: VirtAddr, pfn: number, va: VirtAddr | undefined): Use {
  const objects = new SlabObjects(k);
  const tag = k.struct('slab') === undefined ? 'page' : 'slab';
  const cache = cacheAt(k, k.pointer(slab, tag, 'slab_cache'));
  const view = cache.oo === undefined ? undefined : objects.view(cache, slab);
  const object = view && va !== undefined ? objectText(k, cache, view.address, view.free, va) : '';
  const counts =
    view === undefined ? '' : `, ${view.inuse} of ${counted(view.objects, 'object')} in use`;
  return {
    kind: 'slab',
    text: `in a slab of ${cache.name}${counts}${object}`,
    more: {
      cache: cache.name,
      slab: hexOf(ulongOf(slab, k.pointerSize)),
      objects: view?.objects ?? null,
      inuse: view?.inuse ?? null,
      first_pfn: pfn - (pfn % (cache.oo === undefined ? 1 : 2 ** (cache.oo >>> 16))),
    },
  };
}

function objectText(
  k: Inspected,
  { size }: CacheView,
  address: VirtAddr,
  free: readonly VirtAddr[],
  va: VirtAddr,
): string {
  const index = Math.floor((va - address) / size);
  const start = asVirt(address + index * size);
  const isFree = free.some((each) => each >= start && each < start + size);
  return `; object ${index} at ${k.hex(start)} ${isFree ? 'is on a freelist' : 'is allocated, or on a freelist of a CPU'}`;
}
