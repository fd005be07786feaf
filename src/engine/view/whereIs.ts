/**
 * "Where is this page now?": everything that holds a page frame, found by bounded local searches: the block it is part of
 * and that block's place on its list, the compound page, the slab and its object, the page tables that map it, who counts.
 *
 * Invariant: looking changes nothing that counts: neither tape nor hash.
 * Source: Linux 6.1 include/linux/mm.h page_maybe_dma_pinned(), include/linux/mm_types.h.
 */
import type { KernelImage } from '../image/kernelImage.js';
import {
  asPhys,
  formatAddress,
  hexText,
  PAGE_SIZE,
  type Pfn,
  type VirtAddr,
} from '../memory/address.js';
import { ADDRESS_KINDS, kindOf, type AddressWorld } from './addressKind.js';
import type { AddressSpaces, SpaceAlias } from './addressSpaces.js';
import { counted } from './counted.js';
import type { FrameStates } from './frameStates.js';
import { hugePageText } from './hugePages.js';
import { migratetypeName, type ListPlace, type Position } from './listPlace.js';
import { pageFacts, type PageFacts } from './pageFacts.js';
import { accountFacts } from './pageAccountText.js';
import type { PageHolder } from '../inspect/process/pageAccount.js';
import type { PagePeek } from './pagePeek.js';
import { fileFacts, rmapFacts } from './rmapText.js';
import { slabFacts, type SlabObject } from './slabObject.js';
import { slabTracks, trackText } from './slabTrack.js';
import type { StructReader } from './structReader.js';

/** Readings of an image that answer together. */
export interface Surveyor {
  readonly image: KernelImage;
  readonly states: FrameStates;
  readonly peek: PagePeek;
  readonly spaces: AddressSpaces;
  readonly reader: StructReader;
  readonly world: AddressWorld;
  /** Who has allocated it, where somebody keeps account. */
  readonly allocations?: Allocations;
}

/** `at line 9 by kmalloc()`; undefined of what is not known. */
export interface Allocations {
  readonly object: (address: VirtAddr) => string | undefined;
  /** Of an area of vmalloc space, by its first address. */
  readonly area: (address: VirtAddr) => string | undefined;
  /** Of a struct kmem_cache. */
  readonly cache: (address: VirtAddr) => string | undefined;
  /** By what alloc_percpu() has returned. */
  readonly perCpu: (address: VirtAddr) => string | undefined;
  readonly page: (pfn: Pfn) => { readonly allocated: string; readonly freed?: string } | undefined;
  /** Who holds a page by references and pins; of a compound page, of its head. */
  readonly holders: (pfn: Pfn) => readonly PageHolder[];
  /** Frames that are pinned, by rising number. */
  readonly pinned: () => readonly number[];
}

export interface WhereFact {
  readonly name: string;
  readonly value: string;
}

export interface Whereabouts {
  readonly pfn: Pfn;
  /** `pfn 0x1f40: free block of order 3 (8 pages) from pfn 0x1f40, zone Normal, MIGRATE_MOVABLE` */
  readonly sentence: string;
  readonly facts: readonly WhereFact[];
  readonly aliases: readonly SpaceAlias[];
  readonly page: PageFacts | undefined;
}

/** More ways to one frame are counted, not listed. */
const MAX_ALIASES = 16;

/** @param within an address inside the page, of which the slab object is told */
export function whereIs(surveyor: Surveyor, pfn: Pfn, within?: VirtAddr): Whereabouts {
  const { image, states, spaces } = surveyor;
  const aliases = spaces.aliasesOf(pfn);
  const mapped = aliasFacts(surveyor, aliases);
  const page = pageFacts(image, states, pfn);
  if (page === undefined) {
    const what = pfn < image.maxPfn ? 'no struct page: a hole' : 'past the end of RAM';
    return { pfn, sentence: `pfn ${hexText(pfn)}: ${what}`, facts: mapped, aliases, page };
  }
  const file = fileFacts(image, page);
  const slab = page.kind === 'slab' ? slabOf(surveyor, page, within) : [];
  const table = spaces.tableOf(pfn);
  const facts = [
    ...page.contradictions.map((value) => ({ name: 'corrupt', value })),
    ...blockFacts(surveyor, page),
    ...compoundFacts(page),
    ...file,
    ...hugePageFacts(image, page),
    ...allocationFacts(surveyor, page),
    ...slab,
    ...(table === undefined
      ? []
      : [{ name: 'page table', value: `of the address space: ${table.name}` }]),
    ...mapped,
    ...countFacts(surveyor, page),
    ...accountFacts(surveyor, page),
    ...rmapFacts(surveyor, page),
    { name: 'flags', value: page.flags.join(' ') || 'none' },
    { name: 'zone', value: `${page.zone}, pageblock ${page.migratetype ?? 'none'}` },
  ];
  const sentence = `pfn ${hexText(pfn)}: ${sentenceOf(page, [file, slab], aliases, table?.name)}`;
  return { pfn, sentence, facts, aliases, page };
}

function sentenceOf(
  page: PageFacts,
  [file, slab]: readonly [readonly WhereFact[], readonly WhereFact[]],
  aliases: readonly SpaceAlias[],
  table: string | undefined,
): string {
  const users = new Set(
    aliases.filter(({ space }) => !space.isKernel).map(({ space }) => space.name),
  );
  const parts = [page.summary, ...file.map(({ value }) => value)];
  const [cache, object] = slab;
  if (cache !== undefined) parts.push(cache.value);
  else if (page.kind === 'slab') parts.push('of which cache is not known');
  if (object !== undefined) parts.push(`object ${object.value}`);
  if (table !== undefined && page.kind !== 'pageTable') parts.push(`page table (${table})`);
  if (page.contradictions.length > 0) parts.push(`corrupt: ${page.contradictions.join('; ')}`);
  if (users.size > 0) parts.push(`mapped by ${[...users].join(', ')}`);
  return parts.join('; ');
}

function blockFacts({ image, states }: Surveyor, page: PageFacts): WhereFact[] {
  const { mm } = image;
  const isFree = page.kind === 'free' || page.kind === 'freeCma' || page.kind === 'freeIsolated';
  if (!isFree && page.kind !== 'perCpu') return [];
  const first = mm.pfn_to_page(page.headPfn);
  const place = states.lists.of(first);
  const inside =
    page.pfn === page.headPfn ? '' : `; this is page ${page.pfn - page.headPfn} of the block`;
  const block = {
    name: isFree ? 'free block' : 'block',
    value: `order ${page.order}, ${counted(1 << page.order, 'page')} from pfn ${hexText(page.headPfn)}${inside}`,
  };
  if (place === undefined)
    return [block, { name: 'list', value: 'its links do not lead to a list' }];
  return [block, { name: 'list', value: listText(image, page, place) }];
}

/** `zone Normal free_area[3].free_list[MIGRATE_MOVABLE], position 7` */
function listText(image: KernelImage, page: PageFacts, place: ListPlace): string {
  const freeList = (zone: string, order: number, migratetype: string): string =>
    `zone ${zone} free_area[${order}].free_list[${migratetype}]`;
  switch (place.kind) {
    case 'far': {
      const list =
        page.kind === 'perCpu'
          ? `a per-CPU list of zone ${page.zone}`
          : freeList(page.zone, page.order, page.migratetype ?? '?');
      return `${list}, more than ${counted(place.deeperThan, 'block')} from both ends (ask again to continue the search)`;
    }
    case 'free list': {
      const { zone, order, migratetype, position } = place;
      return `${freeList(zone, order, migratetypeName(image, migratetype))}, ${positionText(position)}`;
    }
    case 'per-CPU list': {
      const { cpu, zone, pindex, order, position } = place;
      return `CPU ${cpu}, zone ${zone}, per_cpu_pages.lists[${pindex}] (order ${order}), ${positionText(position)}`;
    }
  }
}

function positionText(position: Position): string {
  if ('fromTail' in position)
    return position.fromTail === 0 ? 'the last' : `position ${position.fromTail} from the tail`;
  const next = position.fromHead === 0 ? ' (the head: taken next)' : '';
  return `position ${position.fromHead}${next}`;
}

function compoundFacts(page: PageFacts): WhereFact[] {
  if (page.compound === 'no') return [];
  const value =
    page.compound === 'head'
      ? `head, order ${page.order} (${counted(1 << page.order, 'page')})`
      : `tail ${page.pfn - page.headPfn} of the compound page at pfn ${hexText(page.headPfn)}`;
  return [{ name: 'compound page', value }];
}

function hugePageFacts(image: KernelImage, { compound, pfn }: PageFacts): WhereFact[] {
  const value = compound === 'no' ? undefined : hugePageText(image, pfn);
  return value === undefined ? [] : [{ name: 'hugetlb page', value }];
}

const FREE_KINDS: ReadonlySet<PageFacts['kind']> = new Set([
  'free',
  'freeCma',
  'freeIsolated',
  'perCpu',
]);

/** Of a page that the scenario has, or that is free and was its. */
export function allocationFacts(
  { allocations, world }: Surveyor,
  { pfn, headPfn, kind }: PageFacts,
): WhereFact[] {
  if (allocations === undefined || kind === 'slab') return [];
  const isFree = FREE_KINDS.has(kind);
  const history = allocations.page(pfn);
  if (history === undefined || (history.freed !== undefined) !== isFree) {
    // kmalloc() of whole pages.
    const address = world.space.virtOf(asPhys(headPfn * PAGE_SIZE));
    const object = isFree || address === undefined ? undefined : allocations.object(address);
    return object === undefined ? [] : [{ name: 'allocated', value: object }];
  }
  return [
    { name: 'allocated', value: history.allocated },
    ...(history.freed === undefined ? [] : [{ name: 'freed', value: history.freed }]),
  ];
}

function slabOf(
  { reader, peek, world, image, allocations }: Surveyor,
  page: PageFacts,
  within: VirtAddr | undefined,
): WhereFact[] {
  const address = world.space.virtOf(asPhys(page.headPfn * PAGE_SIZE));
  if (address === undefined) return [];
  const slab = slabFacts(reader, peek.addressOf(page.headPfn), address, within);
  if (slab === undefined) return [];
  const size =
    slab.usableBytes === slab.objectBytes
      ? counted(slab.objectBytes, 'byte')
      : `${counted(slab.usableBytes, 'byte')} (${slab.objectBytes} with padding)`;
  const facts = [
    {
      name: 'slab',
      value: `${slab.cache}: ${counted(slab.nrObjects, 'object')} of ${size}, ${slab.use}`,
    },
  ];
  const { object } = slab;
  if (object !== undefined) {
    const at = formatAddress(object.address, image.profile.pointerSize);
    const state = objectState(object);
    const offset = object.offset === 0 ? '' : `, ${counted(object.offset, 'byte')} into it`;
    facts.push({ name: 'object', value: `${object.index} at ${at}${offset}${state}` });
    const by = object.free === true ? undefined : allocations?.object(object.address);
    if (by !== undefined) facts.push({ name: 'allocated', value: by });
    for (const track of slabTracks(reader, slab.cacheAddress, object.address))
      facts.push({ name: track.what, value: trackText(track).replace(`${track.what} `, '') });
  }
  return facts;
}

function objectState({ free, keptBy }: SlabObject): string {
  if (free === undefined) return '';
  if (!free) return ', allocated';
  return keptBy === undefined ? ', free' : `, free, on ${keptBy}`;
}

function aliasFacts(surveyor: Surveyor, aliases: readonly SpaceAlias[]): WhereFact[] {
  const facts = aliases.slice(0, MAX_ALIASES).map((alias) => ({
    name: 'mapped at',
    value: aliasText(surveyor, alias),
  }));
  const more = aliases.length - facts.length;
  return more === 0
    ? facts
    : [...facts, { name: 'mapped at', value: counted(more, 'more address', 'more addresses') }];
}

/** `0xc1f40000 a kernel logical address, 4 MiB page, rw` */
function aliasText({ world }: Surveyor, alias: SpaceAlias): string {
  const { va, space, rights, pageSize } = alias;
  const kind = ADDRESS_KINDS[kindOf(world, va, 'virtual')].title;
  const whose = space.isKernel ? '' : ` of ${space.name}`;
  const access = `r${rights.write ? 'w' : '-'}${rights.execute ? 'x' : '-'}${rights.user ? ' user' : ''}`;
  const address = formatAddress(va, world.profile.pointerSize);
  return `${address}: ${kind}${whose}, ${sizeText(pageSize)} page, ${access}`;
}

export function sizeText(bytes: number): string {
  if (bytes >= 2 ** 30) return `${bytes / 2 ** 30} GiB`;
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 1024} KiB`;
}

/** Who counts on the page. Of a tail, its head counts. */
function countFacts({ image, reader, peek }: Surveyor, page: PageFacts): WhereFact[] {
  if (page.kind === 'free' || page.kind === 'freeCma' || page.kind === 'freeIsolated') return [];
  const facts = [{ name: 'references', value: `_refcount ${page.refcount}` }];
  if (page.kind === 'user' || page.kind === 'pageCache')
    facts.push({
      name: 'mappings counted',
      value: `_mapcount ${page.mapcount - 1}: ${page.mapcount}`,
    });
  if (page.compound !== 'no' && page.order > 0 && page.kind !== 'slab') {
    const pins = reader.uint('page', 'compound_pincount', peek.addressOf(page.headPfn + 1));
    if (pins !== undefined) facts.push({ name: 'pins', value: `compound_pincount ${pins}` });
    return facts;
  }
  const bias = image.profile.findConstant('GUP_PIN_COUNTING_BIAS');
  if (bias !== undefined && page.kind !== 'slab') {
    const pins = Math.floor(page.refcount / bias);
    const maybe = pins > 0 ? `at most ${pins}: each adds ${bias} to _refcount` : 'none';
    facts.push({ name: 'pins', value: maybe });
  }
  return facts;
}
