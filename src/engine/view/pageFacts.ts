/**
 * What one `struct page` says about its page, in the kernel's words: the one place where the fields that overlap in the
 * struct are read the way the page's use says.
 *
 * Source: Linux 6.1 include/linux/mm_types.h (struct page), include/linux/page-flags.h, mm/debug.c __dump_page().
 */
import type { KernelImage } from '../image/kernelImage.js';
import { KernelFault } from '../machine/events.js';
import { get_pfnblock_migratetype } from '../kernel/mm/page_alloc/pageblock.js';
import {
  PageBuddy,
  PageHead,
  PageTail,
  compound_head,
} from '../kernel/include/linux/page-flags.h.js';
import { page_zonenum } from '../kernel/include/linux/mm.h.js';
import type { Page } from '../machine/ctypes.js';
import { asPfn, hexText, type Pfn } from '../memory/address.js';
import { migratetypeName } from '../types/enumName.js';
import { pageFlagBits } from '../types/flagText.js';
import { counted, times } from './counted.js';
import type { FrameStates, FreeBlock } from './frameStates.js';
import { detailOfState, kindOfState, PAGE_KINDS, type PageKindName } from './pageState.js';
import { zoneName } from './zones.js';

export interface PageFacts {
  readonly pfn: Pfn;
  readonly page: Page;
  readonly kind: PageKindName;
  /** State byte of the frame. */
  readonly state: number;
  /** Order of the block that the frame belongs to. */
  readonly order: number;
  /** `PG_locked`, ... in the kernel's printing order. */
  readonly flags: readonly string[];
  readonly zone: string;
  /** Of the pageblock: `MIGRATE_MOVABLE`; undefined for a page outside of any. */
  readonly migratetype: string | undefined;
  readonly refcount: number;
  /** page_mapcount() of a page that is not a slab and has no type. */
  readonly mapcount: number;
  readonly compound: 'no' | 'head' | 'tail';
  /** Of a page without references: the block of a page before it may hold it. */
  readonly isInside: boolean;
  /** First frame of the block or compound page. */
  readonly headPfn: Pfn;
  /** What contradicts itself, in sentences: `also inside the free block of order 10 from pfn 0x2400`. */
  readonly contradictions: readonly string[];
  /** One sentence: `free block of order 3 (8 pages) in zone Normal, MIGRATE_MOVABLE`. */
  readonly summary: string;
}

/** The facts of a frame; undefined when it has no struct page. May touch the struct page. */
export function pageFacts(
  image: KernelImage,
  states: FrameStates,
  pfn: number,
): PageFacts | undefined {
  const { mm } = image;
  if (pfn < 0 || pfn >= mm.memmap.endPfn) return undefined;
  const page: Page = mm.pfn_to_page(pfn);
  if (page === 0) return undefined;
  const state = states.stateOf(pfn);
  const blocks = states.freeBlocksAt(pfn);
  const [block] = blocks;
  const kind = PAGE_KINDS[kindOfState(state)]?.name ?? 'absent';
  const word = mm.words[page + mm.page.flags] ?? 0;
  const compound = PageTail(mm, page) ? 'tail' : PageHead(mm, page) ? 'head' : 'no';
  const zone = mm.zones[page_zonenum(mm, page)];
  const refcount = mm.words[page + mm.page._refcount] ?? 0;
  const facts = {
    pfn: asPfn(pfn),
    page,
    kind,
    state,
    // A block inside another one, which a state knows nothing of: the smallest is the one that begins nearest.
    order: block !== undefined && blocks.length > 1 ? block.order : detailOfState(state),
    flags: pageFlagBits(image.profile)
      .filter(({ bit }) => (word & (1 << bit)) !== 0)
      .map(({ name }) => `PG_${name}`),
    zone: zone === undefined ? '?' : zoneName(image, zone),
    migratetype: migratetypeOf(image, page, pfn),
    refcount,
    mapcount: (mm.words[page + mm.page._mapcount] ?? 0) + 1,
    compound,
    isInside: kind === 'kernel' && refcount === 0 && isInside(image, states, pfn),
    headPfn: asPfn(
      block !== undefined && blocks.length > 1
        ? block.headPfn
        : headOf(image, page, pfn, state, compound),
    ),
    contradictions: contradictionsIn(image, page, blocks),
  } as const;
  return { ...facts, summary: summaryOf(facts) };
}

/** What a free page says that cannot be. */
function contradictionsIn(
  { mm }: KernelImage,
  page: Page,
  [, ...others]: readonly FreeBlock[],
): readonly string[] {
  const found = others.map(
    ({ headPfn, order }) =>
      `also inside the free block of order ${order} from pfn ${hexText(headPfn)}`,
  );
  const order = mm.read_ulong(page + mm.page.private);
  if (PageBuddy(mm, page) && order >= mm.MAX_ORDER)
    found.push(`private says order ${order}, and no block is larger than ${mm.MAX_ORDER - 1}`);
  if (PageBuddy(mm, page) && (mm.words[page + mm.page._refcount] ?? 0) !== 0)
    found.push('free, and still has references');
  return found;
}

/**
 * Only the first page of a block that is not compound counts references: the last one before this that does may be it. A block
 * that is being split has none: it has left its list, and nobody has it yet.
 */
function isInside({ mm }: KernelImage, states: FrameStates, pfn: number): boolean {
  for (let at = pfn - 1; at > pfn - (1 << (mm.MAX_ORDER - 1)) && at >= 0; at--) {
    const page = mm.pfn_to_page(at);
    const isInUse = PAGE_KINDS[kindOfState(states.stateOf(at))]?.name === 'kernel';
    if (page === 0 || !isInUse) return false;
    if ((mm.words[page + mm.page._refcount] ?? 0) === 0) continue;
    // The largest block that can begin there.
    const largest = Math.min(at === 0 ? Infinity : at & -at, 1 << (mm.MAX_ORDER - 1));
    return at + largest > pfn;
  }
  return false;
}

function headOf(
  { mm }: KernelImage,
  page: Page,
  pfn: number,
  state: number,
  compound: PageFacts['compound'],
): number {
  if (compound === 'tail') {
    try {
      return mm.page_to_pfn(compound_head(mm, page));
    } catch (error) {
      if (!(error instanceof KernelFault)) throw error;
      return pfn;
    }
  }
  return PageBuddy(mm, page) ? pfn : pfn - (pfn % (1 << detailOfState(state)));
}

function migratetypeOf(image: KernelImage, page: Page, pfn: number): string | undefined {
  try {
    const value = get_pfnblock_migratetype(image.mm, page, pfn);
    return migratetypeName(image.profile, value);
  } catch (error) {
    if (error instanceof KernelFault) return undefined;
    throw error;
  }
}

const pages = (order: number): string => counted(2 ** order, 'page');

/** How each kind of page reads as a sentence. */
const SENTENCES: Readonly<Record<PageKindName, (facts: Omit<PageFacts, 'summary'>) => string>> = {
  absent: () => 'no memory',
  unreadable: () => 'not in the dump',
  reserved: (f) => `reserved page of zone ${f.zone}`,
  free: (f) => freeSentence('free', f),
  freeCma: (f) => freeSentence('free', f),
  freeIsolated: (f) => freeSentence('free, isolated', f),
  perCpu: (f) => `${pages(f.order)} on a per-CPU list of zone ${f.zone}`,
  kernel: (f) =>
    f.refcount > 0
      ? `allocated page of zone ${f.zone}, ${counted(f.refcount, 'reference')}`
      : f.isInside
        ? `page inside an allocated block of zone ${f.zone}`
        : `page of zone ${f.zone} that the allocator holds: on no list, 0 references`,
  pageCache: (f) => `page cache, ${counted(f.refcount, 'reference')}`,
  user: (f) => `anonymous page, mapped ${times(f.mapcount)}, ${counted(f.refcount, 'reference')}`,
  slab: (f) => `slab of order ${f.order} (${pages(f.order)}) from pfn ${hexText(f.headPfn)}`,
  compoundTail: (f) =>
    `tail ${f.pfn - f.headPfn} of the compound page of order ${f.order} at pfn ${hexText(f.headPfn)}`,
  compoundHead: (f) =>
    `head of a compound page of order ${f.order}, ${counted(f.refcount, 'reference')}`,
  pageTable: (f) => `page table, ${counted(f.refcount, 'reference')}`,
  locked: (f) => `locked page of zone ${f.zone}, ${counted(f.refcount, 'reference')}`,
  poisoned: (f) => `bad page of zone ${f.zone}`,
};

function freeSentence(word: string, facts: Omit<PageFacts, 'summary'>): string {
  const block = `${word} block of order ${facts.order} (${pages(facts.order)}) from pfn ${hexText(facts.headPfn)}`;
  return `${block}, zone ${facts.zone}, ${facts.migratetype ?? '?'}`;
}

const summaryOf = (facts: Omit<PageFacts, 'summary'>): string => SENTENCES[facts.kind](facts);
