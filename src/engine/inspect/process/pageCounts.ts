/**
 * Who counts on a user page: its references, how often it is mapped, its pins. What a compound page counts as a whole lies in its
 * first tail (until 6.1), or in the folio's own members.
 *
 *     single page       refcount, of which 1024 for each pin        _mapcount + 1
 *     compound page     refcount of the head                        entire mapcount + 1, and _mapcount + 1 of each of its pages
 *
 * Source: Linux 6.1 include/linux/mm.h: page_mapcount(), GUP_PIN_COUNTING_BIAS, page_maybe_dma_pinned(); mm/util.c: __page_mapcount();
 * Linux 6.12 include/linux/mm.h: folio_precise_page_mapcount(), folio_entire_mapcount().
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import type { Inspected } from '../inspected.js';
import { Pages, type PageView } from '../pages.js';

/** What one pin adds to the references of a page that is not compound. */
export const GUP_PIN_COUNTING_BIAS = 1024;

export interface PageCounts {
  readonly pfn: number;
  readonly page: VirtAddr;
  /** First frame of the compound page, or the frame itself. */
  readonly headPfn: number;
  readonly head: PageView;
  readonly isCompound: boolean;
  /** Frames of the compound page; 1 of a single page. */
  readonly nrPages: number;
  /** Of the head. */
  readonly refcount: number;
  /** How many entries map this frame. */
  readonly mapcount: number;
  /** Pins that are counted; of a single page at most so many, for references alone may come to as much. */
  readonly pins: number;
  readonly isAnon: boolean;
  /** Of a file, as tmpfs's: its pages are backed by swap. */
  readonly isSwapBacked: boolean;
  readonly flagNames: readonly string[];
}

export class CountedPages {
  readonly pages: Pages;
  private readonly dtor: number | undefined;

  constructor(readonly k: Inspected) {
    this.pages = new Pages(k);
    this.dtor = k.findEnumerator('HUGETLB_PAGE_DTOR');
  }

  /** Undefined where the frame has no struct page. @throws NotInDump */
  of(pfn: number): PageCounts | undefined {
    const view = this.pages.read(pfn);
    if (view === undefined) return undefined;
    const isTail = view.head !== view.page;
    const headPfn = isTail ? this.pages.memmap.pageToPfn(view.head) : pfn;
    const head = isTail && headPfn !== undefined ? this.pages.read(headPfn) : view;
    if (head === undefined || headPfn === undefined) return undefined;
    const isCompound = isTail || head.flagNames.includes('head');
    const isAnon = (head.mapping & 1n) !== 0n;
    return {
      pfn,
      page: view.page,
      headPfn,
      head,
      isCompound,
      nrPages: isCompound ? 2 ** this.orderOf(head) : 1,
      refcount: head.refcount,
      mapcount: isCompound ? this.mapcountInside(view, head, isAnon) : view.mapcount,
      pins: this.pinsOf(head, isCompound),
      isAnon,
      isSwapBacked: head.flagNames.includes('swapbacked'),
      flagNames: head.flagNames,
    };
  }

  /** compound_order() */
  orderOf(head: PageView): number {
    const { k } = this;
    const tail = asVirt(head.page + k.sizeof('page'));
    if (k.has('page', 'compound_order')) return k.number(tail, 'page', 'compound_order');
    // Since 6.5 (ebc1baf5c9b4) the low byte of the first tail's flags.
    if (k.has('folio', '_flags_1')) return k.space.u8(head.page, k.offset('folio', '_flags_1'));
    return 0;
  }

  /** PageHuge() of the head of a compound page. */
  isHugetlb(head: PageView): boolean {
    const { k } = this;
    if (this.dtor !== undefined && k.has('page', 'compound_dtor'))
      return k.number(asVirt(head.page + k.sizeof('page')), 'page', 'compound_dtor') === this.dtor;
    const type = k.findEnumerator('PGTY_hugetlb');
    if (type !== undefined)
      return k.space.u32(head.page, k.offset('page', 'page_type')) >>> 24 === type;
    return false;
  }

  /** How often the compound page is mapped as a whole. */
  entireMapcount(head: PageView): number {
    const { k } = this;
    if (k.has('page', 'compound_mapcount'))
      return k.number(asVirt(head.page + k.sizeof('page')), 'page', 'compound_mapcount') + 1;
    if (k.has('folio', '_entire_mapcount'))
      return k.number(head.page, 'folio', '_entire_mapcount') + 1;
    return 0;
  }

  /** _mapcount + 1 of one page, whatever it is a part of. */
  ownMapcount(pfn: number): number {
    return this.pages.mapcount(pfn) ?? 0;
  }

  /** folio_mapcount(): of all entries that map a part of a compound page. @param own what its pages count by themselves, together */
  totalMapcount(
    head: PageView,
    entire: number,
    own: number,
    nrPages: number,
    isAnon: boolean,
  ): number {
    if (!this.k.has('page', 'compound_mapcount')) return own + entire;
    if (!isAnon) return own + entire - entire * nrPages;
    return own + entire - (this.isDoubleMapped(head) ? nrPages : 0);
  }

  private mapcountInside(view: PageView, head: PageView, isAnon: boolean): number {
    const isHuge = this.isHugetlb(head);
    const entire = this.entireMapcount(head);
    const own = view.mapcount;
    if (isHuge) return entire;
    // Until 6.1 a page of a file that is mapped as a whole counts so in each of its pages.
    const isOld = this.k.has('page', 'compound_mapcount');
    if (isOld && !isAnon) return own;
    return own + entire - (isOld && this.isDoubleMapped(head) ? 1 : 0);
  }

  /** PG_double_map, until 6.1: mapped as a whole and by its pages; each counts one more. */
  private isDoubleMapped(head: PageView): boolean {
    const { k } = this;
    const bit = k.findEnumerator('PG_double_map');
    if (bit === undefined) return false;
    const flags = k.space.ulongBits(
      asVirt(head.page + k.sizeof('page')),
      k.offset('page', 'flags'),
    );
    return ((flags >> BigInt(bit)) & 1n) !== 0n;
  }

  private pinsOf(head: PageView, isCompound: boolean): number {
    const { k } = this;
    if (isCompound && k.has('page', 'compound_pincount'))
      return k.number(asVirt(head.page + k.sizeof('page')), 'page', 'compound_pincount');
    if (isCompound && k.has('folio', '_pincount')) return k.number(head.page, 'folio', '_pincount');
    return head.refcount < 0 ? 0 : Math.floor(head.refcount / GUP_PIN_COUNTING_BIAS);
  }
}
