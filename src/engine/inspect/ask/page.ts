/** `page(x)`: the struct page of a frame, decoded. Source: Linux 6.1 include/linux/mm_types.h, page-flags.h. */
import { Pages, type PageView } from '../pages.js';
import { ulongOf } from '../words.js';
import { hexOf, Unanswerable, type Answer, type Asked } from './answer.js';
import { meantBy } from './meant.js';

export function pageAnswer(asked: Asked, bits: bigint): Answer {
  const { k } = asked;
  const { pfn } = meantBy(asked, bits);
  if (pfn === undefined) throw new Unanswerable(`No page is mapped at ${hexOf(bits)}.`);
  const view = new Pages(k).read(pfn);
  if (view === undefined)
    throw new Unanswerable(`Frame 0x${pfn.toString(16)} has no struct page: it is beyond max_pfn.`);
  const address = hexOf(ulongOf(view.page, k.pointerSize));
  const names = view.flagNames.join('|');
  return {
    text: `pfn 0x${pfn.toString(16)}, struct page at ${address}: flags ${hexOf(view.flags)}(${names}), refcount ${view.refcount}, mapcount ${mapcountText(view)}${kindText(view)}`,
    data: {
      pfn,
      page: address,
      flags: hexOf(view.flags),
      flag_names: view.flagNames,
      refcount: view.refcount,
      mapcount: view.buddyOrder === undefined && !view.isSlab ? view.mapcount : null,
      mapping: hexOf(view.mapping),
      head: hexOf(ulongOf(view.head, k.pointerSize)),
      tail: view.head !== view.page,
      buddy_order: view.buddyOrder ?? null,
      slab: view.isSlab,
    },
  };
}

/** A page type stands where the count would be. */
const mapcountText = ({ buddyOrder, isSlab, mapcount }: PageView): string =>
  buddyOrder !== undefined || isSlab ? 'none' : String(mapcount);

function kindText({ buddyOrder, isSlab, head, page }: PageView): string {
  if (buddyOrder !== undefined) return `, first page of a free block of order ${buddyOrder}`;
  if (isSlab) return ', a slab';
  return head === page ? '' : ', tail of a compound page';
}
